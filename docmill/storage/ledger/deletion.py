"""Removing a document from the ledger, and knowing later that it was removed.

What stays: its audit stream, its notices and what it took of an order: ids, states, codes, quantities.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from docmill.storage.ledger.attempts import of_run
from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.tables_events import AUDIT_EVENTS
from docmill.storage.ledger.tables_jobs import ATTEMPTS, BATCH_FILES, DOCUMENTS, JOBS, RUN_LEASES
from docmill.storage.ledger.tables_learning import TEACHING_CONSENTS
from docmill.storage.ledger.tables_purchasing import RECEIPT_MATCHES
from docmill.storage.ledger.tables_quarantine import QUARANTINED_ITEMS
from docmill.storage.ledger.tables_results import ARTEFACTS, JOB_ARTEFACTS, PAGES, RESULT_VERSIONS
from docmill.storage.ledger.tables_review import DECISIONS, REVIEW_TASKS

DELETED: Final = "document.deleted"
"""The kind of the audit event of a document that was erased."""

NOT_RESTORED: Final = "document.not_restored"
"""The kind of the audit event of a document that a restored ledger knows and its backup no longer opens, while the bytes came again after that
backup: nobody erased what newer backups hold of it."""


def erased_among(conn: sa.Connection, tenant: str, document_ids: Sequence[str]) -> set[str]:
    """Those of the documents that were erased and did not come again, here or in a newer backup. One that the ledger never knew is not among them."""
    found: set[str] = set()
    is_there = sa.exists().where(DOCUMENTS.c.tenant_id == AUDIT_EVENTS.c.tenant_id, DOCUMENTS.c.document_id == AUDIT_EVENTS.c.stream)
    for part in chunks(document_ids):
        query = sa.select(AUDIT_EVENTS.c.stream, AUDIT_EVENTS.c.kind).order_by(AUDIT_EVENTS.c.seq)
        query = query.where(AUDIT_EVENTS.c.tenant_id == tenant, AUDIT_EVENTS.c.stream.in_(part), ~is_there)
        last = {row.stream: row.kind for row in conn.execute(query.where(AUDIT_EVENTS.c.kind.in_((DELETED, NOT_RESTORED))))}
        found |= {document for document, kind in last.items() if kind == DELETED}
    return found


def object_names(conn: sa.Connection, tenant: str, document_id: str) -> set[str]:
    """Every object that milling left for the document."""
    names = [
        sa.select(column).where(column.table.c.tenant_id == tenant, column.table.c.document_id == document_id, column.is_not(None))
        for column in (ARTEFACTS.c.object_name, RESULT_VERSIONS.c.results_object, JOBS.c.results_object, RECEIPT_MATCHES.c.evidence_object)
    ]
    return set(conn.execute(sa.union(*names)).scalars())


def delete_rows(conn: sa.Connection, tenant: str, document_id: str, *, at: datetime) -> None:
    """Delete a locked document with all that hangs on it; also leases that are over, of runs that worked on nothing else that is left."""
    jobs = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.document_id == document_id)
    tasks = sa.select(REVIEW_TASKS.c.task_id).where(REVIEW_TASKS.c.tenant_id == tenant, REVIEW_TASKS.c.document_id == document_id)
    conn.execute(sa.delete(DECISIONS).where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.task_id.in_(tasks)))
    of_jobs = sa.select(ATTEMPTS.c.flow_run_id).where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.job_id.in_(jobs))
    runs = list(conn.execute(of_jobs.distinct()).scalars())
    for table in (JOB_ARTEFACTS, PAGES, ATTEMPTS, BATCH_FILES, QUARANTINED_ITEMS):
        conn.execute(sa.delete(table).where(table.c.tenant_id == tenant, table.c.job_id.in_(jobs)))
    for table in (TEACHING_CONSENTS, REVIEW_TASKS, ARTEFACTS, RESULT_VERSIONS, JOBS, DOCUMENTS):
        conn.execute(sa.delete(table).where(table.c.tenant_id == tenant, table.c.document_id == document_id))
    over = sa.delete(RUN_LEASES).where(RUN_LEASES.c.tenant_id == tenant, RUN_LEASES.c.flow_run_id.in_(runs), RUN_LEASES.c.lease_until < at)
    conn.execute(over.where(~sa.exists().where(of_run)))
