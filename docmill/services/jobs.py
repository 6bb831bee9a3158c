"""Jobs of a run: claim, renew, fold what workers left, note progress, cancel, look. Ends are in jobs_finishing.

Every change is one ledger transaction. A writer shows the fence of its attempt; one whose lease was lost meanwhile has an older fence than the
job and changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from docmill.errors import Conflict, NotFound
from docmill.services.jobs_events import cancelled_events, end_notice, state_event
from docmill.services.jobs_finishing import finish_jobs
from docmill.services.users import LOCAL_USER
from docmill.storage.ledger import Connection, Ledger, artefacts, attempts, outbox, quarantine, views
from docmill.storage.ledger import audit as audit_rows
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import Fact
from docmill.storage.ledger.bulk import chunks
from docmill.storage.ledger.records import AttemptView, JobRow
from docmill.storage.ledger.states import ACTIVE_STATES, HELD_STATES
from docmill.values.jobs import ClaimedJob, ItemOutcome, JobProgress, JobState, JobView

__all__ = [
    "AttemptView",
    "attempts_of",
    "cancel_asked",
    "cancel_lost",
    "cancel_run",
    "claim_ids",
    "claim_jobs",
    "claimed_jobs",
    "finish_jobs",
    "fold_outcomes",
    "give_back",
    "job_view",
    "list_jobs",
    "renew_leases",
    "request_cancel",
    "update_progress",
]

CLAIMED_AT_ONCE: Final = 1000


def claim_jobs(ledger: Ledger, tenant: str, batch_id: str, *, run_id: str, lease_s: float) -> list[ClaimedJob]:
    """As `claim_ids`, and say what a run must know of them."""
    return claimed_jobs(ledger, tenant, run_id, claim_ids(ledger, tenant, batch_id, run_id=run_id, lease_s=lease_s))


def claim_ids(ledger: Ledger, tenant: str, batch_id: str, *, run_id: str, lease_s: float) -> list[str]:
    """Take the batch's jobs that nobody holds: accepted ones, and running ones whose lease has expired. A thousand are one transaction.

    Each gets a new attempt with a higher fence. Jobs that were being cancelled when their lease expired become cancelled.

    Args:
        ledger: the open ledger.
        tenant: whose batch it is.
        batch_id: jobs that it shares with other batches are taken too.
        run_id: the flow run's id.
        lease_s: how long the ledger believes in the run, with all it holds, without `renew_leases`.

    Returns:
        Their ids, oldest first.

    Raises:
        NotFound: no such batch.
    """
    with ledger.reading() as conn:
        if not batch_rows.exists(conn, tenant, batch_id):
            raise NotFound("no such batch")
        wanted = sorted(batch_rows.job_ids(conn, tenant, batch_id, ACTIVE_STATES))
        # of a run by the same id that is gone; asked now, for the first claim makes its lease last again
        stale = attempts.lapsed(conn, tenant, run_id, ledger.now())
    taken: list[str] = []
    for part in chunks(wanted, CLAIMED_AT_ONCE):
        with ledger.transaction() as conn:
            taken += _claim(conn, tenant, part, stale, batch_id=batch_id, run_id=run_id, at=ledger.now(), lease_s=lease_s)
    return taken


def claimed_jobs(ledger: Ledger, tenant: str, run_id: str, job_ids: Sequence[str]) -> list[ClaimedJob]:
    """What a run must know of jobs that it claimed, oldest first; those that it does not hold any more are left out."""
    with ledger.reading() as conn:
        return views.claimed(conn, tenant, attempts.held_among(conn, tenant, run_id, job_ids))


def renew_leases(ledger: Ledger, tenant: str, run_id: str, lease_s: float) -> None:
    """Move the lease of a run and of all that it has under way; one that has nothing left may still have to report."""
    with ledger.transaction() as conn:
        attempts.renew(conn, tenant, run_id, lease_until=ledger.now() + timedelta(seconds=lease_s))


def give_back(ledger: Ledger, tenant: str, run_id: str, job_ids: Sequence[str]) -> None:
    """End this run's attempts at jobs without an end of the jobs: whoever comes next takes them at once, while the run goes on with others."""
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, job_ids)
        held = attempts.held_among(conn, tenant, run_id, rows)
        attempts.end(conn, tenant, [row for row in rows.values() if row.job_id in held], reason="lease_lost", at=ledger.now())


def fold_outcomes(
    ledger: Ledger, tenant: str, *, run_id: str, outcomes: Sequence[ItemOutcome], progress: Sequence[JobProgress]
) -> list[str]:
    """Take what the workers of a shard left into the ledger: artefacts, pages, progress.

    Artefacts are noted whoever made them, so that deleting a document finds them; pages, links and progress only for jobs this run still holds.

    Returns:
        Ids of jobs in `outcomes` that this run does not hold any more: its work on them is for nothing.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, {o.job_id for o in outcomes} | {p.job_id for p in progress})
        held = attempts.held_among(conn, tenant, run_id, rows)
        known = [(rows[o.job_id].document_id, a) for o in outcomes if o.job_id in rows for a in o.artefacts]
        artefacts.keep(conn, tenant, known, at=at)
        artefacts.link(conn, tenant, [(o.job_id, a) for o in outcomes if o.job_id in held for a in o.artefacts])
        artefacts.keep_pages(conn, tenant, [o for o in outcomes if o.job_id in held])
        quarantine.note(conn, tenant, [o for o in outcomes if o.job_id in held], at=at)
        job_rows.set_progress(conn, tenant, rows, progress)
    return sorted({o.job_id for o in outcomes} - held)


def update_progress(ledger: Ledger, tenant: str, progress: Sequence[JobProgress]) -> None:
    """Note where running jobs stand; under an older fence, or once the job is over, nothing changes. Progress never falls."""
    with ledger.transaction() as conn:
        job_rows.set_progress(conn, tenant, job_rows.locked(conn, tenant, [p.job_id for p in progress]), progress)


def request_cancel(ledger: Ledger, tenant: str, job_id: str, *, by: str = LOCAL_USER) -> JobState:
    """Ask a job to stop: one that nobody has begun is cancelled at once, a running one is being cancelled until its run has stopped.

    Args:
        ledger: the open ledger.
        tenant: whose job it is.
        job_id: which one.
        by: id of the user who asks, for the audit trail.

    Raises:
        NotFound: no such job.
        Conflict: it is over already.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        row = job_rows.locked(conn, tenant, [job_id]).get(job_id)
        if row is None:
            raise NotFound("no such job")
        if row.state.is_final:
            raise Conflict(f"the job is over: {row.state}")
        if row.state is JobState.ACCEPTED:
            _cancel(conn, tenant, [row], at, by=by)
            return JobState.CANCELLED
        if row.state is JobState.RUNNING:
            job_rows.change_states(conn, tenant, [row], [{"job_id": job_id, "state": JobState.CANCELLING}])
            asked = state_event(job_id, row.document_id, JobState.CANCELLING, fence=row.fence, by=by)
            audit_rows.append_events(conn, tenant, [asked], at=at)
        return JobState.CANCELLING


def cancel_run(ledger: Ledger, tenant: str, run_id: str) -> list[str]:
    """End all that a cancelled flow run holds, and what waits in the batches it claimed from; returns the jobs that became cancelled."""
    at = ledger.now()
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, attempts.held_by(conn, tenant, run_id) | attempts.waiting_for(conn, tenant, run_id))
        # asked again under the locks: another run may have taken a job, or ended it, while this one waited
        held = attempts.held_among(conn, tenant, run_id, rows)
        stopped = [row for row in rows.values() if row.state is JobState.ACCEPTED or (row.state in HELD_STATES and row.job_id in held)]
        attempts.end(conn, tenant, [row for row in stopped if row.state in HELD_STATES], reason="cancelled", at=at)
        _cancel(conn, tenant, stopped, at)
    return [row.job_id for row in stopped]


def cancel_asked(ledger: Ledger, tenant: str, run_id: str) -> list[str]:
    """End those jobs of a run that are being cancelled, while the run goes on with the others; returns their ids."""
    with ledger.reading() as conn:
        asked = attempts.asked_to_stop(conn, tenant, run_id)
    if not asked:
        return []
    at = ledger.now()
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, asked)
        held = attempts.held_among(conn, tenant, run_id, rows)
        stopped = [row for row in rows.values() if row.state is JobState.CANCELLING and row.job_id in held]
        attempts.end(conn, tenant, stopped, reason="cancelled", at=at)
        _cancel(conn, tenant, stopped, at)
    return [row.job_id for row in stopped]


def cancel_lost(ledger: Ledger, tenant: str, job_ids: Sequence[str], *, before: datetime) -> list[str]:
    """End those of the jobs that are being cancelled while their lease ended before an instant; returns their ids."""
    at = ledger.now()
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, job_ids)
        until = attempts.leases(conn, tenant, rows)
        stopped = [row for row in rows.values() if row.state is JobState.CANCELLING and until[row.job_id] < before]
        attempts.end(conn, tenant, stopped, reason="lease_lost", at=at)
        _cancel(conn, tenant, stopped, at)
    return [row.job_id for row in stopped]


def job_view(ledger: Ledger, tenant: str, job_id: str) -> JobView:
    """One job.

    Raises:
        NotFound: no such job.
    """
    with ledger.reading() as conn:
        return views.job(conn, tenant, job_id)


def list_jobs(ledger: Ledger, tenant: str, *, state: JobState | None = None, limit: int = 50, before: str | None = None) -> list[JobView]:
    """Jobs newest first, at most `limit`; `before` is the last job id of the page before."""
    with ledger.reading() as conn:
        return views.newest(conn, tenant, state=state, limit=limit, before=before)


def attempts_of(ledger: Ledger, tenant: str, job_id: str) -> list[AttemptView]:
    """All attempts at a job, first to last."""
    with ledger.reading() as conn:
        return attempts.of_job(conn, tenant, job_id)


def _claim(
    conn: Connection, tenant: str, job_ids: Sequence[str], stale: set[str], *, batch_id: str, run_id: str, at: datetime, lease_s: float
) -> list[str]:
    """Take those of the jobs that nobody holds, or that are stale; returns their ids."""
    rows = job_rows.locked(conn, tenant, job_ids)
    until = attempts.leases(conn, tenant, rows)
    stale = attempts.held_among(conn, tenant, run_id, stale & set(rows))
    lost = [row for row in rows.values() if row.state in HELD_STATES and (until[row.job_id] <= at or row.job_id in stale)]
    attempts.end(conn, tenant, lost, reason="lease_lost", at=at)
    _cancel(conn, tenant, [row for row in lost if row.state is JobState.CANCELLING], at)
    free = [row for row in rows.values() if row.state is JobState.ACCEPTED] + [row for row in lost if row.state is JobState.RUNNING]
    _start(conn, tenant, free, batch_id=batch_id, run_id=run_id, at=at, lease_until=at + timedelta(seconds=lease_s))
    return sorted(row.job_id for row in free)


def _start(
    conn: Connection, tenant: str, taken: Sequence[JobRow], *, batch_id: str, run_id: str, at: datetime, lease_until: datetime
) -> None:
    documents = document_rows.locked(conn, tenant, [row.document_id for row in taken])
    changes, starts = [], []
    for row in taken:
        document = documents[row.document_id]
        document.next_fence += 1
        changes.append(job_rows.start(row, fence=document.next_fence, at=at))
        starts.append((row, document.next_fence))
    document_rows.save(conn, tenant, documents.values())
    job_rows.change_states(conn, tenant, taken, changes)
    attempts.insert(conn, tenant, starts, batch_id=batch_id, run_id=run_id, at=at, lease_until=lease_until)
    told = [
        state_event(row.job_id, row.document_id, JobState.RUNNING, attempt=row.attempt + 1, fence=fence, run_id=run_id)
        for row, fence in starts
    ]
    audit_rows.append_events(conn, tenant, told, at=at)


def _cancel(conn: Connection, tenant: str, rows: Sequence[JobRow], at: datetime, **facts: Fact) -> None:
    """Put locked jobs into the state cancelled; their attempts are the caller's."""
    changes = [job_rows.end(row, JobState.CANCELLED, at=at) for row in rows]
    job_rows.change_states(conn, tenant, rows, changes)
    audit_rows.append_events(conn, tenant, cancelled_events(rows, **facts), at=at)
    outbox.put_notices(conn, tenant, [end_notice(row, JobState.CANCELLED, error_code="cancelled") for row in rows], at=at)
