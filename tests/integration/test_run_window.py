"""A run claims its batch as it goes: what it holds at once is bounded, and nothing of the batch is left."""

import pytest
from shard_documents import begin, write_damaged, write_text

from docmill.services.batches import batch_jobs, batch_view
from docmill.services.jobs import attempts_of, cancel_run
from docmill.services.milling import mill_shard
from docmill.services.milling.lease import write_lease
from docmill.services.running import run as running
from docmill.services.running.plan import guess_cost_s
from docmill.services.running.run import BatchRun
from docmill.values.jobs import JobState

WINDOW = 3


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setattr(running, "WINDOW", WINDOW)


def milled(run, waiting):
    """Mill a shard of a run and fold it."""
    write_lease(run.room.store, run.room.tenant, run.run_id, stop=False)
    shard = waiting.pop()
    waiting += run.fold(shard, mill_shard(shard, True))


def by_state(run):
    return batch_view(run.room.ledger, run.room.tenant, run.batch_id).by_state


def test_a_run_never_holds_more_jobs_than_its_window(room, tmp_path):
    files = [write_text(tmp_path / f"{n}.txt") for n in range(6)]
    # one that ends at inspection: where a whole window does, the next one must follow at once
    run = begin(room, [*files[:3], *(write_damaged(tmp_path / f"{n}.pdf") for n in range(4)), *files[3:]], index=False)
    assert (run.total, len(run.tracked)) == (10, WINDOW)
    waiting, totals = run.first_shards(), []
    for _ in range(200):
        if not waiting:
            break
        totals.append(run.total)
        assert len(run.tracked) <= WINDOW
        assert by_state(run).get("running", 0) <= WINDOW
        milled(run, waiting)
    assert by_state(run) == {"completed": 6, "failed": 4}
    assert run.total == 0
    assert totals == sorted(totals, reverse=True), "progress never goes back"


def test_two_runs_share_a_batch_and_leave_nothing(room, tmp_path):
    first = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(8)], index=False)
    second = BatchRun(room, first.batch_id, "run-second", workers=0, lease_s=60)
    assert len(second.tracked) == WINDOW
    assert not set(first.tracked) & set(second.tracked)
    open_shards = {run: run.first_shards() for run in (first, second)}
    for _ in range(200):
        busy = [run for run, waiting in open_shards.items() if waiting]
        if not busy:
            break
        for run in busy:
            milled(run, open_shards[run])
    assert by_state(first) == {"completed": 8}
    tries = [len(attempts_of(room.ledger, room.tenant, job.job_id)) for job in batch_jobs(room.ledger, room.tenant, first.batch_id)]
    assert tries == [1] * 8


def test_a_run_that_is_cancelled_cancels_what_it_has_not_claimed_yet(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    assert len(cancel_run(room.ledger, room.tenant, run.run_id)) == 7
    assert by_state(run) == {JobState.CANCELLED: 7}


def test_many_workers_widen_the_window(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    assert run.estimated_s == pytest.approx(7 * guess_cost_s(20, "text/plain")), "the guess is of the whole batch"
    run.workers = 1
    run.first_shards()
    assert len(run.tracked) == 7
