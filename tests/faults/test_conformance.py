"""Known holes of Prefect and Dask, one test each, on real servers: what docmill relies on, or puts right.

hole                                                      where it is held
a dead worker makes Dask run finished tasks again         test_shards_killed.py: only what was in flight is begun again
a poison task stays Running, its neighbours are blamed    test_shards_poison.py: exactly that item is quarantined, nothing stays Running
a run whose process is gone stays Running (no built-in)   here: the automation makes it Crashed
its task runs stay Running for ever                       here: the sweep corrects them
the server was away when a run died: nobody ever says so  here: the sweep ends it, and its deployment's next run begins
a server that restarts loses runs, or they lose it        here: a run goes through a restart and ends
a worker that leaves cancels, one that comes stays idle   test_shards_killed.py (leaves in order), here: one that comes takes part
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from dask_servers import DaskServers
from flow_runs import PUBLISHED, FlowProcess, FlowThread, jobs_of, published_once, taken_in
from shard_documents import begun_by, in_the_middle, until, write_pages

from docmill.settings import settings


def post(api, path, **body):
    return httpx.post(f"{api}{path}", json=body, timeout=30).raise_for_status().json()


def running_flow_run(api, *tags):
    """A flow run in state Running that no process stands behind."""
    flow = post(api, "/flows/", name="gone")["id"]
    return post(api, "/flow_runs/", flow_id=flow, tags=tags, state={"type": "RUNNING", "name": "Running"})["id"]


def state_of(api, run):
    return httpx.get(f"{api}/flow_runs/{run}", timeout=30).json()["state_type"]


@contextlib.contextmanager
def prefect_server_process(folder, port):
    environment = {**os.environ, "PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    words = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:

        def answers():
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).is_success

        until(answers, 120, "the Prefect server answers")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(20)


@pytest.fixture
def own_server(tmp_path):
    """A Prefect server of this test's own: (its API, its folder, its port, its process)."""
    folder = tmp_path / "prefect"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with prefect_server_process(folder, port) as process:
        yield f"http://127.0.0.1:{port}/api", folder, port, process


@pytest.mark.slow
def test_a_silent_run_is_crashed_by_the_automation(own_server):
    from docmill.cli.automations import put_automation, zombies

    api = own_server[0]
    with httpx.Client(base_url=f"{api}/", timeout=30) as client:
        first = put_automation(client, zombies(silent_s=15))
        assert put_automation(client, zombies(silent_s=15)) == first, "made again, it stays"
        time.sleep(3)  # the server's triggers learn of it by themselves
        silent, lively, others = (running_flow_run(api, *tags) for tags in (("docmill",), ("docmill",), ()))

        beat(api, others, at=datetime.now(UTC))
        beat(api, silent, "docmill", at=datetime.now(UTC))
        end = time.monotonic() + 90
        while state_of(api, silent) != "CRASHED":
            assert time.monotonic() < end
            beat(api, lively, "docmill", at=datetime.now(UTC))
            time.sleep(2)
        assert state_of(api, lively) == "RUNNING"
        assert state_of(api, others) == "RUNNING", "it fell silent first, and is none of docmill's"


def test_task_runs_of_a_run_that_is_over_do_not_stay_running(prefect_server, home):
    from flows.left_running import correct_task_runs

    ended, alive, others = (running_flow_run(prefect_server, *tags) for tags in (("docmill",), ("docmill",), ("theirs",)))
    made = {
        run: post(prefect_server, "/task_runs/", flow_run_id=run, task_key="t", dynamic_key="1", state={"type": "RUNNING"})["id"]
        for run in (ended, alive, others)
    }
    for run in (ended, others):
        post(prefect_server, f"/flow_runs/{run}/set_state", state={"type": "CRASHED"}, force=True)
    assert correct_task_runs(over_for=timedelta(minutes=5)) == 0, "states come late"
    time.sleep(0.1)
    assert correct_task_runs(over_for=timedelta(0)) >= 1

    def state(run):
        return httpx.get(f"{prefect_server}/task_runs/{made[run]}", timeout=30).json()["state_type"]

    assert (state(ended), state(alive)) == ("CRASHED", "RUNNING")
    assert state(others) == "RUNNING", "what other people run on this server is none of docmill's"
    assert correct_task_runs(over_for=timedelta(0)) == 0


def test_a_run_that_is_over_for_prefect_and_holds_jobs_is_reported(prefect_server, room, tmp_path):
    from docmill.services.intake import take_in
    from docmill.services.jobs import claim_jobs
    from docmill.services.reconciling import Reconciliation
    from docmill.services.sources import files_of
    from docmill.values.options import MillOptions
    from flows.reconcile import reconcile

    def held_by(run, lease_s):
        file = tmp_path / f"{run}.txt"
        file.write_text(f"letter {run}")
        batch_id, _ = take_in(room, files_of([str(file)], room.settings), MillOptions(index=False))
        assert len(claim_jobs(room.ledger, room.tenant, batch_id, run_id=run, lease_s=lease_s)) == 1

    gone, dying, alive = (running_flow_run(prefect_server) for _ in range(3))
    held_by(dying, 1)  # its lease ends before the second look
    for run in (gone, alive, str(uuid4()), "by hand"):  # the last two are not of this server
        held_by(run, 60)
    for run in (gone, dying):
        post(prefect_server, f"/flow_runs/{run}/set_state", state={"type": "CRASHED"}, force=True)
    assert reconcile(look_again_s=1.2)["ended_runs"] == 1
    (name,) = [info.name for info in room.store.list("private/default/reports/reconciliation-")]
    report = Reconciliation.model_validate_json(room.store.read(name))
    assert (report.ended_runs, report.is_clean) == ({gone: "CRASHED"}, False)


def beat(api, run, *tags, at):
    """As Prefect's engine does it: with the run's tags as related resources."""
    related = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in tags]
    event = {"event": "prefect.flow-run.heartbeat", "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"}, "related": related}
    httpx.post(
        f"{api}/events", json=[{**event, "occurred": at.isoformat(), "payload": {}, "id": str(uuid4())}], timeout=30
    ).raise_for_status()


def beats_of(api, run):
    asked = {"event": {"name": ["prefect.flow-run.heartbeat"]}, "resource": {"id": [f"prefect.flow-run.{run}"]}}
    return post(api, "/events/filter", filter=asked)["total"]


def test_a_run_that_died_while_the_server_was_away_does_not_keep_its_place(prefect_server, home):
    from flows.left_running import end_silent_runs

    api = prefect_server
    end_silent_runs()  # what other tests left on this server is not counted below
    flow = post(api, "/flows/", name="night")["id"]
    one_at_a_time = {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": "ENQUEUE"}}
    deployment = post(api, "/deployments/", name="nightly", flow_id=flow, tags=["docmill"], **one_at_a_time)["id"]

    def begun(run):
        return post(api, f"/flow_runs/{run}/set_state", state={"type": "PENDING"})["status"] == "ACCEPT"

    dead, following = (post(api, f"/deployments/{deployment}/create_flow_run")["id"] for _ in range(2))
    assert begun(dead)
    post(api, f"/flow_runs/{dead}/set_state", state={"type": "RUNNING"})
    assert not begun(following), "one night at a time"
    alive, unheard, cancelling, holding = (running_flow_run(api, "docmill") for _ in range(4))
    others, begun_late = running_flow_run(api, "theirs"), running_flow_run(api)
    post(api, f"/flow_runs/{begun_late}/set_state", state={"type": "PENDING"}, force=True)
    post(api, f"/flow_runs/{cancelling}/set_state", state={"type": "CANCELLING"})
    for run, minutes in ((dead, 6), (dead, 7), (alive, 6), (alive, 1), (cancelling, 6), (holding, 6), (others, 6)):
        beat(api, run, at=datetime.now(UTC) - timedelta(minutes=minutes))
    until(
        lambda: [beats_of(api, run) for run in (dead, alive, cancelling, holding, others)] == [2, 2, 1, 1, 1],
        30,
        "the server has written the heartbeats down",
    )

    assert end_silent_runs({holding}) == 2
    assert [state_of(api, run) for run in (dead, alive, unheard, cancelling)] == ["CRASHED", "RUNNING", "RUNNING", "CANCELLED"]
    assert state_of(api, holding) == "RUNNING", "it holds leases: only its heartbeats are late"
    assert begun(following)
    assert end_silent_runs({holding}) == 0
    assert end_silent_runs({holding}, pending_for=timedelta(0)) >= 1, "a worker that died with a run it took"
    assert state_of(api, following) == "CRASHED"
    assert [state_of(api, run) for run in (others, begun_late)] == ["RUNNING", "PENDING"], "other people's runs on this server"


@pytest.mark.slow
def test_a_run_goes_through_a_restart_of_the_server(own_server, room, tmp_path, monkeypatch):
    api, folder, port, server = own_server
    with DaskServers(tmp_path / "dask") as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        settings.cache_clear()
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n}.tif", 4) for n in range(4)])
        with FlowProcess(batch_id, tmp_path, api, PREFECT_CLIENT_MAX_RETRIES="10") as flow:
            until(lambda: in_the_middle(room, 4), 120, "a worker is in the middle of a shard")
            os.killpg(server.pid, 9)
            server.wait(10)
            time.sleep(3)
            with prefect_server_process(folder, port):
                assert flow.end(180) == 0, flow.output[-3000:]
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert {job.attempts for job in jobs_of(room, batch_id).values()} == {1}
    assert published_once(room, batch_id)


@pytest.mark.slow
def test_a_worker_that_comes_later_takes_part(room, tmp_path, prefect_server, monkeypatch):
    with DaskServers(tmp_path / "dask", workers=1) as servers:
        monkeypatch.setenv("DOCMILL_DASK_ADDRESS", servers.address)
        monkeypatch.setenv("DOCMILL_SHARD_SECONDS", "2")
        settings.cache_clear()
        batch_id = taken_in(room, [write_pages(tmp_path / f"{n:02d}.tif", 4) for n in range(24)])
        flow = FlowThread(batch_id)
        until(lambda: in_the_middle(room, 4), 90, "the first worker is in the middle of a shard")
        servers.start_worker()
        flow.end(240)
        assert len({pid for pid, _ in begun_by(room, "read")}) == 2
    assert {job.state for job in jobs_of(room, batch_id).values()} <= PUBLISHED
    assert published_once(room, batch_id)
