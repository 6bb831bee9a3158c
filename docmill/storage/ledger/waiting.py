"""The queue in the ledger: jobs that wait for a flow run, and the dispatched batches that are not over.

A dispatched batch is a batch of the dispatcher's own that points to waiting jobs, so that many jobs share one flow run. While it is open its
jobs wait no more. Belongs here: the questions. What follows from the answers is in docmill/services/dispatch.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.attempts import leased_until, of_run
from docmill.storage.ledger.bulk import insert_rows
from docmill.storage.ledger.tables_jobs import ATTEMPTS, BATCH_FILES, BATCHES, JOBS, RUN_LEASES
from docmill.values.jobs import JobState


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A dispatched batch that is not over: its active jobs by state, and until when the last of their leases lasts (None: nobody holds one)."""

    batch_id: str
    accepted: int
    running: int
    cancelling: int
    lease_until: datetime | None


def _is_in(batch: sa.Table, *, submitted_by: str, still_open: bool) -> sa.ColumnElement[bool]:
    """Whether a job has a file in some batch of this submitter."""
    query = sa.select(BATCH_FILES.c.job_id).join(
        batch, (batch.c.tenant_id == BATCH_FILES.c.tenant_id) & (batch.c.batch_id == BATCH_FILES.c.batch_id)
    )
    query = query.where(BATCH_FILES.c.tenant_id == JOBS.c.tenant_id, BATCH_FILES.c.job_id == JOBS.c.job_id)
    query = query.where(batch.c.submitted_by == submitted_by)
    return (query.where(batch.c.finished_at.is_(None)) if still_open else query).exists()


def waiting_jobs(conn: sa.Connection, tenant: str, *, submitted_by: str, dispatcher: str, limit: int) -> list[tuple[str, str]]:
    """(job id, file name as the ledger keeps it) of accepted jobs of a submitter that no open dispatched batch has, oldest first."""
    query = sa.select(JOBS.c.job_id, JOBS.c.file_name).where(JOBS.c.tenant_id == tenant, JOBS.c.state == JobState.ACCEPTED)
    query = query.where(_is_in(BATCHES, submitted_by=submitted_by, still_open=False))
    query = query.where(~_is_in(BATCHES, submitted_by=dispatcher, still_open=True))
    return [(row.job_id, row.file_name) for row in conn.execute(query.order_by(JOBS.c.job_id).limit(limit))]


def point_to(conn: sa.Connection, tenant: str, batch_id: str, jobs: Sequence[tuple[str, str]]) -> None:
    """Let a new batch point to jobs of other batches; (job id, file name) as `waiting_jobs` gives them."""
    rows = [
        {"tenant_id": tenant, "batch_id": batch_id, "position": position, "job_id": job_id, "file_name": name, "reused": True}
        for position, (job_id, name) in enumerate(jobs)
    ]
    insert_rows(conn, BATCH_FILES, rows)


def open_batches(conn: sa.Connection, tenant: str, *, dispatcher: str) -> list[OpenBatch]:
    """Dispatched batches that are not finished and have active jobs, oldest first."""
    in_batch = (BATCH_FILES.c.tenant_id == JOBS.c.tenant_id) & (BATCH_FILES.c.job_id == JOBS.c.job_id)
    of_batch = (BATCHES.c.tenant_id == BATCH_FILES.c.tenant_id) & (BATCHES.c.batch_id == BATCH_FILES.c.batch_id)
    last = (ATTEMPTS.c.tenant_id == JOBS.c.tenant_id) & (ATTEMPTS.c.job_id == JOBS.c.job_id) & (ATTEMPTS.c.number == JOBS.c.attempt)
    active = (JobState.ACCEPTED, JobState.RUNNING, JobState.CANCELLING)
    counts = [sa.func.sum(sa.case((JOBS.c.state == state, 1), else_=0)) for state in active]
    query = sa.select(BATCHES.c.batch_id, *counts, sa.func.max(leased_until, type_=ATTEMPTS.c.lease_until.type))
    query = query.select_from(JOBS).join(BATCH_FILES, in_batch).join(BATCHES, of_batch).outerjoin(ATTEMPTS, last)
    query = query.outerjoin(RUN_LEASES, of_run)
    query = query.where(JOBS.c.tenant_id == tenant, JOBS.c.state.in_(active))
    query = query.where(BATCHES.c.submitted_by == dispatcher, BATCHES.c.finished_at.is_(None))
    rows = conn.execute(query.group_by(BATCHES.c.batch_id).order_by(BATCHES.c.batch_id))
    return [OpenBatch(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def count_accepted(conn: sa.Connection, tenant: str) -> int:
    """How many jobs wait."""
    query = sa.select(sa.func.count()).where(JOBS.c.tenant_id == tenant, JOBS.c.state == JobState.ACCEPTED)
    return int(conn.execute(query).scalar_one())


def count_finished_since(conn: sa.Connection, tenant: str, since: datetime) -> int:
    """How many jobs ended since an instant."""
    query = sa.select(sa.func.count()).where(JOBS.c.tenant_id == tenant, JOBS.c.finished_at > since)
    return int(conn.execute(query).scalar_one())
