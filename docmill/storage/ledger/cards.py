"""What search wants to know of documents: the name, kind, tags and options of the job behind them, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.seals import opened
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import RESULT_VERSIONS
from docmill.values.options import MillOptions


@dataclass(frozen=True, slots=True)
class Card:
    """A document as one of its jobs knows it. `name` is the file name, personal data: for the owner's eyes, never for logs or the index."""

    document_id: str
    job_id: str
    name: str
    kind: str | None
    tags: tuple[str, ...]
    collection: str | None
    accepted_on: date
    options: MillOptions


_COLUMNS = tuple(JOBS.c[name] for name in ("document_id", "job_id", "file_name", "kind", "tags", "collection", "accepted_at", "options"))


def of_jobs(conn: sa.Connection, tenant: str, job_ids: Sequence[str]) -> dict[str, Card]:
    """Document id -> card as these jobs know it, finished or not."""
    found: dict[str, Card] = {}
    for part in chunks(sorted(set(job_ids))):
        query = sa.select(*_COLUMNS).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part))
        found |= {row["document_id"]: _card(conn, row) for row in conn.execute(query).mappings()}
    return found


def of_current(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> dict[str, Card]:
    """Document id -> card as the job of its current version knows it; documents of which nothing is published are left out."""
    is_current = (DOCUMENTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (DOCUMENTS.c.current_version_id == RESULT_VERSIONS.c.version_id)
    made_it = (JOBS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (JOBS.c.job_id == RESULT_VERSIONS.c.job_id)
    query = sa.select(*_COLUMNS).select_from(DOCUMENTS).join(RESULT_VERSIONS, is_current).join(JOBS, made_it)
    found: dict[str, Card] = {}
    for part in chunks(sorted(set(document_ids))):
        asked = query.where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part))
        found |= {row["document_id"]: _card(conn, row) for row in conn.execute(asked).mappings()}
    return found


def _card(conn: sa.Connection, row: sa.RowMapping) -> Card:
    return Card(
        document_id=row["document_id"],
        job_id=row["job_id"],
        name=opened(conn, row["file_name"]),
        kind=row["kind"],
        tags=tuple(row["tags"] or ()),
        collection=row["collection"],
        accepted_on=row["accepted_at"].date(),
        options=MillOptions.kept(row["options"]),
    )
