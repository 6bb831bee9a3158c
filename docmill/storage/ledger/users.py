"""Users in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import USERS


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as the ledger has it; one with `disabled_at` may not work any more."""

    user_id: str
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None


_COLUMNS = tuple(USERS.c[name] for name in UserRow.__slots__)


def role_of(conn: sa.Connection, tenant: str, user_id: str) -> str | None:
    """The role of a user who may work; None when there is no such user or it is disabled."""
    query = sa.select(USERS.c.role).where(USERS.c.tenant_id == tenant, USERS.c.user_id == user_id, USERS.c.disabled_at.is_(None))
    found: str | None = conn.execute(query).scalar()
    return found


def insert(conn: sa.Connection, tenant: str, row: UserRow) -> None:
    """Add a user; the caller has seen that the id is free."""
    conn.execute(sa.insert(USERS).values({name: getattr(row, name) for name in UserRow.__slots__} | {"tenant_id": tenant}))


def find(conn: sa.Connection, tenant: str, user_id: str) -> UserRow | None:
    """One user, also a disabled one."""
    row = conn.execute(sa.select(*_COLUMNS).where(USERS.c.tenant_id == tenant, USERS.c.user_id == user_id)).one_or_none()
    return UserRow(*row) if row else None


def of_tenant(conn: sa.Connection, tenant: str) -> list[UserRow]:
    """All users of a tenant by id, also disabled ones."""
    return [UserRow(*row) for row in conn.execute(sa.select(*_COLUMNS).where(USERS.c.tenant_id == tenant).order_by(USERS.c.user_id))]


def change(conn: sa.Connection, tenant: str, user_id: str, values: Mapping[str, object]) -> UserRow | None:
    """Set columns of one user; returns it as it is then, None when there is no such user."""
    conn.execute(sa.update(USERS).where(USERS.c.tenant_id == tenant, USERS.c.user_id == user_id).values(values))
    return find(conn, tenant, user_id)
