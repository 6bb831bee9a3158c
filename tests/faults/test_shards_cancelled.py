"""Cancelling a run: queued shards never start, running items are cut within seconds, no child is left, nothing is tried again."""

import contextlib
import signal
import time
from uuid import UUID

import psutil
import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowProcess, FlowThread, jobs_of, published_once, taken_in, task_runs
from prefect.client.orchestration import get_client
from prefect.states import Cancelling
from shard_documents import begun, descendants, gone, journal, outcome_markers, programs, run_ids, until, write_pages, write_slow_page

from docmill.services.running.run import BatchRun
from docmill.settings import settings
from docmill.values.jobs import JobState

SLOW, QUEUED = 2, 4
CUT_WITHIN_S = 6.0


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with DaskServers(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture
def on(request, monkeypatch):
    """Where shards run: on the address, or on a cluster or in a thread of the flow process."""
    if request.param == "address":
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", request.getfixturevalue("servers").address)
    monkeypatch.setenv("DOCMILL_INLINE_SECONDS", "10000" if request.param == "inline" else "0")
    monkeypatch.setenv("DOCMILL_DASK_WORKERS", "2")
    settings.cache_clear()
    return request.param


def documents(folder, height_px=4000):
    """Two pages that take a minute each, and some that wait behind them."""
    folder.mkdir()
    slow = [write_slow_page(folder / f"a{n}.tif", height_px=height_px) for n in range(SLOW)]
    return slow + [write_pages(folder / f"b{n}.tif", 1) for n in range(QUEUED)]


def in_flight(room):
    """Pages that are begun and not ended."""
    ended = {(m["job_id"], f"read-{m['item']}") for run_id in run_ids(room) for m in outcome_markers(room, run_id, "read")}
    return set(begun(room, "read")) - ended


def reading(room, batch_id, flow, count):
    """Wait until as many slow pages as can be are being read, so that nothing else can begin; the processes at it and the pages."""
    slow = {(job.job_id, "read-page-1") for name, job in jobs_of(room, batch_id).items() if name.startswith("a")}

    def all_busy():
        held = in_flight(room)
        if len(held) != count or not held <= slow:
            return None
        with contextlib.suppress(psutil.NoSuchProcess):  # a program that has just ended its page
            running = programs()
            return ([p for program in running for p in (program, *program.parents()[:2])], held) if len(running) == count else None

    # the program, its cell, the cell's guardian
    working, held = until(all_busy, 120, "slow pages are being read")
    assert flow.process.poll() is None, flow.output[-3000:]
    return working, held


def cuts(room):
    jobs = {job_id for job_id, _ in begun(room)}
    return {(job_id, m.partition("/")[0]) for job_id in jobs for m in journal(room, job_id, "read") if m.endswith(".cut")}


def cancelled(room, batch_id, flow, signum, running):
    """Send the signal to a run that is to be cancelled; everything must be over within seconds."""
    at_work = ended(room, batch_id, flow, signum, running)
    assert {job.state for job in jobs_of(room, batch_id).values()} == {JobState.CANCELLED}, flow.output[-2000:]
    assert {job.error_code for job in jobs_of(room, batch_id).values()} == {"cancelled"}
    time.sleep(3)
    assert begun(room, "read") == at_work, "queued shards never start"


def ended(room, batch_id, flow, signum, running):
    """Send the signal; what is read is cut, and nothing else begins. Returns the pages that had begun."""
    working, held = reading(room, batch_id, flow, running)
    at_work = begun(room, "read")
    sent = time.monotonic()
    flow.send(signum)
    assert gone(working, CUT_WITHIN_S) == [], "running items are cut"
    cut_after_s = time.monotonic() - sent
    code = flow.end(60)
    ended_after_s = time.monotonic() - sent
    assert code != 0
    assert cuts(room) == held, f"tries that were cut do not count {flow.output[-3000:]}"
    assert programs() == []
    assert {count for _, _, count in task_runs(batch_id)} == {1}, "nothing is tried again"
    print(f"cut after {cut_after_s:.1f} s, flow process ended after {ended_after_s:.1f} s")  # noqa: T201 - a figure for `pytest -s`
    return at_work


def set_cancelling(room):
    """As somebody who cancels the run in Prefect: its worker sends the signal then."""
    (run_id,) = run_ids(room)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(UUID(str(run_id)), Cancelling(), force=True)


SIGNALS = [
    pytest.param("address", signal.SIGTERM, id="address-SIGTERM"),
    pytest.param("address", signal.SIGINT, id="address-SIGINT", marks=pytest.mark.slow),
    pytest.param("local", signal.SIGTERM, id="local-SIGTERM", marks=pytest.mark.slow),
    pytest.param("local", signal.SIGINT, id="local-SIGINT", marks=pytest.mark.slow),
    pytest.param("inline", signal.SIGTERM, id="inline-SIGTERM", marks=pytest.mark.slow),
    pytest.param("inline", signal.SIGINT, id="inline-SIGINT", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("on", "signum"), SIGNALS, indirect=["on"])
def test_a_signal_to_the_flow_process_of_a_run_that_is_cancelled(on, signum, room, tmp_path, prefect_server):
    batch_id = taken_in(room, documents(tmp_path / "in"))
    with FlowProcess(batch_id, tmp_path, prefect_server) as flow:
        if signum == signal.SIGTERM:  # Ctrl-C needs nobody else
            until(lambda: run_ids(room), 60, "the run has begun")
            set_cancelling(room)
        cancelled(room, batch_id, flow, signum, 1 if on == "inline" else 2)
        assert gone(descendants(flow.pid), 2) == []


@pytest.mark.parametrize(
    "on", ["address", pytest.param("local", marks=pytest.mark.slow), pytest.param("inline", marks=pytest.mark.slow)], indirect=True
)
def test_jobs_of_a_run_whose_worker_stops_go_on_with_the_next_run(on, room, tmp_path, prefect_server):
    batch_id = taken_in(room, documents(tmp_path / "in"))
    with FlowProcess(batch_id, tmp_path, prefect_server) as flow:
        ended(room, batch_id, flow, signal.SIGTERM, 1 if on == "inline" else 2)
        assert gone(descendants(flow.pid), 2) == []
    assert {job.state for job in jobs_of(room, batch_id).values()} == {JobState.RUNNING}, flow.output[-2000:]
    assert BatchRun(room, batch_id, "next", workers=1, lease_s=60).total == SLOW + QUEUED


def test_a_signal_while_the_cluster_is_being_opened(room, tmp_path, prefect_server, monkeypatch):
    with DaskServers(tmp_path / "dask", workers=0) as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        batch_id = taken_in(room, [write_pages(tmp_path / "a.tif", 1)])
        with FlowProcess(batch_id, tmp_path, prefect_server) as flow:
            until(lambda: run_ids(room), 60, "the run has begun")
            time.sleep(1)
            flow.send(signal.SIGTERM)
            assert flow.end(20) != 0
        assert BatchRun(room, batch_id, "next", workers=1, lease_s=60).total == 1


@pytest.mark.slow
@pytest.mark.parametrize("on", ["address"], indirect=True)
def test_the_workers_serve_the_next_run(on, room, tmp_path, prefect_server):
    batch_id = taken_in(room, [write_pages(tmp_path / "a.tif", 2)])
    FlowThread(batch_id).end(120)
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED


@pytest.mark.slow
@pytest.mark.parametrize("on", ["inline", "address", "local"], indirect=True)
def test_kill_9_of_the_flow_process(on, room, tmp_path, prefect_server, monkeypatch):
    """Nobody is left to say stop: workers stop by the age of the lease, jobs stay running until the ledger's lease ends, the next run goes on."""
    limit_s = 2.5
    monkeypatch.setenv("DOCMILL_LEASE_LIMIT_S", str(limit_s))
    monkeypatch.setenv("DOCMILL_LEASE_RENEW_S", "1")
    settings.cache_clear()
    batch_id = taken_in(room, documents(tmp_path / "in", height_px=1500))
    with FlowProcess(batch_id, tmp_path, prefect_server) as flow:
        working, held = reading(room, batch_id, flow, 1 if on == "inline" else 2)
        below, at_work = descendants(flow.pid), begun(room, "read")
        flow.kill()
        killed = time.monotonic()
    assert gone(working, limit_s + 4) == []
    assert gone(below, 5) == [], "a local cluster dies with its flow process"
    stopped_after_s = time.monotonic() - killed
    assert {job.state for job in jobs_of(room, batch_id).values()} == {JobState.RUNNING}
    assert begun(room, "read") == at_work
    if on == "address":
        assert cuts(room) == held

    # too early: the ledger still believes in the dead run
    FlowThread(batch_id).end(120)
    assert begun(room, "read") == at_work
    until(lambda: time.monotonic() - killed > 2 * limit_s + 1, 30, "the ledger's lease has ended")
    FlowThread(batch_id).end(200)
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert {job.attempts for job in jobs_of(room, batch_id).values()} == {2}
    assert published_once(room, batch_id)
    assert {item for item, n in begun(room).items() if n > 1} == held
    print(f"workers stopped {stopped_after_s:.1f} s after the flow process was killed")  # noqa: T201 - as above
