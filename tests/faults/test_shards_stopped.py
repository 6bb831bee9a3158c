"""A worker that stands still (SIGSTOP) past its lease: its work goes on elsewhere, and what it writes later changes nothing."""

import os
import signal

import psutil
import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowThread, jobs_of, published_once, query, taken_in, task_runs
from shard_documents import begun, gone, held_by, in_the_middle, outcome_markers, run_ids, until, write_pages

from docmill.settings import settings

PAGES, DOCUMENTS = 4, 4


@pytest.fixture
def servers(tmp_path, monkeypatch):
    # without nannies: those would kill a worker that stands still, and it could write nothing later
    with DaskServers(tmp_path / "dask", config={"distributed.scheduler.worker-ttl": "3s"}, nanny=False) as running:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", running.address)
        monkeypatch.setenv("DOCMILL_LEASE_LIMIT_S", "4")
        monkeypatch.setenv("DOCMILL_LEASE_RENEW_S", "1")
        settings.cache_clear()
        yield running


def all_that_counts(room):
    """Job states, outcomes, versions, current versions; and the results themselves."""
    versions = query(room, "SELECT * FROM result_versions ORDER BY version_id")
    results = query(room, "SELECT results_object FROM result_versions ORDER BY version_id")
    return (
        query(room, "SELECT * FROM jobs ORDER BY job_id"),
        versions,
        query(room, "SELECT * FROM documents ORDER BY document_id"),
        query(room, "SELECT * FROM attempts ORDER BY job_id, number"),
        [room.store.read(name) for (name,) in results],
        markers(room),
    )


def markers(room):
    found = [m for run_id in run_ids(room) for stage in ("inspect", "read", "publish") for m in outcome_markers(room, run_id, stage)]
    return sorted(found, key=lambda m: (m["job_id"], m["stage"], m["item"]))


def stopped_worker(room):
    """A worker in the middle of a shard, stopped while it holds a page; its process and what it holds."""
    while True:
        pid, _ = until(lambda: in_the_middle(room, PAGES), 90, "a worker is in the middle of a shard")
        os.kill(pid, signal.SIGSTOP)
        if held := held_by(room, pid):
            return psutil.Process(pid), held
        os.kill(pid, signal.SIGCONT)  # it was just between two pages


@pytest.mark.slow
def test_the_rest_is_done_elsewhere_and_late_writes_change_nothing(servers, room, tmp_path, prefect_server):
    batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", PAGES) for n in range(DOCUMENTS)])
    flow = FlowThread(batch_id)
    worker, held = stopped_worker(room)
    flow.end(120)
    assert worker.status() == psutil.STATUS_STOPPED
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert published_once(room, batch_id)
    assert {state for _, state, _ in task_runs(batch_id)} == {"Completed"}
    before = all_that_counts(room)

    begun_before = begun(room)
    worker.send_signal(signal.SIGCONT)
    assert gone([worker], 30) == [], "it learns that it is not wanted any more"
    assert all_that_counts(room) == before
    assert begun(room) == begun_before, "it begins nothing more"
    assert {item for item, n in begun_before.items() if n > 1} == held


@pytest.mark.slow
def test_it_comes_back_while_the_run_is_under_way(servers, room, tmp_path, prefect_server):
    batch_id = taken_in(room, [write_pages(tmp_path / f"{n:02d}.tif", PAGES) for n in range(5 * DOCUMENTS)])
    flow = FlowThread(batch_id)
    worker, held = stopped_worker(room)

    def noted_elsewhere():
        return [m for m in markers(room) if (m["job_id"], f"{m['stage']}-{m['item']}") in held]

    noted = until(noted_elsewhere, 60, "another worker has done what it held")
    assert flow.is_alive(), "the run is still under way"
    worker.send_signal(signal.SIGCONT)
    flow.end(180)
    assert noted_elsewhere() == noted, "the first outcome counts"
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert published_once(room, batch_id)
    assert {(job.page_count, job.attempts) for job in jobs_of(room, batch_id).values()} == {(PAGES, 1)}
    assert {state for _, state, _ in task_runs(batch_id)} == {"Completed"}
