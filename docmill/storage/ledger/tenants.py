"""Tenants in the ledger."""

from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import TENANTS


def exists(conn: sa.Connection, tenant: str) -> bool:
    """Whether there is such a tenant."""
    return conn.execute(sa.select(TENANTS.c.tenant_id).where(TENANTS.c.tenant_id == tenant)).scalar() is not None


def insert(conn: sa.Connection, tenant: str, *, name: str, at: datetime) -> None:
    """Add a tenant; the caller has seen that the id is free."""
    conn.execute(sa.insert(TENANTS).values(tenant_id=tenant, name=name, created_at=at))


def ids(conn: sa.Connection) -> list[str]:
    """All tenants by id."""
    return list(conn.execute(sa.select(TENANTS.c.tenant_id).order_by(TENANTS.c.tenant_id)).scalars())
