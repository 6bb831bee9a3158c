"""How jobs end in the ledger: final states, versions of results, several who end the same; on both databases."""

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from ledger_fixtures import running

from docmill.errors import Conflict
from docmill.services import documents, jobs
from docmill.storage.ledger import open_ledger
from docmill.storage.ledger.tables_jobs import DOCUMENTS, JOBS
from docmill.storage.ledger.tables_results import RESULT_VERSIONS
from docmill.values.jobs import ClaimedJob, JobState, JobView
from docmill.values.outcome import CHECK_FAILED, Problem

if TYPE_CHECKING:
    from ledger_fixtures import Clock, Work

pytest_plugins = ("ledger_fixtures",)


def test_a_finished_job(work: "Work", clock: "Clock") -> None:
    job = running(work)
    clock.pass_seconds(5)
    doubt = Problem(code=CHECK_FAILED, stage="validate", message="the total does not add up")
    assert work.finish(work.end(job, JobState.NEEDS_REVIEW, doubt)) == []
    view = work.view(job.job_id)
    assert (view.state, view.progress, view.kind, view.page_count, view.problems) == (JobState.NEEDS_REVIEW, 100, "invoice", 2, 1)
    assert (view.error_code, view.finished_at) == (None, clock())
    assert view.results_object == work.end(job).results.object_name  # type: ignore[union-attr]  # a good end has results
    assert documents.current_result(work.ledger, work.tenant, job.document_id) == view
    (attempt,) = jobs.attempts_of(work.ledger, work.tenant, job.job_id)
    assert (attempt.end_reason, attempt.ended_at) == ("finished", clock())


def test_a_failed_job_names_its_reason_and_publishes_nothing(work: "Work") -> None:
    job = running(work)
    doubt = Problem(code=CHECK_FAILED, stage="validate", message="a doubt")
    work.finish(work.end(job, JobState.FAILED, doubt, Problem(code="damaged", stage="inspect", message="the file\0 is damaged")))
    view = work.view(job.job_id)
    assert (view.state, view.error_code, view.error_message, view.results_object) == (
        JobState.FAILED,
        "damaged",
        "the file is damaged",
        None,
    )
    assert documents.current_result(work.ledger, work.tenant, job.document_id) is None


FINAL = [state for state in JobState if state.is_final]


@pytest.mark.parametrize("first", FINAL)
def test_a_final_state_never_changes(work: "Work", first: JobState) -> None:
    job = work.mill(1, first)
    before = work.everything()
    for state in FINAL:
        assert work.finish(work.end(job, state)) == [job.job_id]
    with pytest.raises(Conflict):
        jobs.request_cancel(work.ledger, work.tenant, job.job_id)
    jobs.update_progress(work.ledger, work.tenant, [work.progress(job, 99)])
    assert work.claim(str(work.view(job.job_id).batch_id)) == []
    assert work.everything() == before


def test_the_database_itself_keeps_final_states(work: "Work") -> None:
    work.mill(1)
    with pytest.raises(Conflict), work.ledger.transaction() as conn:
        conn.execute(sa.update(JOBS).values(state="running"))
    with pytest.raises(Conflict), work.ledger.transaction() as conn:
        conn.execute(sa.update(JOBS).values(progress=101))


def test_an_end_that_is_none(work: "Work") -> None:
    job = running(work)
    end = work.end(job)
    object.__setattr__(end, "state", JobState.RUNNING)
    with pytest.raises(Conflict):
        work.finish(end)
    assert work.view(job.job_id).state is JobState.RUNNING


def test_an_unclaimed_job_cannot_end_and_no_job_ends_twice_in_one_call(work: "Work") -> None:
    job = running(work)
    _, waiting = work.one(2)
    ghost = work.end(ClaimedJob(waiting.job_id, waiting.document_id, work.tenant, "", 0, "", job.options, job.accepted_at, 0, 0))
    assert work.finish(ghost, work.end(job), work.end(job)) == [waiting.job_id, job.job_id]
    assert work.view(job.job_id).state is JobState.COMPLETED
    assert work.view(waiting.job_id).state is JobState.ACCEPTED


def versions(work: "Work") -> tuple[list[tuple[int, str]], str | None]:
    """All versions of the one document (number, job), and the job of the current one."""
    with work.ledger.reading() as conn:
        rows = conn.execute(sa.select(RESULT_VERSIONS).order_by(RESULT_VERSIONS.c.number)).all()
        current = conn.execute(sa.select(DOCUMENTS.c.current_version_id)).scalar_one()
    return [(row.number, row.job_id) for row in rows], next((row.job_id for row in rows if row.version_id == current), None)


@pytest.mark.parametrize("is_older_first", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_current_version_never_goes_back(work: "Work", is_older_first: bool, at_once: bool) -> None:
    older = running(work)
    (newer,) = work.claim(work.one(1, force=True)[0])
    assert newer.fence > older.fence
    order = [older, newer] if is_older_first else [newer, older]
    for ends in [[work.end(job) for job in order]] if at_once else [[work.end(job)] for job in order]:
        assert work.finish(*ends) == []
    made, current = versions(work)
    assert current == newer.job_id
    assert {job_id for _, job_id in made} == {older.job_id, newer.job_id}
    assert [number for number, _ in made] == [1, 2]


def test_a_failed_rerun_leaves_the_current_version(work: "Work") -> None:
    good = work.mill(1)
    work.mill(1, JobState.FAILED, force=True)
    assert versions(work) == ([(1, good.job_id)], good.job_id)


def test_two_finishers_at_once(work: "Work", ledger_url: str, clock: "Clock") -> None:
    batch_id = work.batch(total_files=10)
    work.register(batch_id, *(work.file(n) for n in range(10)))
    claimed = work.claim(batch_id)
    gate, refused, failures = threading.Barrier(3), [], []

    def finish() -> None:
        own = open_ledger(ledger_url, now=clock)
        try:
            gate.wait()
            refused.append(len(jobs.finish_jobs(own, work.tenant, [work.end(job) for job in claimed])))
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=finish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(refused) == [0, 10, 10]
    rows = work.everything()
    assert len(rows["result_versions"]) == 10
    assert len(rows["outbox"]) == 10


def test_finish_is_all_or_nothing(work: "Work") -> None:
    one, two = running(work, 1, run_id="a"), running(work, 2, run_id="b")
    before = work.everything()
    broken = work.end(two)
    object.__setattr__(broken, "seconds", None)  # NOT NULL refuses it in the last step but one
    with pytest.raises(Conflict):
        work.finish(work.end(one), broken)
    assert work.everything() == before


def test_what_receivers_are_told(work: "Work") -> None:
    job = work.mill(1)
    view: JobView = work.view(job.job_id)
    (notice,) = work.everything()["outbox"]
    assert notice[2] == "job.completed"
    assert notice[3] == {
        "job_id": job.job_id, "document_id": job.document_id, "batch_id": view.batch_id, "state": "completed", "error_code": None,
        "results_object": view.results_object,
    }  # fmt: skip
    assert notice[5:] == (work.ledger.now(), 0, None)
