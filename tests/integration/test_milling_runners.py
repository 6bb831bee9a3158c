"""Runners: a shard that somebody stopped goes on, unless the run itself was stopped."""

import json
import threading
import time

import pytest
from shard_documents import begin, journal, write_text

from blocks.runners import InlineRunner, RunSignals
from docmill.errors import Cancelled, ClusterLost, StageFailed
from docmill.services.milling.lease import write_lease
from docmill.values.jobs import ItemStatus


@pytest.fixture
def shard(room, tmp_path):
    (first,) = begin(room, [write_text(tmp_path / "a.txt")]).first_shards()
    return first


@pytest.fixture
def runner():
    made = InlineRunner()
    yield made
    made.close()


def signals():
    return RunSignals(still_s=lambda: 0.0, longest_item_s=lambda: 0.0)


def age_lease(room, shard):
    body = {"renewed_at": time.time() - 1000, "stop": False}
    room.store.replace(f"private/{room.tenant}/runs/{shard.run_id}/lease.json", json.dumps(body).encode())


def test_a_shard_stopped_by_an_old_lease_goes_on_when_the_lease_is_renewed(room, shard, runner):
    """The flow process was paused for longer than the limit (a laptop's lid): that is no cancellation."""
    age_lease(room, shard)
    renewing = threading.Timer(1.5, write_lease, (room.store, room.tenant, shard.run_id), {"stop": False})
    renewing.start()
    started = time.monotonic()
    report = runner.run(shard, signals(), last_try=False)
    assert time.monotonic() - started > 1.4
    assert [o.status for o in report.outcomes] == [ItemStatus.DONE]
    assert journal(room) == ["inspect-document/0-1.begun"]


def test_a_lease_that_stays_old_is_worth_another_try_later(room, shard, runner, monkeypatch):
    monkeypatch.setattr("blocks.runners.MOST_RESENDS", 2)
    monkeypatch.setattr("blocks.runners.RESEND_PAUSE_S", 0.01)
    age_lease(room, shard)
    signalled = signals()
    with pytest.raises(ClusterLost) as caught:
        runner.run(shard, signalled, last_try=False)
    assert caught.value.retryable
    assert not signalled.lost.is_set()
    assert journal(room) == []


def test_a_stopped_run_is_cancelled_and_begins_nothing(room, shard, runner):
    stopped = signals()
    stopped.stopped.set()
    with pytest.raises(Cancelled):
        runner.run(shard, stopped, last_try=False)
    assert journal(room) == []


def test_a_run_that_is_stopped_while_a_shard_waits_is_cancelled(room, shard, runner):
    age_lease(room, shard)
    stopping = signals()
    threading.Timer(0.3, stopping.stopped.set).start()
    with pytest.raises(Cancelled):
        runner.run(shard, stopping, last_try=False)


def test_surprises_name_their_type_only(shard, runner, monkeypatch):
    monkeypatch.setattr("blocks.runners.mill_shard", lambda *_: {}["Mr Miller owes 12 euros"])
    with pytest.raises(StageFailed) as caught:
        runner.run(shard, signals(), last_try=False)
    assert caught.value.message == "a worker raised KeyError"
    assert caught.value.__cause__ is None
