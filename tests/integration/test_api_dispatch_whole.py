"""The whole way of an upload: gateway, dispatcher, Prefect's server and somebody who works, each a process of its own.

What the dispatcher does step by step stands in test_api_dispatch.py.
"""

import subprocess
import sys
import time
from contextlib import closing, contextmanager

import psutil
import pytest
from dispatch_runs import dispatched, prefect, runs_of
from gateway_process import ROOT, gateway_process, multipart_file, settings_of
from shard_documents import write_slow_page, write_text

from docmill.services.running.room import Room
from docmill.services.stack_note import Stack, stack_note_file
from docmill.settings import child_environment

__all__ = ["prefect"]

UPLOAD = "/api/v1/upload/async/"
TIMES_OUT = 90.0


def until(found, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not (answer := found()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
    return answer


def own_batches(home):
    with closing(Room.open(settings_of(home))) as room:
        return dispatched(room)


_RUNNER = """
from flows.ingest_documents import ingest_documents
ingest_documents.serve(name="ad-hoc", print_starting_message=False, limit=2)
"""


@contextmanager
def runner(home, api_url):
    """Serves the deployment in a process of its own, as a worker would."""
    environment = child_environment(
        DOCMILL_HOME=str(home),
        PREFECT_API_URL=api_url,
        PREFECT_LOGGING_LEVEL="WARNING",
        PREFECT_RUNNER_POLL_FREQUENCY="2",
        PYTHONPATH=str(ROOT),
    )
    process = subprocess.Popen([sys.executable, "-c", _RUNNER], cwd=home, env=environment)
    try:
        yield process
    finally:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for one in family:
            one.terminate()
        for one in psutil.wait_procs(family, timeout=10)[1]:
            one.kill()
        process.wait()


def note_prefect(home, api_url):
    me = psutil.Process()
    note = Stack(pid=me.pid, started=me.create_time(), prefect_api_url=api_url, gateway_url="http://127.0.0.1:1")
    stack_note_file(settings_of(home)).write_text(note.model_dump_json())


def send(client, path, media_type="text/plain"):
    return client.post(UPLOAD, files=multipart_file(path.name, path.read_bytes(), media_type)).json()["task_id"]


def status(client, task):
    return client.get(f"/api/v1/upload/status/{task}/").json()


def all_over(client, tasks):
    return all(status(client, t)["status"] in {"completed", "failed"} for t in tasks)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_uploads_made_while_prefect_is_away_complete_when_it_is_back(prefect, tmp_path, capsys):
    api_url = str(prefect.base_url).rstrip("/")
    home = tmp_path / "home"
    with gateway_process(home) as (client, process):
        told = client.get("/readyz").json()
        assert (told["status"], told["checks"]) == ("degraded", {"ledger": "ok", "store": "ok", "prefect": "away"})
        tasks = [send(client, write_text(tmp_path / f"{n}.txt")) for n in range(3)]
        time.sleep(2)
        assert {status(client, t)["status"] for t in tasks} == {"pending"}
        note_prefect(home, api_url)
        until(lambda: client.get("/readyz").json()["status"] == "ready")
        for run in prefect.post("/flow_runs/filter", json={}).json():  # what other tests left
            if run["parameters"]["batch_id"] not in own_batches(home):
                prefect.delete(f"/flow_runs/{run['id']}")
        with runner(home, api_url) as served:
            until(lambda: served.poll() is not None or status(client, tasks[0])["status"] != "pending", TIMES_OUT)
            assert served.poll() is None
            process.kill()  # the gateway dies with a run under way
            with gateway_process(home) as (again, _):
                until(lambda: all_over(again, tasks), TIMES_OUT)
                assert {status(again, t)["status"] for t in tasks} == {"completed"}
                begun = time.monotonic()
                task = send(again, write_text(tmp_path / "warm.txt"))
                until(lambda: all_over(again, [task]), TIMES_OUT)
                with capsys.disabled():
                    sys.stdout.write(f"\none text file, POST to completed, served runner: {time.monotonic() - begun:.1f} s\n")
                slow = send(again, write_slow_page(tmp_path / "slow.tif"), "image/tiff")
                until(lambda: status(again, slow)["status"] == "processing", TIMES_OUT)
                begun = time.monotonic()
                assert again.post(f"/api/v1/upload/{slow}/cancel/").status_code == 202
                until(lambda: status(again, slow)["outcome"] == "cancelled", 60)
                with capsys.disabled():
                    sys.stdout.write(f"cancel to cancelled: {time.monotonic() - begun:.1f} s\n")
    with closing(Room.open(settings_of(home))) as room:
        assert len(runs_of(prefect, room)) == 3  # three jobs in one, and neither killing the gateway nor its restart made another
