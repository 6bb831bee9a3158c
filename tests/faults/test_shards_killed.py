"""kill -9 of a worker that provably holds a shard: nothing lost, nothing published twice, nothing done again but what was in flight."""

import os
import signal

import psutil
import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowThread, jobs_of, published_once, taken_in, task_runs
from shard_documents import begun, descendants, gone, held_by, in_the_middle, journal, outcome_markers, run_ids, until, write_pages

from docmill.settings import settings

PAGES, DOCUMENTS = 4, 3


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with DaskServers(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture
def on_address(servers, monkeypatch):
    monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
    settings.cache_clear()


@pytest.fixture
def on_local_cluster(monkeypatch):
    monkeypatch.setenv("DOCMILL_INLINE_SECONDS", "0")
    monkeypatch.setenv("DOCMILL_DASK_WORKERS", "2")
    settings.cache_clear()


def kill_in_the_middle(room):
    """Kill such a worker; the items it held."""
    pid, job_id = until(lambda: in_the_middle(room, PAGES), 90, "a worker is in the middle of a shard")
    below = descendants(pid)
    os.kill(pid, signal.SIGKILL)
    (run_id,) = run_ids(room)
    done = {m["item"] for m in outcome_markers(room, run_id, "read") if m["job_id"] == job_id}
    assert 0 < len(done) < PAGES, "it was killed after the first and before the last artefact"
    assert below, "it had a cell"
    assert gone(below, 3) == [], "cells die with their worker"
    return held_by(room, pid)


def milled_with_a_kill(room, tmp_path):
    paths = [write_pages(tmp_path / f"{n}.tif", PAGES, words_px=36) for n in range(DOCUMENTS)]
    batch_id = taken_in(room, paths)
    flow = FlowThread(batch_id)
    held = kill_in_the_middle(room)
    counts = flow.end(180)

    jobs = jobs_of(room, batch_id)
    assert len(jobs) == DOCUMENTS
    assert {job.state for job in jobs.values()} <= PUBLISHED, "every document is in a final state, none lost"
    assert counts["unfinished"] == counts["failed"] == counts["cancelled"] == 0
    assert {(job.page_count, job.attempts) for job in jobs.values()} == {(PAGES, 1)}
    assert published_once(room, batch_id)
    twice = {item: n for item, n in begun(room).items() if n > 1}
    assert twice == dict.fromkeys(held, 2), "only what was in flight was begun again"
    assert {state for _, state, _ in task_runs(batch_id)} == {"Completed"}


def test_on_an_address(on_address, room, tmp_path, prefect_server):
    milled_with_a_kill(room, tmp_path)


@pytest.mark.slow
def test_a_second_run_on_the_same_cluster_works_too(on_address, servers, room, tmp_path, prefect_server):
    """Every run registers its plugin with the scheduler; that must not stop workers for good."""
    for n in range(2):
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 2)])
        FlowThread(batch_id).end(120)
        assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED


@pytest.mark.slow
def test_a_worker_that_is_shut_down_in_order_hands_its_shard_on(on_address, servers, room, tmp_path, prefect_server):
    """Rolling restarts and scaling down must neither cancel the run nor count against the item in hand."""
    batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", PAGES) for n in range(DOCUMENTS)])
    flow = FlowThread(batch_id)
    pid, _ = until(lambda: in_the_middle(room, PAGES), 90, "a worker is in the middle of a shard")
    nanny = psutil.Process(pid).parent()
    nanny.send_signal(signal.SIGTERM)
    flow.end(120)
    started = servers.start_worker()
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert published_once(room, batch_id)
    cut = {(job_id, m.partition("/")[0]) for job_id in {j for j, _ in begun(room)} for m in journal(room, job_id) if m.endswith(".cut")}
    assert {item for item, n in begun(room).items() if n > 1} == cut
    assert {(state, count) for _, state, count in task_runs(batch_id)} == {("Completed", 1)}
    assert gone([nanny], 20) == []
    until(lambda: descendants(started.pid), 60, "the next tests find two workers")


@pytest.mark.slow
def test_on_a_local_cluster(on_local_cluster, room, tmp_path, prefect_server):
    before = set(descendants())
    milled_with_a_kill(room, tmp_path)
    assert gone(set(descendants()) - before, 10) == []
