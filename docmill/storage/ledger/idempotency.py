"""Idempotency keys: which request a client's key belonged to and what came of it. Ids only: no names, no texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.tables_accounts import IDEMPOTENCY_KEYS as KEYS


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What came of an earlier request: its digest, its batch and its jobs in the order of their files."""

    request_digest: str
    batch_id: str
    job_ids: tuple[str, ...]


def find(conn: sa.Connection, tenant: str, key: str, *, at: datetime) -> KeptRequest | None:
    """The request that was made under a key and is still remembered."""
    query = sa.select(KEYS.c.request_digest, KEYS.c.response).where(KEYS.c.tenant_id == tenant, KEYS.c.idempotency_key == key)
    row = conn.execute(query.where(KEYS.c.expires_at > at)).one_or_none()
    return KeptRequest(row.request_digest, row.response["batch_id"], tuple(row.response["job_ids"])) if row else None


def keep(
    conn: sa.Connection, tenant: str, key: str, *, request_digest: str, batch_id: str, job_ids: Sequence[str], at: datetime, until: datetime
) -> None:
    """Remember a request until `until`; what has expired is forgotten on the way.

    Raises:
        Conflict: somebody else has used the key meanwhile (raised where the transaction ends).
    """
    forget_ended(conn, tenant, at=at)
    row = {
        "tenant_id": tenant,
        "idempotency_key": key,
        "request_digest": request_digest,
        "status": 202,
        "response": {"batch_id": batch_id, "job_ids": list(job_ids)},
        "created_at": at,
        "expires_at": until,
    }
    conn.execute(sa.insert(KEYS).values(row))


def forget_ended(conn: sa.Connection, tenant: str, *, at: datetime) -> int:
    """Remove what is not remembered any more; returns how many keys."""
    return int(conn.execute(sa.delete(KEYS).where(KEYS.c.tenant_id == tenant, KEYS.c.expires_at <= at)).rowcount)
