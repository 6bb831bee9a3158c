"""Which version of a document takes back what others showed: fences decide, not the clock; on both databases, with objects in a real folder."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from ledger_fixtures import PLAN, TENANT
from review_papers import room_over

from docmill.errors import StoreUnavailable
from docmill.services import batches, documents, jobs
from docmill.services.withdrawing import promise_hiding, promise_withdrawal, withdraw_in_vain, withdraw_promised, withdraw_unredacted
from docmill.values.jobs import JobState
from docmill.values.keys import public_name, withdrawals_prefix
from docmill.values.options import MillOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger_fixtures import Clock, Work

    from docmill.services.running.room import Room
    from docmill.values.jobs import Artefact, ClaimedJob

pytest_plugins = ("ledger_fixtures",)


class Forgetful:
    """A knowledge base that notes what it is told to forget."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []

    def delete(self, tenant: str, document_ids: list[str]) -> int:
        del tenant
        self.forgotten += document_ids
        return len(document_ids)

    def hide(self, tenant: str, document_id: str, instead: "Callable[[], object]") -> int:
        del tenant, instead
        self.forgotten.append(document_id)
        return 1


class Papers:
    """Attempts at one document, each with an object of its own under public/."""

    def __init__(self, work: "Work", home: "Path", clock: "Clock") -> None:
        self.work, self.clock, self.plans = work, clock, iter("bcdef")
        self.knowledge = Forgetful()
        self.room: Room = replace(room_over(work.ledger, home), knowledge=self.knowledge)  # type: ignore[arg-type]  # as much of one as is asked

    def begin(self, *, redact: bool, index: bool = False) -> "ClaimedJob":
        """Register the same bytes under a plan of its own and claim the job."""
        batch_id, plan = self.work.batch(), next(self.plans) * len(PLAN)
        file, options = self.work.file(1), MillOptions(redact=redact, index=index)
        batches.register_jobs(self.work.ledger, TENANT, batch_id, [file], options, submitted_by="local", plan_digest=plan)
        (job,) = self.work.claim(batch_id, lease_s=3600)
        return job

    def shown(self, job: "ClaimedJob") -> "Artefact":
        """What the job shows beside its results."""
        key = f"{job.fence}" * 64
        return self.work.artefact(job, "text").model_copy(update={"key": key, "object_name": public_name(TENANT, "publish", key, "txt")})

    def end(self, job: "ClaimedJob", *, seconds: float = 1) -> None:
        """Publish, `seconds` after what was before by the clock, and take back what is to be taken back."""
        self.clock.pass_seconds(seconds)
        end = replace(self.work.end(job), published=(self.shown(job),))
        assert end.results is not None
        for name in (end.results.object_name, self.shown(job).object_name):
            self.room.store.create(name, b"shown")
        assert jobs.finish_jobs(self.work.ledger, TENANT, [end]) == []
        withdraw_unredacted(self.room, [job.document_id])

    def is_shown(self, job: "ClaimedJob") -> set[bool]:
        """Whether its results and its text lie under public/."""
        results = self.work.end(job).results
        assert results is not None
        return {self.room.store.exists(name) for name in (results.object_name, self.shown(job).object_name)}

    def current(self, job: "ClaimedJob") -> str:
        return documents.current_result(self.work.ledger, TENANT, job.document_id).job_id


@pytest.fixture
def papers(work: "Work", tmp_path: "Path", clock: "Clock") -> Papers:
    return Papers(work, tmp_path / "home", clock)


def test_an_open_attempt_that_ends_after_a_later_redacted_one_shows_nothing(papers: Papers) -> None:
    late, redacted = papers.begin(redact=False), papers.begin(redact=True)
    papers.end(redacted)
    papers.end(late)
    assert papers.current(late) == redacted.job_id
    assert (papers.is_shown(late), papers.is_shown(redacted)) == ({False}, {True})


def test_a_redacted_attempt_that_ends_late_takes_nothing_from_the_current_open_version(papers: Papers) -> None:
    late, current = papers.begin(redact=True), papers.begin(redact=False)
    papers.end(current)
    papers.end(late)
    assert papers.current(late) == current.job_id
    assert (papers.is_shown(late), papers.is_shown(current)) == ({True}, {True})
    assert papers.knowledge.forgotten == []


@pytest.mark.parametrize("seconds", [-600, 0])
def test_a_clock_that_was_put_back_or_stood_still_changes_nothing(papers: Papers, seconds: float) -> None:
    before = papers.begin(redact=False)
    papers.end(before)
    redacted = papers.begin(redact=True)
    papers.end(redacted, seconds=seconds)
    assert (papers.is_shown(before), papers.is_shown(redacted)) == ({False}, {True})
    again = papers.begin(redact=False)
    papers.end(again, seconds=seconds)
    assert (papers.current(again), papers.is_shown(again)) == (again.job_id, {True})


def test_what_a_later_open_attempt_has_shown_so_far_stays(papers: Papers) -> None:
    redacted, later = papers.begin(redact=True), papers.begin(redact=False)
    papers.room.store.create(papers.shown(later).object_name, b"shown")
    made = papers.work.outcome(later, "document", papers.shown(later))
    jobs.fold_outcomes(papers.work.ledger, TENANT, run_id="run-2", outcomes=[made], progress=[])
    papers.end(redacted)
    assert papers.room.store.exists(papers.shown(later).object_name)
    assert papers.knowledge.forgotten == []
    papers.end(later)
    assert (papers.current(later), papers.is_shown(later)) == (later.job_id, {True})


@pytest.mark.parametrize("redact_first", [True, False])
def test_what_an_attempt_showed_before_it_was_cancelled_goes_with_the_next_sweep(papers: Papers, *, redact_first: bool) -> None:
    order = [papers.begin(redact=redact_first), papers.begin(redact=not redact_first)]
    redacted, cancelled = order if redact_first else order[::-1]
    papers.room.store.create(papers.shown(cancelled).object_name, b"shown")
    made = papers.work.outcome(cancelled, "document", papers.shown(cancelled))
    jobs.fold_outcomes(papers.work.ledger, TENANT, run_id="run-2" if redact_first else "run-1", outcomes=[made], progress=[])
    papers.end(redacted)
    assert withdraw_in_vain(papers.room) == 0, "it is under way"
    jobs.request_cancel(papers.work.ledger, TENANT, cancelled.job_id)
    papers.clock.pass_seconds(4000)
    jobs.cancel_lost(papers.work.ledger, TENANT, [cancelled.job_id], before=papers.clock())
    assert withdraw_in_vain(papers.room) == (1 if redact_first else 0)
    assert not papers.room.store.exists(papers.shown(cancelled).object_name)
    assert papers.is_shown(redacted) == {True}


def test_chunks_of_a_late_open_attempt_go_while_a_later_redacted_one_is_under_way(papers: Papers) -> None:
    late, redacted = papers.begin(redact=False, index=True), papers.begin(redact=True, index=True)
    papers.end(redacted)
    papers.begin(redact=True, index=True)  # may come to nothing
    papers.knowledge.forgotten.clear()
    papers.end(late)
    assert papers.knowledge.forgotten == [late.document_id]


def test_an_index_that_does_not_answer_keeps_no_object_public_and_no_other_document_from_being_hidden(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, redacted = papers.begin(redact=False, index=True), papers.begin(redact=True, index=True)
    papers.end(redacted)
    promised = ending(papers, late)

    def away(*_: object) -> int:
        raise StoreUnavailable("the index is away")

    with monkeypatch.context() as broken:
        broken.setattr(papers.knowledge, "hide", away)
        with pytest.raises(StoreUnavailable):
            papers.end(late)
        assert papers.is_shown(late) == {False}
        other = withdrawals_prefix(TENANT) + "0" * 26
        papers.room.store.create(other, b"0" * 32)  # a document that is gone: nothing is to be hidden
        with pytest.raises(StoreUnavailable):
            withdraw_promised(papers.room)
        assert promises(papers) == [withdrawals_prefix(TENANT) + promised[0]]
    papers.knowledge.forgotten.clear()
    withdraw_promised(papers.room)
    assert (papers.knowledge.forgotten, promises(papers)) == ([late.document_id], [])


class Died(Exception):
    """The process ended here."""


def promises(papers: Papers) -> list[str]:
    return [info.name for info in papers.room.store.list(withdrawals_prefix(TENANT))]


def ending(papers: Papers, job: "ClaimedJob") -> list[str]:
    """What a run does about the attempt before it tells the ledger that it ended."""
    return list(promise_hiding(papers.room, [papers.work.end(job)], {job.job_id} if job.options.redact else set()))


def died_after_end(papers: Papers, job: "ClaimedJob", monkeypatch: pytest.MonkeyPatch) -> None:
    ending(papers, job)
    with monkeypatch.context() as patch:
        patch.setattr("test_withdrawing.withdraw_unredacted", lambda *_: None)
        papers.end(job)


def test_a_run_that_died_when_the_ledger_knew_the_redacted_version_leaves_the_promise(
    papers: Papers, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = papers.begin(redact=False)
    assert ending(papers, before) == []
    papers.end(before)
    redacted = papers.begin(redact=True)
    ending(papers, redacted)
    assert withdraw_promised(papers.room) == 0, "its attempt is still under way"
    assert (papers.is_shown(before), len(promises(papers))) == ({True}, 1)
    died_after_end(papers, redacted, monkeypatch)
    assert papers.is_shown(before) == {True}
    assert withdraw_promised(papers.room) == 2
    assert (papers.is_shown(before), papers.is_shown(redacted), promises(papers)) == ({False}, {True}, [])


def test_an_open_attempt_that_ended_late_is_hidden_whoever_died(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    late, redacted = papers.begin(redact=False), papers.begin(redact=True)
    assert ending(papers, late) == [], "nothing is hidden yet"
    kept = ending(papers, redacted)
    papers.end(redacted)
    withdraw_promised(papers.room, kept)
    assert len(promises(papers)) == 1, "the attempt before it may still publish"
    with monkeypatch.context() as patch:
        patch.setattr("test_withdrawing.withdraw_unredacted", lambda *_: None)
        papers.end(late)
    assert papers.is_shown(late) == {True}
    assert withdraw_promised(papers.room) == 2
    assert (papers.is_shown(late), papers.is_shown(redacted), promises(papers)) == ({False}, {True}, [])


def test_the_promise_of_an_attempt_that_was_lost_takes_nothing_from_an_open_version(papers: Papers) -> None:
    first = papers.begin(redact=False)
    papers.end(first)
    lost = papers.begin(redact=True)
    ending(papers, lost)
    again = papers.begin(redact=False)
    papers.end(again)
    withdraw_promised(papers.room)
    assert len(promises(papers)) == 1, "nobody knows yet that it is lost"
    papers.clock.pass_seconds(3601)
    batch_id = jobs.job_view(papers.work.ledger, TENANT, lost.job_id).batch_id
    assert batch_id is not None
    assert [job.job_id for job in papers.work.claim(batch_id)] == [lost.job_id]
    withdraw_promised(papers.room)
    assert (papers.is_shown(first), papers.is_shown(again), promises(papers)) == ({True}, {True}, [])


def test_a_document_without_open_jobs_costs_no_promise(papers: Papers) -> None:
    assert ending(papers, papers.begin(redact=True)) == []


def test_a_promise_goes_by_fences_and_waits_for_earlier_attempts(papers: Papers) -> None:
    """A version that hides more takes back all before it: also what was accepted after it, and what ends after it."""
    first = papers.begin(redact=True)
    papers.end(first)
    running = papers.begin(redact=True)
    papers.clock.pass_seconds(-3600)  # so that this one's id, which begins with the time, is lower than those before it
    hides_more = papers.begin(redact=True)
    assert hides_more.job_id < first.job_id
    promise_withdrawal(papers.room, hides_more)
    papers.end(hides_more)
    assert withdraw_promised(papers.room, [hides_more.job_id]) == 2
    assert (papers.is_shown(first), papers.is_shown(hides_more)) == ({False}, {True})
    papers.end(running)
    assert papers.is_shown(running) == {True}
    assert withdraw_promised(papers.room) == 2
    assert (papers.is_shown(running), papers.is_shown(hides_more)) == ({False}, {True})
    assert list(papers.room.store.list(withdrawals_prefix(TENANT))) == []
    assert jobs.job_view(papers.work.ledger, TENANT, running.job_id).state is JobState.COMPLETED
