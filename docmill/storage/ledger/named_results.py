"""Which results objects the ledger names: by jobs and by result versions."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from docmill.storage.ledger import versions
from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.states import ACTIVE_STATES
from docmill.storage.ledger.tables_events import AUDIT_EVENTS
from docmill.storage.ledger.tables_jobs import JOBS
from docmill.storage.ledger.tables_results import RESULT_VERSIONS

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


def active_jobs(conn: sa.Connection, tenant: str) -> set[str]:
    """Ids of jobs that are not over: what they publish the ledger names later."""
    return set(conn.execute(sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.state.in_(ACTIVE_STATES))).scalars())
