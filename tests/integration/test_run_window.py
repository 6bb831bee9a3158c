"""A run claims its whole batch and looks at a window of it: what it remembers is bounded, and nothing of the batch is left."""

from types import SimpleNamespace

import pytest
from shard_documents import begin, write_damaged, write_text

from docmill.errors import LedgerUnavailable
from docmill.services import jobs
from docmill.services.batches import batch_view
from docmill.services.intake import take_in
from docmill.services.jobs import attempts_of, cancel_asked, cancel_run, give_back, renew_leases, request_cancel
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.running import run as running
from docmill.services.running.plan import guess_cost_s
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

WINDOW = 3


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setattr(running, "WINDOW", WINDOW)


def drained(run, look=lambda: None):
    """Mill and fold all shards of a run."""
    waiting = run.first_shards()
    for _ in range(200):
        if not waiting:
            return
        look()
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
    totals = []

    def look():
        totals.append(run.total)
        assert len(run.tracked) <= WINDOW
        assert "accepted" not in by_state(run), "nobody else may take what waits"

    drained(run, look)
    assert by_state(run) == {"completed": 6, "failed": 4}
    assert run.total == 0
    assert totals == sorted(totals, reverse=True), "progress never goes back"


def test_what_a_run_has_not_looked_at_is_its_own(room, tmp_path):
    first = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(8)], index=False)
    assert BatchRun(room, first.batch_id, "run-second", workers=0, lease_s=60).total == 0
    drained(first)
    assert by_state(first) == {"completed": 8}


def test_what_was_lost_or_cancelled_before_a_run_looked_at_it_is_left_alone(room, tmp_path):
    first = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(8)], index=False)
    cancelled, lost = first.waiting[0], first.waiting[1]
    request_cancel(room.ledger, room.tenant, cancelled, by="anna")
    assert cancel_asked(room.ledger, room.tenant, first.run_id) == [cancelled]
    give_back(room.ledger, room.tenant, first.run_id, [lost])
    second = BatchRun(room, first.batch_id, "run-second", workers=0, lease_s=60)
    assert list(second.tracked) == [lost]
    drained(first)
    assert by_state(first) == {"completed": 6, "running": 1, "cancelled": 1}
    drained(second)
    assert by_state(first) == {"completed": 7, "cancelled": 1}
    assert [len(attempts_of(room.ledger, room.tenant, job_id)) for job_id in (cancelled, lost)] == [1, 2]


def test_large_batches_are_claimed_in_parts(room, tmp_path, monkeypatch):
    monkeypatch.setattr(jobs, "CLAIMED_AT_ONCE", 3)
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    assert (run.total, by_state(run)) == (7, {"running": 7})


def test_a_run_that_is_cancelled_cancels_what_it_has_not_looked_at(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    assert len(cancel_run(room.ledger, room.tenant, run.run_id)) == 7
    assert by_state(run) == {JobState.CANCELLED: 7}


def test_many_workers_widen_the_window(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    assert run.estimated_s == pytest.approx(7 * guess_cost_s(20, "text/plain")), "the guess is of the whole batch"
    run.workers = 1
    run.first_shards()
    assert len(run.tracked) == 7


def test_a_run_that_comes_again_under_its_own_id_takes_all_it_had(room, tmp_path, monkeypatch):
    """A flow run that Prefect starts anew keeps its id; the first part that it claims must not make the rest look alive."""
    monkeypatch.setattr(jobs, "CLAIMED_AT_ONCE", 3)
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(7)], index=False)
    renew_leases(room.ledger, room.tenant, run.run_id, lease_s=0)
    again = BatchRun(room, run.batch_id, run.run_id, workers=0, lease_s=60)
    assert again.total == 7
    drained(again)
    assert by_state(run) == {"completed": 7}


def test_a_claim_that_breaks_half_way_is_given_back(room, tmp_path, monkeypatch):
    from flows import milling

    monkeypatch.setattr(jobs, "CLAIMED_AT_ONCE", 3)
    batch_id, _ = take_in(
        room, files_of([str(write_text(tmp_path / f"{n}.txt")) for n in range(7)], room.settings), MillOptions(index=False)
    )
    real, parts = jobs._claim, []

    def broken(*args, **more):
        parts.append(args)
        if len(parts) == 3:
            raise LedgerUnavailable("away")
        return real(*args, **more)

    monkeypatch.setattr(jobs, "_claim", broken)
    monkeypatch.setattr(milling, "flow_run", SimpleNamespace(id="run-broken"))
    with pytest.raises(LedgerUnavailable):
        milling.mill_batch(room, batch_id)
    monkeypatch.setattr(jobs, "_claim", real)
    assert BatchRun(room, batch_id, "run-next", workers=0, lease_s=60).total == 7
