"""Cancelling in the ledger: one job, one that runs, a whole run; on both databases."""

from typing import TYPE_CHECKING

from ledger_fixtures import running

from docmill.services import jobs
from docmill.values.jobs import JobState

if TYPE_CHECKING:
    from ledger_fixtures import Clock, Work

pytest_plugins = ("ledger_fixtures",)


def test_cancelling_a_waiting_job_ends_it(work: "Work") -> None:
    batch_id, waiting = work.one(1)
    assert jobs.request_cancel(work.ledger, work.tenant, waiting.job_id) is JobState.CANCELLED
    assert work.claim(batch_id) == []
    assert work.view(waiting.job_id).error_code == "cancelled"


def test_cancelling_a_running_job_waits_for_its_run(work: "Work") -> None:
    job = running(work)
    assert jobs.request_cancel(work.ledger, work.tenant, job.job_id) is JobState.CANCELLING
    assert jobs.request_cancel(work.ledger, work.tenant, job.job_id) is JobState.CANCELLING
    assert work.finish(work.end(job, JobState.CANCELLED)) == []
    assert work.view(job.job_id).state is JobState.CANCELLED
    (attempt,) = jobs.attempts_of(work.ledger, work.tenant, job.job_id)
    assert attempt.end_reason == "cancelled"


def test_jobs_that_are_being_cancelled_leave_their_run_alone(work: "Work") -> None:
    batch_id = work.batch(total_files=2)
    work.register(batch_id, *(work.file(n) for n in range(2)))
    kept, asked = work.claim(batch_id, run_id="mine")
    elsewhere = running(work, 9, run_id="other")
    assert jobs.cancel_asked(work.ledger, work.tenant, "mine") == []
    for job in (asked, elsewhere):
        jobs.request_cancel(work.ledger, work.tenant, job.job_id)
    assert jobs.cancel_asked(work.ledger, work.tenant, "mine") == [asked.job_id]
    assert jobs.cancel_asked(work.ledger, work.tenant, "mine") == []
    states = [work.view(job.job_id).state for job in (kept, asked, elsewhere)]
    assert states == [JobState.RUNNING, JobState.CANCELLED, JobState.CANCELLING]
    assert work.finish(work.end(asked)) == [asked.job_id]
    (attempt,) = jobs.attempts_of(work.ledger, work.tenant, asked.job_id)
    assert attempt.end_reason == "cancelled"


def test_a_job_whose_run_died_while_it_was_being_cancelled_is_cancelled(work: "Work", clock: "Clock") -> None:
    batch_id, registered = work.one(1)
    work.claim(batch_id, lease_s=30)
    jobs.request_cancel(work.ledger, work.tenant, registered.job_id)
    clock.pass_seconds(31)
    assert work.claim(batch_id) == []
    assert work.view(registered.job_id).state is JobState.CANCELLED
    (attempt,) = jobs.attempts_of(work.ledger, work.tenant, registered.job_id)
    assert attempt.end_reason == "lease_lost"


def test_cancelling_a_run_ends_what_it_holds_and_what_waits_in_its_batch(work: "Work") -> None:
    batch_id = work.batch(total_files=4)
    work.register(batch_id, *(work.file(n) for n in range(3)))
    done, held, asked = work.claim(batch_id, run_id="mine")
    work.finish(work.end(done))
    jobs.request_cancel(work.ledger, work.tenant, asked.job_id)
    (late,) = work.register(batch_id, work.file(3))
    other = running(work, 9, run_id="other")
    _, elsewhere = work.one(10)
    assert sorted(jobs.cancel_run(work.ledger, work.tenant, "mine")) == sorted([held.job_id, asked.job_id, late.job_id])
    assert jobs.cancel_run(work.ledger, work.tenant, "mine") == []
    states = {view.job_id: view.state for view in jobs.list_jobs(work.ledger, work.tenant)}
    assert (states[done.job_id], states[other.job_id]) == (JobState.COMPLETED, JobState.RUNNING)
    assert (states[held.job_id], states[late.job_id], states[elsewhere.job_id]) == (
        JobState.CANCELLED,
        JobState.CANCELLED,
        JobState.ACCEPTED,
    )
