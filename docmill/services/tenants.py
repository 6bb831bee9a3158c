"""Tenants of a ledger: who shares the database and the store and sees nothing of the others. Each has a home and a gateway of its own."""

import re
from typing import Final

from docmill.errors import Conflict, InvalidOptions
from docmill.services.users import LOCAL_USER
from docmill.storage.ledger import Ledger, tenants, users
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.users import UserRow

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def create_tenant(ledger: Ledger, tenant: str) -> None:
    """Add a tenant with its user `local`, an admin. Programs with DOCMILL_TENANT set to its id work for it.

    Raises:
        InvalidOptions: an id that cannot be.
        Conflict: the id is taken.
    """
    if not _ID.fullmatch(tenant):
        raise InvalidOptions("a tenant's id is 1-63 characters of a-z, 0-9, _ and -, beginning with a letter or digit")
    at = ledger.now()
    with ledger.transaction() as conn:
        if tenants.exists(conn, tenant):
            raise Conflict("there is a tenant with this id already")
        tenants.insert(conn, tenant, name=tenant, at=at)
        users.insert(conn, tenant, UserRow(LOCAL_USER, LOCAL_USER, "admin", at, None))
        append_event(conn, tenant, "tenant", "tenant.created", {}, at=at)


def list_tenants(ledger: Ledger) -> list[str]:
    """All tenants by id."""
    with ledger.reading() as conn:
        return tenants.ids(conn)
