"""The life of a job in the ledger until it ends: claims, leases, fences, progress, what a shard brings back; on both databases.

Ends stand in test_ledger_ends.py, cancelling in test_ledger_cancelling.py.
"""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_fixtures import running

from docmill.errors import NotFound
from docmill.services import documents, jobs
from docmill.storage.ledger import open_ledger, upgrade_ledger
from docmill.storage.ledger.engine import make_engine
from docmill.storage.ledger.tables_results import ARTEFACTS, PAGES
from docmill.values.jobs import JobState

if TYPE_CHECKING:
    from ledger_fixtures import Clock, Work

pytest_plugins = ("ledger_fixtures",)


def test_a_claimed_job_carries_what_its_run_needs(work: "Work") -> None:
    batch_id, registered = work.one(1)
    (job,) = work.claim(batch_id, run_id="run-9")
    assert (job.job_id, job.document_id) == (registered.job_id, registered.document_id)
    assert (job.sha256, job.size_bytes, job.media_type) == (work.file(1).sha256, 101, "application/pdf")
    assert (job.fence, job.count, job.tenant, job.accepted_at) == (1, 0, work.tenant, work.ledger.now())
    view = work.view(job.job_id)
    assert (view.state, view.attempts, view.started_at) == (JobState.RUNNING, 1, work.ledger.now())
    (attempt,) = jobs.attempts_of(work.ledger, work.tenant, job.job_id)
    assert (attempt.number, attempt.fence, attempt.flow_run_id, attempt.end_reason) == (1, 1, "run-9", None)


def test_of_many_claimers_at_once_exactly_one_wins_each_job(work: "Work", ledger_url: str, clock: "Clock") -> None:
    batch_id = work.batch(total_files=30)
    work.register(batch_id, *(work.file(n) for n in range(30)))
    gate, claims, failures = threading.Barrier(4), [], []

    def claim(run_id: str) -> None:
        own = open_ledger(ledger_url, now=clock)
        try:
            gate.wait()
            claims.append({job.job_id for job in jobs.claim_jobs(own, work.tenant, batch_id, run_id=run_id, lease_s=30)})
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=claim, args=(f"run-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(map(len, claims)) == [0, 0, 0, 30]


def test_an_expired_lease_is_taken_over_and_the_late_writer_changes_nothing(work: "Work", clock: "Clock") -> None:
    batch_id, registered = work.one(1)
    (old,) = work.claim(batch_id, run_id="old", lease_s=30)
    clock.pass_seconds(29)
    assert work.claim(batch_id) == [], "the lease still holds"
    clock.pass_seconds(1)
    (new,) = work.claim(batch_id, run_id="new")
    assert (new.job_id, new.fence) == (registered.job_id, old.fence + 1)
    first, second = jobs.attempts_of(work.ledger, work.tenant, new.job_id)
    assert (first.end_reason, first.ended_at, second.end_reason) == ("lease_lost", clock(), None)
    assert work.view(new.job_id).attempts == 2

    before = work.everything()
    late = work.outcome(old, "page-1", words=3)
    assert work.finish(work.end(old)) == [old.job_id]
    assert jobs.fold_outcomes(work.ledger, work.tenant, run_id="old", outcomes=[late], progress=[work.progress(old, 90)]) == [old.job_id]
    jobs.update_progress(work.ledger, work.tenant, [work.progress(old, 95)])
    assert jobs.cancel_run(work.ledger, work.tenant, "old") == []
    assert work.everything() == before
    jobs.renew_leases(work.ledger, work.tenant, "old", 99)
    assert {**work.everything(), "run_leases": before["run_leases"]} == before, "its lease is of nothing"

    assert work.finish(work.end(new)) == []
    assert work.view(new.job_id).state is JobState.COMPLETED


def test_a_renewed_lease_holds(work: "Work", clock: "Clock") -> None:
    batch_id = work.batch(total_files=2)
    work.register(batch_id, work.file(1), work.file(2))
    work.claim(batch_id, run_id="mine", lease_s=30)
    clock.pass_seconds(20)
    jobs.renew_leases(work.ledger, work.tenant, "mine", 30)
    clock.pass_seconds(20)
    assert work.claim(batch_id) == []


def test_a_lease_renewed_while_jobs_end_meets_none_of_them(work: "Work", ledger_url: str, clock: "Clock") -> None:
    """A renewal that writes to every attempt meets the end of a shard in another order: PostgreSQL ends one of the two as deadlocked."""
    count = 1500
    batch_id = work.batch(total_files=count)
    work.register(batch_id, *(work.file(n) for n in range(count)))
    held = work.claim(batch_id, run_id="run")
    over, failures, renewed = threading.Event(), [], 0
    own = open_ledger(ledger_url, now=clock)

    def renew() -> None:
        nonlocal renewed
        while not over.is_set():
            try:
                jobs.renew_leases(own, work.tenant, "run", 60)
            except Exception as error:  # noqa: BLE001 - handed to the main thread
                failures.append(error)
            renewed += 1

    heart = threading.Thread(target=renew)
    heart.start()
    try:
        backwards = held[::-1]
        for first in range(0, count, 150):
            assert work.finish(*(work.end(job) for job in backwards[first : first + 150])) == []
    finally:
        over.set()
        heart.join()
        own.close()
    assert (failures, renewed > 0) == ([], True)


def test_a_run_that_gave_its_lease_back_may_claim_again(work: "Work", clock: "Clock") -> None:
    batch_id, _ = work.one(1)
    work.claim(batch_id, run_id="mine", lease_s=30)
    jobs.renew_leases(work.ledger, work.tenant, "mine", 0)
    (again,) = work.claim(batch_id, run_id="mine", lease_s=30)
    clock.pass_seconds(29)
    assert work.claim(batch_id, run_id="other") == []
    first, second = jobs.attempts_of(work.ledger, work.tenant, again.job_id)
    assert (first.end_reason, second.lease_until) == ("lease_lost", clock() + timedelta(seconds=1))


def test_leases_from_before_they_were_a_runs_still_hold(work: "Work", ledger_url: str, clock: "Clock") -> None:
    batch_id, _ = work.one(1)
    work.claim(batch_id, run_id="mine", lease_s=30)
    engine = make_engine(ledger_url)
    with engine.begin() as conn:
        conn.execute(sa.text("DROP TABLE run_leases"))
        conn.execute(sa.text("DROP INDEX ix_attempts_batch_id"))
        conn.execute(sa.text("DROP INDEX ix_jobs_tenant_id_finished_at"))
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '0011'"))
    engine.dispose()
    upgrade_ledger(ledger_url)
    assert work.claim(batch_id, run_id="other") == []
    jobs.renew_leases(work.ledger, work.tenant, "mine", 60)
    clock.pass_seconds(50)
    assert work.claim(batch_id, run_id="other") == []


def test_fold_notes_artefacts_pages_and_progress(work: "Work") -> None:
    job = running(work)
    words = work.artefact(job, "page_words", prefix="private", page=1)
    outcomes = [
        work.outcome(job, "page-1", words, source="ocr", confidence=0.5, words=7),
        work.outcome(job, "page-2", source="text", words=1),
    ]
    steps = [work.progress(job, 10), work.progress(job, 30)]
    for _ in range(2):  # the same shard folded again is no error
        assert jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=outcomes, progress=steps) == []
    again = work.outcome(job, "page-1", words, source="ocr", confidence=0.9, words=8)
    jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=[again], progress=[])
    with work.ledger.reading() as conn:
        pages = conn.execute(sa.select(PAGES.c.page, PAGES.c.source, PAGES.c.confidence, PAGES.c.words).order_by(PAGES.c.page)).all()
    assert pages == [(1, "ocr", 0.9, 8), (2, "text", None, 1)]
    view = work.view(job.job_id)
    assert (view.stage, view.progress, view.message, view.current, view.total) == ("read", 30, "reading page 30/100", 30, 100)
    work.finish(work.end(job))
    names = {a.name: a for a in documents.artefacts_of(work.ledger, work.tenant, job.document_id)}
    assert set(names) == {"page_words", "text", f"results-{job.job_id}"}
    assert names["page_words"] == words
    with work.ledger.reading() as conn:
        kept = conn.execute(sa.select(ARTEFACTS.c.name, ARTEFACTS.c.prefix, ARTEFACTS.c.sensitivity).order_by(ARTEFACTS.c.name)).all()
    assert kept == [
        ("page_words", "private", "restricted"),
        (f"results-{job.job_id}", "public", "public"),
        ("text", "public", "public"),
    ]


def test_a_rerun_shares_the_artefacts_it_found(work: "Work") -> None:
    first = running(work)
    words = work.artefact(first, "page_words", prefix="private", page=1)
    jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=[work.outcome(first, "page-1", words)], progress=[])
    work.finish(work.end(first))
    (second,) = work.claim(work.one(1, force=True)[0], run_id="again")
    jobs.fold_outcomes(work.ledger, work.tenant, run_id="again", outcomes=[work.outcome(second, "page-1", words)], progress=[])
    work.finish(work.end(second))
    names = [a.name for a in documents.artefacts_of(work.ledger, work.tenant, first.document_id)]
    assert sorted(names) == ["page_words", f"results-{second.job_id}", "text"]


def test_fold_of_an_unknown_job_is_dropped(work: "Work") -> None:
    job = running(work)
    ghost = work.outcome(job, "page-1", work.artefact(job)).model_copy(update={"job_id": "gone"})
    assert jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=[ghost], progress=[]) == ["gone"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(-5, 120), st.booleans(), st.booleans()), max_size=6))
def test_progress_never_falls(work: "Work", steps: list[tuple[int, bool, bool]]) -> None:
    (job,) = work.claim(work.one(1, force=True)[0], run_id="run")
    seen = [0]
    for progress, is_late, is_folded in steps:
        step = work.progress(job, progress, fence=job.fence - is_late)
        if is_folded:
            jobs.fold_outcomes(work.ledger, work.tenant, run_id="run", outcomes=[], progress=[step])
        else:
            jobs.update_progress(work.ledger, work.tenant, [step])
        seen.append(work.view(job.job_id).progress)
        assert seen[-1] == (seen[-2] if is_late else max(seen[-2], min(100, progress)))
    assert seen == sorted(seen)


def test_unknown_jobs(work: "Work") -> None:
    with pytest.raises(NotFound):
        jobs.request_cancel(work.ledger, work.tenant, "nothing")
    with pytest.raises(NotFound):
        work.view("nothing")
    assert jobs.attempts_of(work.ledger, work.tenant, "nothing") == []


def test_statements_do_not_grow_with_the_jobs(work: "Work") -> None:
    def statements_for(numbers: range) -> int:
        counted = []
        engine = work.ledger._engine
        sa.event.listen(engine, "before_cursor_execute", listener := lambda *_: counted.append(1))
        batch_id = work.batch(total_files=len(numbers))
        work.register(batch_id, *(work.file(n) for n in numbers))
        claimed = work.claim(batch_id, run_id=batch_id)
        outcomes = [work.outcome(job, "page-1", work.artefact(job)) for job in claimed]
        steps = [work.progress(job, 50) for job in claimed]
        jobs.fold_outcomes(work.ledger, work.tenant, run_id=batch_id, outcomes=outcomes, progress=steps)
        assert work.finish(*(work.end(job) for job in claimed)) == []
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(counted)

    statements_for(range(2))  # the first use of a connection asks a little more
    assert statements_for(range(1000, 1005)) == statements_for(range(2000, 2200)) < 80
