"""The health flow on a server as `docmill up` sets it up: when it fails, Prefect's automation starts the alarm, and people are told."""

import http.server
import json
import threading
import time

import httpx
import pytest
from cli_process import Up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def told():
    """(Apprise URL of a receiver, what it was sent)."""
    bodies = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *ignored):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_address[1]}", bodies
    server.shutdown()
    server.server_close()


def test_a_health_flow_that_fails_starts_the_alarm_and_people_are_told(tmp_path, told):
    url, bodies = told
    running = Up(tmp_path / "home", DOCMILL_BACKUP_FOLDER=str(tmp_path / "backups"), DOCMILL_NOTIFY_URLS=url)  # none was ever proven
    try:
        with httpx.Client(base_url=f"{running.wait_until_ready()['Prefect UI']}/api/", timeout=30) as prefect:

            def ended(flow):
                wanted = {
                    "flows": {"name": {"any_": [flow]}},
                    "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}},
                }
                return [run["state_type"] for run in prefect.post("flow_runs/filter", json=wanted).raise_for_status().json()]

            deployment = prefect.get("deployments/name/health/health").raise_for_status().json()["id"]
            prefect.post(f"deployments/{deployment}/create_flow_run", json={}).raise_for_status()
            end = time.monotonic() + 180
            while not (ended("alarm") and bodies):
                assert time.monotonic() < end, (ended("health"), ended("alarm"))
                time.sleep(1)
            assert set(ended("health")) == {"FAILED"}
            assert set(ended("alarm")) == {"COMPLETED"}
            before = len(ended("alarm"))
            prefect.post(f"deployments/{deployment}/create_flow_run", json={}).raise_for_status()
            while len(ended("alarm")) == before:
                assert time.monotonic() < end + 60, (ended("health"), ended("alarm"))
                time.sleep(1)
        assert len(bodies) == 1, "an incident is told once"
        assert bodies[0]["title"] == "docmill: Something does not do its work"
        assert bodies[0]["message"].splitlines()[0] == "backup: no backup was proven yet"
    finally:
        running.end()
