"""Users in the ledger."""

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import USERS


def role_of(conn: sa.Connection, tenant: str, user_id: str) -> str | None:
    """The role of a user who may work; None when there is no such user or it is disabled."""
    query = sa.select(USERS.c.role).where(USERS.c.tenant_id == tenant, USERS.c.user_id == user_id, USERS.c.disabled_at.is_(None))
    found: str | None = conn.execute(query).scalar()
    return found
