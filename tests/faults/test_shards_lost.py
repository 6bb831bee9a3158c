"""Clusters that refuse, stand still or die: the run ends in words, no document is blamed, the next run goes on."""

import os
import signal
import time

import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowProcess, FlowThread, jobs_of, published_once, query, taken_in, task_runs
from shard_documents import begun, begun_by, descendants, gone, in_the_middle, outcome_markers, run_ids, until, write_pages, write_slow_page

from docmill.errors import ClusterLost, VersionMismatch
from docmill.settings import settings
from docmill.values.jobs import JobState


@pytest.fixture
def use(monkeypatch):
    def on(servers, **environment):
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        for name, value in environment.items():
            monkeypatch.setenv(f"DOCMILL_{name.upper()}", str(value))
        settings.cache_clear()

    return on


def all_that_counts(room):
    """Job states, documents with their current versions, versions, attempts."""
    return [
        query(room, "SELECT * FROM jobs ORDER BY job_id"),
        query(room, "SELECT * FROM documents ORDER BY document_id"),
        query(room, "SELECT * FROM result_versions ORDER BY version_id"),
        query(room, "SELECT * FROM attempts ORDER BY job_id, number"),
    ]


def states(room, batch_id):
    return {job.state for job in jobs_of(room, batch_id).values()}


@pytest.mark.slow
def test_workers_of_another_version_are_refused_and_not_asked_again(use, room, tmp_path, prefect_server):
    with DaskServers(tmp_path / "dask", workers=1, faults={"version": "0.0.1"}) as servers:
        use(servers)
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 1) for n in range(2)])
        with pytest.raises(VersionMismatch, match=r"this worker runs 0\.0\.1"):
            FlowThread(batch_id).end(60)
        assert begun(room) == {}
        assert {(state, count) for _, state, count in task_runs(batch_id)} == {("Failed", 1)}
        assert states(room, batch_id) == {JobState.RUNNING}, "no document is to blame"
    with DaskServers(tmp_path / "right", workers=1) as servers:  # workers were restarted: the next run goes on at once
        use(servers)
        FlowThread(batch_id).end(60)
        assert states(room, batch_id) <= PUBLISHED


@pytest.mark.slow
def test_a_cluster_that_stands_still_is_lost_within_its_deadline(use, room, tmp_path, prefect_server):
    with DaskServers(tmp_path / "dask", workers=1, nanny=False) as servers:
        use(servers, stall_deadline_s=4, page_deadline_s=3, document_deadline_s=3, retry_delay_s=60)
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 4) for n in range(2)])
        flow = FlowThread(batch_id)
        pid, _ = until(lambda: in_the_middle(room, 4), 90, "the worker is in the middle of a shard")
        os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        with pytest.raises(ClusterLost, match="has moved for"):
            flow.end(60)
        lost_after_s = time.monotonic() - stopped
        assert 4 < lost_after_s < 30, "no retry delay is waited for"
        assert states(room, batch_id) == {JobState.RUNNING}
        leases_end = query(room, "SELECT count(*) FROM run_leases WHERE lease_until > datetime('now', '+1 second')")
        assert leases_end == [(0,)], "leases were given back"
        done = sum(len(outcome_markers(room, r, "read")) for r in run_ids(room))
        os.kill(pid, signal.SIGCONT)
        use(servers, stall_deadline_s=60, page_deadline_s=60, document_deadline_s=60)
        FlowThread(batch_id).end(120)
        assert states(room, batch_id) <= PUBLISHED
        assert published_once(room, batch_id)
        assert sum(begun(room, "read").values()) <= 8 + 1, f"{done} pages were done before and not again"
        print(f"lost {lost_after_s:.1f} s after the worker was stopped")  # noqa: T201 - a figure for `pytest -s`


@pytest.mark.slow
def test_a_shard_in_the_queue_behind_a_slow_one_is_not_called_stalled(use, room, tmp_path, prefect_server):
    with DaskServers(tmp_path / "dask", workers=1) as servers:
        use(servers, stall_deadline_s=1, page_deadline_s=100)
        slow = write_slow_page(tmp_path / "a.tif", height_px=1000)
        batch_id = taken_in(room, [slow, *(write_pages(tmp_path / f"b{n}.tif", 1) for n in range(2))])
        FlowThread(batch_id).end(200)
        assert states(room, batch_id) <= PUBLISHED
        slowest = max(m["seconds"] for r in run_ids(room) for m in outcome_markers(room, r, "read"))
        assert slowest > 2, "nothing moved for longer than the stall deadline"
        assert {(state, count) for _, state, count in task_runs(batch_id)} == {("Completed", 1)}


@pytest.mark.slow
def test_a_dead_scheduler_loses_the_run_and_no_document(use, room, tmp_path, prefect_server):
    with DaskServers(tmp_path / "dask") as servers:
        use(servers)
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 4) for n in range(4)])
        flow = FlowThread(batch_id)
        until(lambda: in_the_middle(room, 4), 90, "a worker is in the middle of a shard")
        servers.scheduler.kill()
        killed = time.monotonic()
        with pytest.raises(ClusterLost):
            flow.end(90)
        lost_after_s = time.monotonic() - killed
        assert states(room, batch_id) == {JobState.RUNNING}
        held = {pid for pid, _ in begun_by(room, "read")}
        below = [p for pid in held for p in descendants(pid)]
        assert gone(below, 15) == [], "workers that lost their scheduler leave no cell at work"
        twice = begun(room, "read")

    with DaskServers(tmp_path / "again") as servers:
        use(servers)
        FlowThread(batch_id).end(120)
        assert states(room, batch_id) <= PUBLISHED
        assert {job.attempts for job in jobs_of(room, batch_id).values()} == {2}
        assert published_once(room, batch_id)
        in_hand = {item for item, n in begun(room, "read").items() if n > 1}
        assert len(in_hand) <= 2, "only what the two workers held was begun again"
        assert in_hand <= set(twice)
        print(f"lost {lost_after_s:.1f} s after the scheduler was killed")  # noqa: T201 - as above


def test_no_scheduler_at_all(room, tmp_path, prefect_server, monkeypatch):
    from blocks import dask_cluster

    monkeypatch.setattr(dask_cluster, "OPEN_LIMIT_S", 2)
    monkeypatch.setenv("DOCMILL_DASK_ADDRESS", "tcp://127.0.0.1:9")
    settings.cache_clear()
    batch_id = taken_in(room, [write_pages(tmp_path / "a.tif", 1)])
    with pytest.raises(ClusterLost, match="does not answer"):
        FlowThread(batch_id).end(60)
    assert states(room, batch_id) == {JobState.RUNNING}


def test_a_scheduler_without_workers(use, room, tmp_path, prefect_server, monkeypatch):
    from blocks import dask_cluster

    monkeypatch.setattr(dask_cluster, "OPEN_LIMIT_S", 2)
    with DaskServers(tmp_path / "dask", workers=0) as servers:
        use(servers)
        batch_id = taken_in(room, [write_pages(tmp_path / "a.tif", 1)])
        with pytest.raises(ClusterLost, match="has no worker"):
            FlowThread(batch_id).end(60)


@pytest.mark.slow
def test_a_flow_process_that_stood_still_past_its_lease_changes_nothing_later(use, room, tmp_path, prefect_server):
    """Another run took its jobs meanwhile: what it folds and ends afterwards is refused, by its older fence."""
    with DaskServers(tmp_path / "dask") as servers:
        use(servers, lease_limit_s=3, lease_renew_s=1)
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 4) for n in range(4)])
        with FlowProcess(batch_id, tmp_path, prefect_server) as late:
            until(lambda: in_the_middle(room, 4), 120, f"a worker is in the middle of a shard {late.output[-2000:]}")
            late.send(signal.SIGSTOP)
            stopped = time.monotonic()
            until(lambda: time.monotonic() - stopped > 2 * 3 + 1, 30, "the ledger's lease has ended")
            FlowThread(batch_id).end(120)
            assert states(room, batch_id) <= PUBLISHED
            assert {job.attempts for job in jobs_of(room, batch_id).values()} == {2}
            assert published_once(room, batch_id)
            before = all_that_counts(room)
            late.send(signal.SIGCONT)
            late.end(60)
        assert all_that_counts(room) == before
