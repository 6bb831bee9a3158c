"""Which jobs are over for long."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.states import ACTIVE_STATES
from docmill.storage.ledger.tables_jobs import JOBS


def not_over_before(conn: sa.Connection, tenant: str, job_ids: Sequence[str], before: datetime) -> set[str]:
    """Those of the jobs that are under way or ended at or after an instant."""
    found: set[str] = set()
    is_young = JOBS.c.state.in_(ACTIVE_STATES) | (JOBS.c.finished_at >= before)
    for part in chunks(job_ids):
        query = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part), is_young)
        found.update(conn.execute(query).scalars())
    return found
