"""Users as review sees them: their role, and who of them may decide what."""

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import ROLES, USERS


def role_of(conn: sa.Connection, tenant: str, user_id: str) -> str | None:
    """The role of a user who may work; None when there is no such user or it is disabled."""
    query = sa.select(USERS.c.role).where(USERS.c.tenant_id == tenant, USERS.c.user_id == user_id, USERS.c.disabled_at.is_(None))
    found: str | None = conn.execute(query).scalar()
    return found


def roles_up_to(role: str) -> tuple[str, ...]:
    """The roles whose tasks a user of this role may decide: their own and the lesser ones."""
    return ROLES[: ROLES.index(role) + 1]


def able_users(conn: sa.Connection, tenant: str, role: str) -> list[str]:
    """Users who may decide tasks that ask for this role at least."""
    able = ROLES[ROLES.index(role) :]
    query = sa.select(USERS.c.user_id).where(USERS.c.tenant_id == tenant, USERS.c.role.in_(able), USERS.c.disabled_at.is_(None))
    return list(conn.execute(query.order_by(USERS.c.user_id)).scalars())
