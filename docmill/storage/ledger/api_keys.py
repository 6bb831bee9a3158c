"""API keys: rows by the hash of the key. The key itself never comes here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import API_KEYS as KEYS


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key as the ledger has it."""

    tenant_id: str
    key_id: str
    user_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        """Whether it may be used."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


_COLUMNS = tuple(KEYS.c[name] for name in KeyRow.__slots__)


def insert(conn: sa.Connection, tenant: str, row: KeyRow, key_hash: str) -> None:
    """Add a key of a user."""
    values = {name: getattr(row, name) for name in KeyRow.__slots__} | {"scopes": list(row.scopes)}
    conn.execute(sa.insert(KEYS).values(values | {"tenant_id": tenant, "key_hash": key_hash}))


def by_hash(conn: sa.Connection, key_hash: str) -> KeyRow | None:
    """The key of any tenant with this hash: this is how the tenant of a request is found."""
    row = conn.execute(sa.select(*_COLUMNS).where(KEYS.c.key_hash == key_hash)).one_or_none()
    return _row(row) if row else None


def of_tenant(conn: sa.Connection, tenant: str) -> list[KeyRow]:
    """All keys of a tenant, oldest first, also those that are no good any more."""
    rows = conn.execute(sa.select(*_COLUMNS).where(KEYS.c.tenant_id == tenant).order_by(KEYS.c.created_at, KEYS.c.key_id))
    return [_row(row) for row in rows]


def revoke(conn: sa.Connection, tenant: str, key_id: str, *, at: datetime) -> bool:
    """Revoke a key; False when there is no such one, or it was revoked before."""
    of_key = (KEYS.c.tenant_id == tenant, KEYS.c.key_id == key_id, KEYS.c.revoked_at.is_(None))
    return bool(conn.execute(sa.update(KEYS).where(*of_key).values(revoked_at=at)).rowcount)


def note_use(conn: sa.Connection, tenant: str, key_ids: Sequence[str], *, at: datetime) -> None:
    """Note when keys were used last."""
    conn.execute(sa.update(KEYS).where(KEYS.c.tenant_id == tenant, KEYS.c.key_id.in_(key_ids)).values(last_used_at=at))


def _row(row: sa.Row[tuple[object, ...]]) -> KeyRow:
    found = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return KeyRow(**found | {"scopes": tuple(found["scopes"])})
