"""Which originals and results objects the ledger names: by documents, by jobs and by result versions."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from docmill.storage.ledger import versions
from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.states import ACTIVE_STATES
from docmill.storage.ledger.tables_events import AUDIT_EVENTS
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import RESULT_VERSIONS
from docmill.values.keys import original_name

ROWS_AT_ONCE = 1000
WITHDRAWN = "document.withdrawn"
"""The kind of the audit event of a document of which earlier versions were taken back."""


def results_objects(conn: sa.Connection, tenant: str) -> Iterator[tuple[str, str]]:
    """(object name, job id) for every result that a job or a version names; the same pair may come twice."""
    for table in (JOBS, RESULT_VERSIONS):
        query = sa.select(table.c.results_object, table.c.job_id).where(table.c.tenant_id == tenant, table.c.results_object.is_not(None))
        for row in conn.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
            yield row.results_object, row.job_id


def taken_back(conn: sa.Connection, tenant: str, job_ids: Sequence[str]) -> set[str]:
    """Those of the jobs whose results may be gone: earlier versions of documents of which something shown was taken back."""
    found: set[str] = set()
    is_told = sa.exists().where(
        AUDIT_EVENTS.c.tenant_id == JOBS.c.tenant_id, AUDIT_EVENTS.c.stream == JOBS.c.document_id, AUDIT_EVENTS.c.kind == WITHDRAWN
    )
    for part in chunks(job_ids):
        query = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part), is_told)
        found |= set(conn.execute(query.where(JOBS.c.job_id.not_in(versions.current_jobs(tenant)))).scalars())
    return found


def promised(conn: sa.Connection, tenant: str) -> Iterator[tuple[str, str]]:
    """(object name, document id) of what must lie in the store: originals that were not purged, results that were not taken back.

    The same pair may come twice.
    """
    stored = sa.select(DOCUMENTS.c.sha256, DOCUMENTS.c.document_id).where(DOCUMENTS.c.tenant_id == tenant, DOCUMENTS.c.stored)
    for row in conn.execute(stored.execution_options(yield_per=ROWS_AT_ONCE)):
        yield original_name(tenant, row.sha256), row.document_id
    for table in (JOBS, RESULT_VERSIONS):
        is_told = sa.exists().where(
            AUDIT_EVENTS.c.tenant_id == table.c.tenant_id, AUDIT_EVENTS.c.stream == table.c.document_id, AUDIT_EVENTS.c.kind == WITHDRAWN
        )
        query = sa.select(table.c.results_object, table.c.document_id)
        query = query.where(table.c.tenant_id == tenant, table.c.results_object.is_not(None))
        query = query.where(~is_told | table.c.job_id.in_(versions.current_jobs(tenant)))
        for row in conn.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
            yield row.results_object, row.document_id


def active_jobs(conn: sa.Connection, tenant: str) -> set[str]:
    """Ids of jobs that are not over: what they publish the ledger names later."""
    return set(conn.execute(sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.state.in_(ACTIVE_STATES))).scalars())
