"""The sweeper: no job stays in the hands of a run that is gone.

A job whose lease ran out goes to the dispatcher's queue, whose next run begins a new attempt; after too many lost attempts it fails and says
so. A job that was being cancelled is cancelled. A job that nobody began for long is queued, too. A batch whose run died after
its last job ended gets its report. Calling it again changes nothing more.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from docmill.errors import ClusterLost
from docmill.services.dispatch import DISPATCHER, JOBS_PER_RUN, LOST_AFTER
from docmill.services.jobs import cancel_lost
from docmill.services.jobs_finishing import finish_jobs
from docmill.services.running.kept_report import store_report
from docmill.services.running.room import Room
from docmill.services.uploads import GATEWAY
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import stuck, waiting
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.stuck import StuckJob
from docmill.values.jobs import JobEnd, JobState
from docmill.values.outcome import Outcome, OutcomeName, Problem

MOST_ATTEMPTS: Final = 5
"""A job whose attempts were all lost so often fails: its run dies with it, or there is no run to be had."""

FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""A run claims all jobs of its batch when it begins; one that is accepted for longer has no run."""

AT_ONCE: Final = 500
"""Jobs of one round, each in transactions of its own, so that nobody waits long for the ledger."""

MOST_ROUNDS: Final = 100
"""Of one sweep: a night of 50,000 documents that lost its run is queued again at once, not at 500 every five minutes."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How many jobs were queued for a new attempt, given up as failed, and cancelled; how many batches were closed."""

    queued: int
    failed: int
    cancelled: int
    closed: int = 0

    def __add__(self, other: "Sweep") -> "Sweep":
        """Both sweeps together."""
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Sweep(*(a + b for a, b in zip(mine, theirs, strict=True)))


def sweep(room: Room) -> Sweep:
    """Sweep, 500 jobs at a time, until nothing is left to do, or 100 times.

    Raises:
        LedgerUnavailable, StoreUnavailable: ledger or store did not answer; the next sweep goes on.
    """
    total = Sweep(0, 0, 0)
    for _ in range(MOST_ROUNDS):
        done = _sweep_some(room)
        total += done
        if max(dataclasses.astuple(done)) < AT_ONCE:
            break
    return total


def _sweep_some(room: Room) -> Sweep:
    before = room.ledger.now() - LOST_AFTER
    found = _lost(room, before)
    cancelled = cancel_lost(room.ledger, room.tenant, [job.job_id for job in found if job.state is JobState.CANCELLING], before=before)
    running = [job for job in found if job.state is JobState.RUNNING]
    hopeless = [job for job in running if job.attempt >= MOST_ATTEMPTS]
    refused = finish_jobs(room.ledger, room.tenant, [_given_up(job) for job in hopeless])
    return Sweep(queued=_queue(room, before), failed=len(hopeless) - len(refused), cancelled=len(cancelled), closed=_close(room, before))


def living_runs(room: Room) -> set[str]:
    """Ids of the flow runs that hold jobs now.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    with room.ledger.reading() as conn:
        return stuck.living_runs(conn, room.tenant, room.ledger.now())


def leased_runs(room: Room) -> set[str]:
    """Ids of the flow runs that the ledger believes in now, with or without jobs.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    with room.ledger.reading() as conn:
        return stuck.leased_runs(conn, room.tenant, room.ledger.now())


def _lost(room: Room, before: datetime) -> list[StuckJob]:
    with room.ledger.reading() as conn:
        return stuck.lost(conn, room.tenant, before=before, dispatcher=DISPATCHER, hopeless_at=MOST_ATTEMPTS, limit=AT_ONCE)


def _close(room: Room, before: datetime) -> int:
    with room.ledger.reading() as conn:
        left = stuck.unreported(conn, room.tenant, before=before, limit=AT_ONCE)
    for batch_id in left:
        store_report(room, batch_id, only_open=True)
    return len(left)


def _given_up(job: StuckJob) -> JobEnd:
    why = Problem(code=ClusterLost.code, stage=job.stage or "inspect", message=f"its run was lost {job.attempt} times")
    return JobEnd(
        job_id=job.job_id,
        document_id=job.document_id,
        fence=job.fence,
        state=JobState.FAILED,
        outcome=Outcome(name=OutcomeName.FAILED, problems=(why,)),
    )


def _queue(room: Room, before: datetime) -> int:
    """Put what is in no queue into batches of the dispatcher's own; returns how many jobs that were."""
    ledger, tenant, at = room.ledger, room.tenant, room.ledger.now()
    with ledger.transaction() as conn:
        lost = stuck.lost(conn, tenant, before=before, dispatcher=DISPATCHER, hopeless_at=MOST_ATTEMPTS, limit=AT_ONCE)
        forgotten = stuck.forgotten(conn, tenant, before=at - FORGOTTEN_AFTER, queued_by=[GATEWAY], dispatcher=DISPATCHER, limit=AT_ONCE)
        jobs = [job for job in (*lost, *forgotten) if job.state is not JobState.CANCELLING and not job.is_queued]
        for start in range(0, len(jobs), JOBS_PER_RUN):
            part = jobs[start : start + JOBS_PER_RUN]
            batch_id = new_id(at)
            batch_rows.insert(conn, tenant, batch_id, total_files=len(part), submitted_by=DISPATCHER, at=at)
            append_event(conn, tenant, batch_id, "batch.created", {"total_files": len(part), "by": "sweeper"}, at=at)
            waiting.point_to(conn, tenant, batch_id, [(job.job_id, job.file_name) for job in part])
    return len(jobs)
