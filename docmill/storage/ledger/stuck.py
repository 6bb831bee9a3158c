"""Jobs that nobody carries on: held under a lease that ran out, or accepted long ago and in no queue.

Belongs here: the questions. What follows from the answers is in docmill/services/sweeping.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from docmill.storage.ledger.attempts import leased_until, of_run, run_lease_until
from docmill.storage.ledger.states import ACTIVE_STATES, HELD_STATES
from docmill.storage.ledger.tables_jobs import ATTEMPTS, BATCH_FILES, BATCHES, JOBS, RUN_LEASES
from docmill.values.jobs import JobState


@dataclass(frozen=True, slots=True)
class StuckJob:
    """A job that nobody carries on. `file_name` is as the ledger keeps it; `is_queued`: some open batch of a dispatcher has it."""

    job_id: str
    document_id: str
    file_name: str
    state: JobState
    stage: str | None
    attempt: int
    fence: int
    is_queued: bool


_JOB: Final = tuple(JOBS.c[name] for name in StuckJob.__slots__ if name != "is_queued")
_IS_CURRENT: Final = (
    (ATTEMPTS.c.tenant_id == JOBS.c.tenant_id) & (ATTEMPTS.c.job_id == JOBS.c.job_id) & (ATTEMPTS.c.number == JOBS.c.attempt)
)


def lost(conn: sa.Connection, tenant: str, *, before: datetime, dispatcher: str, hopeless_at: int, limit: int) -> list[StuckJob]:
    """Held jobs whose lease ended before an instant, oldest first; of queued ones only those being cancelled or lost `hopeless_at` times.

    A dispatcher's open batch is a queue. What waits there would fill the limit, and jobs that are in no queue would not be seen.
    """
    is_queued = _in_batch_of(dispatcher, is_open=True)
    query = sa.select(*_JOB, is_queued.label("is_queued")).join(ATTEMPTS, _IS_CURRENT)
    query = query.outerjoin(RUN_LEASES, of_run)
    query = query.where(JOBS.c.tenant_id == tenant, JOBS.c.state.in_(HELD_STATES), leased_until < before)
    query = query.where(~is_queued | (JOBS.c.state == JobState.CANCELLING) | (JOBS.c.attempt >= hopeless_at))
    return _found(conn, query, limit)


def forgotten(
    conn: sa.Connection, tenant: str, *, before: datetime, queued_by: Sequence[str], dispatcher: str, limit: int
) -> list[StuckJob]:
    """Jobs accepted before an instant that nobody has begun, oldest first; not those of submitters whose jobs a dispatcher takes by itself."""
    query = sa.select(*_JOB, sa.false().label("is_queued"))
    query = query.where(JOBS.c.tenant_id == tenant, JOBS.c.state == JobState.ACCEPTED, JOBS.c.accepted_at < before)
    query = query.where(*(~_in_batch_of(one, is_open=False) for one in queued_by), ~_in_batch_of(dispatcher, is_open=True))
    return _found(conn, query, limit)


def unreported(conn: sa.Connection, tenant: str, *, before: datetime, limit: int) -> list[str]:
    """Batches that runs came to and that have no active job, if all attempts and leases of these runs ended before an instant and nobody closed them.

    A run keeps its lease until its report is written, which takes minutes for 100,000 documents.
    """
    came = (ATTEMPTS.c.tenant_id == BATCHES.c.tenant_id) & (ATTEMPTS.c.batch_id == BATCHES.c.batch_id)
    active = sa.select(BATCH_FILES.c.job_id).join(
        JOBS, (JOBS.c.tenant_id == BATCH_FILES.c.tenant_id) & (JOBS.c.job_id == BATCH_FILES.c.job_id)
    )
    active = active.where(BATCH_FILES.c.tenant_id == BATCHES.c.tenant_id, BATCH_FILES.c.batch_id == BATCHES.c.batch_id)
    active = active.where(JOBS.c.state.in_(ACTIVE_STATES))
    is_young = ATTEMPTS.c.ended_at.is_(None) | (ATTEMPTS.c.ended_at >= before) | (run_lease_until >= before)
    young = sa.select(ATTEMPTS.c.job_id).outerjoin(RUN_LEASES, of_run).where(came, is_young).correlate(BATCHES)
    query = sa.select(BATCHES.c.batch_id).where(BATCHES.c.tenant_id == tenant, BATCHES.c.finished_at.is_(None))
    query = query.where(sa.exists().where(came), ~young.exists(), ~active.correlate(BATCHES).exists())
    return list(conn.execute(query.order_by(BATCHES.c.batch_id).limit(limit)).scalars())


def last_leases(conn: sa.Connection, tenant: str) -> dict[str, datetime]:
    """Run id -> until when the ledger believed in the last of its attempts."""
    latest = sa.func.max(run_lease_until, type_=ATTEMPTS.c.lease_until.type)
    query = sa.select(ATTEMPTS.c.flow_run_id, latest).select_from(ATTEMPTS).outerjoin(RUN_LEASES, of_run)
    query = query.where(ATTEMPTS.c.tenant_id == tenant).group_by(ATTEMPTS.c.flow_run_id)
    return {str(run_id): until for run_id, until in conn.execute(query)}


def living_runs(conn: sa.Connection, tenant: str, now: datetime) -> set[str]:
    """Runs that hold a job under a lease that lasts: their process is there, whatever Prefect has heard of them."""
    query = sa.select(ATTEMPTS.c.flow_run_id).outerjoin(RUN_LEASES, of_run)
    query = query.where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.ended_at.is_(None), leased_until > now)
    return {str(run_id) for run_id in conn.execute(query.distinct()).scalars()}


def leased_runs(conn: sa.Connection, tenant: str, now: datetime) -> set[str]:
    """Runs whose lease lasts, also those that have no job left and report."""
    query = sa.select(RUN_LEASES.c.flow_run_id).where(RUN_LEASES.c.tenant_id == tenant, RUN_LEASES.c.lease_until > now)
    return {str(run_id) for run_id in conn.execute(query).scalars()}


def _found(conn: sa.Connection, query: "sa.Select[tuple[object, ...]]", limit: int) -> list[StuckJob]:
    rows = conn.execute(query.order_by(JOBS.c.job_id).limit(limit)).mappings()
    return [StuckJob(**dict(row) | {"state": JobState(row["state"]), "is_queued": bool(row["is_queued"])}) for row in rows]


def _in_batch_of(submitted_by: str, *, is_open: bool) -> sa.ColumnElement[bool]:
    of_batch = (BATCHES.c.tenant_id == BATCH_FILES.c.tenant_id) & (BATCHES.c.batch_id == BATCH_FILES.c.batch_id)
    query = sa.select(BATCH_FILES.c.job_id).join(BATCHES, of_batch)
    query = query.where(BATCH_FILES.c.tenant_id == JOBS.c.tenant_id, BATCH_FILES.c.job_id == JOBS.c.job_id)
    query = query.where(BATCHES.c.submitted_by == submitted_by)
    return (query.where(BATCHES.c.finished_at.is_(None)) if is_open else query).correlate(JOBS).exists()
