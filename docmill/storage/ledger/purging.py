"""What of redacted documents can be purged: which documents, which of their private objects, and forgetting those.

Private objects that were made from redacted pages alone (their masked pages, their chunks) stay: rebuilding the index needs them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import ARTEFACTS, JOB_ARTEFACTS, RESULT_VERSIONS
from docmill.values.keys import PRIVATE

MADE_FROM_REDACTED: Final = ("redact", "index", "publish")
"""Stages whose private objects hold nothing that was redacted, when their job redacts."""


@dataclass(frozen=True, slots=True)
class RedactedDocument:
    """A document whose current version is a redacted one. `stored` says whether the ledger still counts on its original."""

    document_id: str
    sha256: str
    stored: bool


def redacted_before(
    conn: sa.Connection, tenant: str, before: datetime, *, kinds: Collection[str] = (), document_ids: Collection[str] = ()
) -> list[RedactedDocument]:
    """Documents whose current version is redacted and older than an instant, of these kinds and ids where given."""
    is_current = (DOCUMENTS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (DOCUMENTS.c.current_version_id == RESULT_VERSIONS.c.version_id)
    made_it = (JOBS.c.tenant_id == RESULT_VERSIONS.c.tenant_id) & (JOBS.c.job_id == RESULT_VERSIONS.c.job_id)
    query = sa.select(DOCUMENTS.c.document_id, DOCUMENTS.c.sha256, DOCUMENTS.c.stored, JOBS.c.options)
    query = query.select_from(DOCUMENTS).join(RESULT_VERSIONS, is_current).join(JOBS, made_it)
    query = query.where(DOCUMENTS.c.tenant_id == tenant, RESULT_VERSIONS.c.created_at <= before).order_by(DOCUMENTS.c.document_id)
    if kinds:
        query = query.where(JOBS.c.kind.in_(kinds))
    if document_ids:
        query = query.where(DOCUMENTS.c.document_id.in_(document_ids))
    return [RedactedDocument(row.document_id, row.sha256, row.stored) for row in conn.execute(query) if row.options.get("redact")]


def private_objects(conn: sa.Connection, tenant: str, document_id: str) -> set[str]:
    """Private objects of a document that hold what was redacted, or may hold it."""
    is_linked = (JOB_ARTEFACTS.c.tenant_id == ARTEFACTS.c.tenant_id) & (JOB_ARTEFACTS.c.artefact_id == ARTEFACTS.c.artefact_id)
    of_job = (JOB_ARTEFACTS.c.tenant_id == JOBS.c.tenant_id) & (JOB_ARTEFACTS.c.job_id == JOBS.c.job_id)
    query = sa.select(ARTEFACTS.c.object_name, ARTEFACTS.c.stage, JOBS.c.options)
    query = query.select_from(ARTEFACTS).outerjoin(JOB_ARTEFACTS, is_linked).outerjoin(JOBS, of_job)
    query = query.where(ARTEFACTS.c.tenant_id == tenant, ARTEFACTS.c.document_id == document_id, ARTEFACTS.c.prefix == PRIVATE)
    rows = conn.execute(query).all()
    kept = {row.object_name for row in rows if row.stage in MADE_FROM_REDACTED and (row.options or {}).get("redact")}
    return {row.object_name for row in rows} - kept


def forget(conn: sa.Connection, tenant: str, document_id: str, object_names: Sequence[str]) -> None:
    """Forget artefacts whose objects are gone."""
    for part in chunks(object_names):
        of_document = (ARTEFACTS.c.tenant_id == tenant) & (ARTEFACTS.c.document_id == document_id) & ARTEFACTS.c.object_name.in_(part)
        gone = sa.select(ARTEFACTS.c.artefact_id).where(of_document)
        conn.execute(sa.delete(JOB_ARTEFACTS).where(JOB_ARTEFACTS.c.tenant_id == tenant, JOB_ARTEFACTS.c.artefact_id.in_(gone)))
        conn.execute(sa.delete(ARTEFACTS).where(of_document))
