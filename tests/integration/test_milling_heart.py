"""The heart of a run: it beats on whatever the flow process is busy with, and never after the stop."""

import json
import threading
import time

import pytest
from faulty_store import FAULTS, Fault, use_faulty_store
from fresh_ledgers import fresh_ledger
from shard_documents import at_least, begin, until, write_text

from docmill.services.milling.lease import LeaseWatch
from docmill.services.milling.work import mill_shard
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.settings import settings


@pytest.fixture
def run(home, monkeypatch, tmp_path):
    """A run whose lease is renewed every 50 ms, over a store that can fail."""
    use_faulty_store(monkeypatch, tmp_path / "objects")
    monkeypatch.setenv("DOCMILL_LEASE_RENEW_S", "0.05")
    monkeypatch.setattr("docmill.services.running.heart.BEAT_S", 0.05)
    settings.cache_clear()
    home.mkdir(mode=0o700)
    fresh_ledger(settings().resolved_ledger_url)
    room = Room.open(settings())
    yield begin(room, [write_text(tmp_path / "a.txt")])
    FAULTS.clear()
    room.close()


def lease(run):
    return json.loads(run.room.store.read(f"private/{run.room.tenant}/runs/{run.run_id}/lease.json"))


def beats(run, within_s=5):
    """Whether the lease is renewed from now on."""
    now = time.time()
    return until(lambda: lease(run)["renewed_at"] > now, within_s, "the heart beats")


def test_it_beats_while_a_shard_is_being_folded(run):
    """Folding may take long: a commit of the knowledge base, a busy ledger. Workers must not stop for that."""
    for shard in run.first_shards():
        run.sent(shard)
    with Heart(run, lease_s=60), run._lock:
        assert beats(run)
        assert beats(run)


def test_it_beats_while_progress_cannot_be_seen(run):
    for shard in run.first_shards():
        run.sent(shard)
    FAULTS.append(Fault("list", "/runs/"))
    with Heart(run, lease_s=60):
        assert beats(run)
        at_least(lambda: FAULTS[0].met, 2)


def test_a_store_that_is_away_for_a_while_does_not_stop_it(run):
    with Heart(run, lease_s=60):
        FAULTS.append(Fault("replace", "lease", 5))
        assert beats(run)
        assert FAULTS[0].met == 5


def test_a_defect_does_not_stop_it(run, monkeypatch):
    monkeypatch.setattr(run, "progress_now", lambda: 1 // 0)
    with Heart(run, lease_s=60):
        assert beats(run)
        assert beats(run)


def test_the_stop_is_written_at_once_and_nothing_is_renewed_after_it(run):
    """Even when the heart's thread hangs in the ledger."""
    from docmill.services import jobs as ledger_jobs

    hanging, go_on = threading.Event(), threading.Event()
    real = ledger_jobs.renew_leases

    def slow(*args, **kwargs):
        hanging.set()
        go_on.wait(10)
        return real(*args, **kwargs)

    ledger_jobs.renew_leases = slow
    try:
        with Heart(run, lease_s=60) as heart:
            assert hanging.wait(5)
            stopper = threading.Thread(target=heart.stop)
            stopper.start()
            until(lambda: lease(run)["stop"], 1, "the stop is written")
            go_on.set()
            stopper.join(10)
    finally:
        ledger_jobs.renew_leases = real
    assert lease(run)["stop"]
    assert LeaseWatch(run.room.store, run.room.tenant, run.run_id, 30).should_stop()


def test_a_cancelled_job_leaves_the_run_and_workers_hear_of_it(run):
    from docmill.services import jobs as ledger_jobs

    (job_id,) = run.tracked
    (shard,) = run.first_shards()
    ledger_jobs.request_cancel(run.room.ledger, run.room.tenant, job_id)
    with Heart(run, lease_s=60):
        until(lambda: lease(run)["dropped"] == [job_id], 5, "the lease names the job")
        report = mill_shard(shard)
        assert report.outcomes == ()
        assert run.fold(shard, report) == []
    assert run.total == 0
    assert ledger_jobs.job_view(run.room.ledger, run.room.tenant, job_id).state.value == "cancelled"


def test_leaving_it_by_an_error_stops_workers(run):
    with pytest.raises(RuntimeError), Heart(run, lease_s=60):
        assert not lease(run)["stop"]
        raise RuntimeError
    assert lease(run)["stop"]
