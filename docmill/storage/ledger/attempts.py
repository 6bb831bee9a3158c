"""Attempts at jobs: who works on a job, under which fence, until when the ledger believes it.

A lease is the run's: one row says it for all attempts that the run has under way.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.bulk import chunks, insert_rows, update_rows
from docmill.storage.ledger.records import AttemptView, JobRow
from docmill.storage.ledger.tables_jobs import ATTEMPTS, JOBS, RUN_LEASES

run_lease_until = sa.func.coalesce(RUN_LEASES.c.lease_until, ATTEMPTS.c.lease_until, type_=ATTEMPTS.c.lease_until.type)
"""Until when an attempt's run is believed, where `of_run` joins its lease."""

leased_until = sa.case((ATTEMPTS.c.ended_at.is_not(None), ATTEMPTS.c.ended_at), else_=run_lease_until)
"""Until when an attempt is believed: until its end, or as long as its run is."""

of_run = (RUN_LEASES.c.tenant_id == ATTEMPTS.c.tenant_id) & (RUN_LEASES.c.flow_run_id == ATTEMPTS.c.flow_run_id)
_VIEW = tuple(leased_until if name == "lease_until" else ATTEMPTS.c[name] for name in AttemptView.__slots__)
_IS_CURRENT = (ATTEMPTS.c.tenant_id == JOBS.c.tenant_id) & (ATTEMPTS.c.job_id == JOBS.c.job_id) & (ATTEMPTS.c.number == JOBS.c.attempt)


def insert(
    conn: sa.Connection,
    tenant: str,
    starts: Sequence[tuple[JobRow, int]],
    *,
    batch_id: str,
    run_id: str,
    at: datetime,
    lease_until: datetime,
) -> None:
    """Begin the next attempt at each job, under the fence beside it, and the run's lease on all it holds."""
    rows = [
        {
            "tenant_id": tenant,
            "job_id": row.job_id,
            "number": row.attempt + 1,
            "batch_id": batch_id,
            "fence": fence,
            "flow_run_id": run_id,
            "lease_until": lease_until,
            "started_at": at,
        }
        for row, fence in starts
    ]
    insert_rows(conn, ATTEMPTS, rows)
    if rows:
        lease = {"tenant_id": tenant, "flow_run_id": run_id, "lease_until": lease_until}
        insert_rows(conn, RUN_LEASES, [lease], replace=["lease_until"])


def end(conn: sa.Connection, tenant: str, jobs: Iterable[JobRow], *, reason: str, at: datetime) -> None:
    """End the current attempt at each of the locked jobs."""
    rows = [{"job_id": row.job_id, "number": row.attempt, "ended_at": at, "end_reason": reason} for row in jobs if row.attempt]
    update_rows(conn, ATTEMPTS, tenant, ["job_id", "number"], rows)


def renew(conn: sa.Connection, tenant: str, run_id: str, *, lease_until: datetime) -> None:
    """Move the lease of a run that has claimed jobs, whether or not it still has one under way: attempts that ended, ended."""
    lease = sa.update(RUN_LEASES).where(RUN_LEASES.c.tenant_id == tenant, RUN_LEASES.c.flow_run_id == run_id)
    conn.execute(lease.values(lease_until=lease_until))


def leases(conn: sa.Connection, tenant: str, job_ids: Iterable[str]) -> dict[str, datetime]:
    """Until when the current attempt at each job is believed.

    Ask after the jobs are locked, in a statement of its own: PostgreSQL would show the attempts as they were before the wait for the lock.
    """
    found: dict[str, datetime] = {}
    for part in chunks(sorted(job_ids)):
        query = sa.select(ATTEMPTS.c.job_id, leased_until).join(JOBS, _IS_CURRENT).outerjoin(RUN_LEASES, of_run)
        query = query.where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part))
        found |= {str(row[0]): row[1] for row in conn.execute(query)}
    return found


def held_among(conn: sa.Connection, tenant: str, run_id: str, job_ids: Iterable[str]) -> set[str]:
    """Those of the jobs whose current attempt is this run's and not ended."""
    found: set[str] = set()
    for part in chunks(sorted(job_ids)):
        query = sa.select(ATTEMPTS.c.job_id).join(JOBS, _IS_CURRENT).where(JOBS.c.tenant_id == tenant, JOBS.c.job_id.in_(part))
        found.update(conn.execute(query.where(ATTEMPTS.c.flow_run_id == run_id, ATTEMPTS.c.ended_at.is_(None))).scalars())
    return found


def held_by(conn: sa.Connection, tenant: str, run_id: str) -> set[str]:
    """All jobs whose current attempt is this run's and not ended."""
    query = sa.select(ATTEMPTS.c.job_id).join(JOBS, _IS_CURRENT)
    return set(
        conn.execute(query.where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.flow_run_id == run_id, ATTEMPTS.c.ended_at.is_(None))).scalars()
    )


def lapsed(conn: sa.Connection, tenant: str, run_id: str, at: datetime) -> set[str]:
    """Jobs whose current attempt is this run's and not ended, though the run was not believed any more at an instant."""
    query = sa.select(ATTEMPTS.c.job_id).join(JOBS, _IS_CURRENT).outerjoin(RUN_LEASES, of_run)
    query = query.where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.flow_run_id == run_id, ATTEMPTS.c.ended_at.is_(None))
    return set(conn.execute(query.where(run_lease_until <= at)).scalars())


def asked_to_stop(conn: sa.Connection, tenant: str, run_id: str) -> set[str]:
    """Jobs that are being cancelled while this run holds them."""
    query = sa.select(ATTEMPTS.c.job_id).join(JOBS, _IS_CURRENT).where(JOBS.c.state == "cancelling")
    return set(
        conn.execute(query.where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.flow_run_id == run_id, ATTEMPTS.c.ended_at.is_(None))).scalars()
    )


def waiting_for(conn: sa.Connection, tenant: str, run_id: str) -> set[str]:
    """Accepted jobs of the batches that this run has claimed from."""
    batches = sa.select(ATTEMPTS.c.batch_id).where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.flow_run_id == run_id)
    query = sa.select(JOBS.c.job_id).where(JOBS.c.tenant_id == tenant, JOBS.c.state == "accepted", JOBS.c.batch_id.in_(batches))
    return set(conn.execute(query).scalars())


def of_job(conn: sa.Connection, tenant: str, job_id: str) -> list[AttemptView]:
    """All attempts at a job, first to last."""
    query = sa.select(*_VIEW).select_from(ATTEMPTS).outerjoin(RUN_LEASES, of_run)
    query = query.where(ATTEMPTS.c.tenant_id == tenant, ATTEMPTS.c.job_id == job_id)
    return [AttemptView(*row) for row in conn.execute(query.order_by(ATTEMPTS.c.number))]
