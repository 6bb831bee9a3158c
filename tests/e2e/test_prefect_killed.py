"""Prefect's server is killed again and again while uploads come: every accepted upload completes, and the gateway never refuses one."""

import contextlib
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from cli_process import Up

UPLOAD = "/api/v1/upload/async/"
OVER = {"completed", "failed"}
UPLOADS, EVERY_S, KILL_AT = 40, 1.0, (5, 20)
LONGEST_S = 600.0


@pytest.fixture
def up(tmp_path):
    running = Up(tmp_path / "home")
    yield running
    running.end()


def listening_on(port):
    """Processes that hold a listening socket on a port."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in process.net_connections("tcp")):
                found.append(process)
    return found


def send(client, number):
    answer = client.post(UPLOAD, files={"file": (f"{number}.txt", f"Upload number {number}.\n".encode(), "text/plain")})
    assert answer.status_code == 202, answer.text
    return answer.json()["task_id"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_accepted_upload_completes(up):
    places = up.wait_until_ready()
    port = urlsplit(places["Prefect UI"]).port
    with httpx.Client(base_url=places["Gateway"], timeout=30) as client:
        tasks = []
        for number in range(UPLOADS):
            if number in KILL_AT:
                servers = listening_on(port)
                assert servers, "Prefect's server is not there to be killed"
                for server in servers:
                    server.kill()
                assert not psutil.wait_procs(servers, timeout=20)[1]
                assert client.get("/readyz").json()["status"] in {"degraded", "ready"}  # it may be back already
            tasks.append(send(client, number))
            time.sleep(EVERY_S)
        end = time.monotonic() + LONGEST_S
        states = {}
        while time.monotonic() < end:
            states = {
                task: client.get(f"/api/v1/upload/status/{task}/").json()
                for task in tasks
                if states.get(task, {}).get("status") not in OVER
            } | {task: told for task, told in states.items() if told["status"] in OVER}
            if all(told["status"] in OVER for told in states.values()):
                break
            time.sleep(2)
    assert {told["status"] for told in states.values()} == {"completed"}, [t for t in states.values() if t["status"] != "completed"]
    assert len(states) == UPLOADS
    assert up.said.count("is started again") >= len(KILL_AT)
    assert Path(places["Logs"], "prefect-server.log").stat().st_size > 0
