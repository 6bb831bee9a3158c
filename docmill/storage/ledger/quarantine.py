"""Quarantined items in the ledger: noting, releasing, looking. What is let go and how stands in docmill/services/quarantine.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.errors import Quarantined
from docmill.storage.ledger.bulk import chunks, insert_rows
from docmill.storage.ledger.tables_quarantine import QUARANTINED_ITEMS as ITEMS
from docmill.values.jobs import ItemOutcome


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """An item in quarantine; `item` is <stage>-document or <stage>-page-<n>."""

    job_id: str
    item: str
    document_id: str
    tries: int
    found_at: datetime


_ROW = tuple(ITEMS.c[name] for name in QuarantinedRow.__slots__)


def note(conn: sa.Connection, tenant: str, outcomes: Sequence[ItemOutcome], *, at: datetime) -> None:
    """Note those of the outcomes that are quarantined."""
    rows = [
        {
            "tenant_id": tenant,
            "job_id": o.job_id,
            "item": f"{o.stage}-{o.item}",
            "document_id": o.document_id,
            "tries": o.tries,
            "found_at": at,
        }
        for o in outcomes
        if o.error_code == Quarantined.code
    ]
    insert_rows(conn, ITEMS, rows, replace=())


def release(conn: sa.Connection, tenant: str, job_ids: Sequence[str], *, at: datetime) -> None:
    """Note that what these jobs had in quarantine is tried again."""
    for part in chunks(job_ids):
        of_jobs = (ITEMS.c.tenant_id == tenant, ITEMS.c.job_id.in_(part), ITEMS.c.released_at.is_(None))
        conn.execute(sa.update(ITEMS).where(*of_jobs).values(released_at=at))


def held(conn: sa.Connection, tenant: str, *, job_id: str | None = None, limit: int = 500) -> list[QuarantinedRow]:
    """Items in quarantine, newest jobs first; of one job, or of all."""
    query = sa.select(*_ROW).where(ITEMS.c.tenant_id == tenant, ITEMS.c.released_at.is_(None))
    if job_id is not None:
        query = query.where(ITEMS.c.job_id == job_id)
    rows = conn.execute(query.order_by(ITEMS.c.job_id.desc(), ITEMS.c.item).limit(limit)).mappings()
    return [QuarantinedRow(**row) for row in rows]
