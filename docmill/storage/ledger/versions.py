"""Result versions in the ledger: each job that published made one, numbered per document."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from docmill.storage.ledger.bulk import Row, chunks, insert_rows
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import RESULT_VERSIONS

_IS_CURRENT = (DOCUMENTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (DOCUMENTS.c.current_version_id == RESULT_VERSIONS.c.version_id)


def insert(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert new versions; see tables_results for the columns."""
    insert_rows(conn, RESULT_VERSIONS, rows)


def current_job(conn: sa.Connection, tenant: str, document_id: str) -> str | None:
    """The job that made the document's current version; None when there is no result yet."""
    found: str | None = conn.execute(current_jobs(tenant).where(DOCUMENTS.c.document_id == document_id)).scalar()
    return found


def current_of(conn: sa.Connection, tenant: str, document_ids: Iterable[str]) -> dict[str, str]:
    """Document -> the job that made its current version; documents without a result are left out."""
    found: dict[str, str] = {}
    for part in chunks(sorted(document_ids)):
        query = sa.select(DOCUMENTS.c.document_id, RESULT_VERSIONS.c.job_id).select_from(DOCUMENTS).join(RESULT_VERSIONS, _IS_CURRENT)
        query = query.where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part))
        found |= {row.document_id: row.job_id for row in conn.execute(query)}
    return found


def current_jobs(tenant: str) -> sa.Select[tuple[str]]:
    """A query for the jobs that made the current versions of all documents."""
    return sa.select(RESULT_VERSIONS.c.job_id).join(DOCUMENTS, _IS_CURRENT).where(DOCUMENTS.c.tenant_id == tenant)


def redacted_now(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> set[str]:
    """Those of the documents whose current version was made with redaction."""
    found: set[str] = set()
    made_it = (JOBS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (JOBS.c.job_id == RESULT_VERSIONS.c.job_id)
    for part in chunks(document_ids):
        query = sa.select(DOCUMENTS.c.document_id, JOBS.c.options).select_from(DOCUMENTS).join(RESULT_VERSIONS, _IS_CURRENT)
        query = query.join(JOBS, made_it).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.document_id.in_(part))
        found |= {row.document_id for row in conn.execute(query) if row.options.get("redact")}
    return found
