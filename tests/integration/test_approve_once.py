"""One decision by the Prefect UI's form, on a real Prefect server: the run waits, refuses a bad form, decides and applies once."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from ledger_fixtures import Work
from review_papers import published, results_now
from review_tasks import TOTAL, add_users, tasks_of

from docmill.settings import child_environment
from docmill.values.review import TaskState

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
SERVE = "from flows.approve_once import approve_once; approve_once.serve(name='approve-once', pause_on_shutdown=False)"
PATIENCE_S = 200


@pytest.fixture
def api(room, prefect_server, tmp_path):
    """A client of the server, with a process beside it that runs the deployment."""
    told = child_environment(PREFECT_API_URL=prefect_server, PYTHONPATH=str(ROOT), PREFECT_RUNNER_POLL_FREQUENCY="1",
                             PREFECT_LOGGING_TO_API_ENABLED="false")  # fmt: skip
    with (tmp_path / "serve.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", SERVE], env=told, cwd=tmp_path, stdout=log, stderr=log)
        with httpx.Client(base_url=prefect_server, timeout=30) as client:
            yield client
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=20)


def until(look):
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.5)
    return found


def deployment(api):
    answer = api.get("/deployments/name/approve-once/approve-once")
    return answer.json()["id"] if answer.status_code == httpx.codes.OK else None


def in_state(api, run_id, name):
    state = api.get(f"/flow_runs/{run_id}").raise_for_status().json()["state"]
    assert state["type"] not in {"FAILED", "CRASHED"} or name in {"Failed", "Crashed"}, state
    return state if state["name"] == name else None


def test_a_form_in_the_ui_decides_one_task_and_the_decision_is_applied(api, room):
    add_users(room.ledger, anna="reviewer")
    work = Work(room.ledger)
    job = published(room, work, TOTAL)
    (task,) = tasks_of(work)
    found = until(lambda: deployment(api))
    body = {"parameters": {"task_id": task.task_id}}
    run_id = api.post(f"/deployments/{found}/create_flow_run", json=body).raise_for_status().json()["id"]
    state = until(lambda: in_state(api, run_id, "Suspended"))
    keys = state["state_details"]["run_input_keyset"]
    schema = json.loads(api.get(f"/flow_runs/{run_id}/input/{keys['schema']}").raise_for_status().text)
    schema = json.loads(schema) if isinstance(schema, str) else schema
    assert schema["properties"]["verdict"]["enum"] == ["accepted", "rejected"]
    assert set(schema["properties"]) == {"verdict", "reviewer", "reason"}
    assert tasks_of(work)[0].state is TaskState.PENDING

    wrong = api.post(f"/flow_runs/{run_id}/resume", json={"run_input": {"verdict": "perhaps", "reviewer": "anna"}}).json()
    assert wrong["status"] == "REJECT"
    assert in_state(api, run_id, "Suspended")
    right = api.post(f"/flow_runs/{run_id}/resume", json={"run_input": {"verdict": "accepted", "reviewer": "anna"}}).json()
    assert right["status"] == "ACCEPT"
    until(lambda: in_state(api, run_id, "Completed"))
    (now,) = tasks_of(work)
    assert now.state is TaskState.DECIDED
    fields = {one["name"]: one for one in results_now(room, work, job.document_id)["fields"]}
    assert (fields["total"]["value"], fields["total"]["decided_by"]) == ("123.45", "anna")
