"""Users as review sees them: who of them may decide what. A user's role is asked of `users`."""

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import ROLES, USERS


def roles_up_to(role: str) -> tuple[str, ...]:
    """The roles whose tasks a user of this role may decide: their own and the lesser ones."""
    return ROLES[: ROLES.index(role) + 1]


def able_users(conn: sa.Connection, tenant: str, role: str) -> list[str]:
    """Users who may decide tasks that ask for this role at least."""
    able = ROLES[ROLES.index(role) :]
    query = sa.select(USERS.c.user_id).where(USERS.c.tenant_id == tenant, USERS.c.role.in_(able), USERS.c.disabled_at.is_(None))
    return list(conn.execute(query.order_by(USERS.c.user_id)).scalars())
