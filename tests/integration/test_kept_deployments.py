"""What people changed in Prefect stays through another `prefect deploy` of the shipped file, on a real Prefect server."""

import os
import subprocess
import sys
import time

import httpx
import pytest
import yaml

from docmill.cli.kept_deployments import WITHOUT_SOURCES, deployments_kept
from docmill.cli.prefect_setup import PREFECT_FILE
from docmill.errors import ClusterLost

POOL = "kept-test"
NAMES = ("nightly", "health", "redact")
VIENNA = {"cron": "30 1 * * *", "timezone": "Europe/Vienna"}


class Server:
    """Deploys three of the shipped deployments into a pool of this test and looks at them."""

    def __init__(self, api, folder):
        self.api, self._file = api, folder / "prefect.yaml"
        shipped = yaml.safe_load(PREFECT_FILE.read_text())
        chosen = [one for one in shipped["deployments"] if one["name"] in NAMES]
        for one in chosen:
            one["work_pool"] = {"name": POOL}
        self._file.write_text(yaml.safe_dump({"name": "docmill", "pull": shipped["pull"], "deployments": chosen}))

    def deploy(self, *nightly_sources):
        with deployments_kept(self.api, POOL, nightly_sources):
            words = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(self._file)]
            environment = {**os.environ, "PREFECT_API_URL": self.api, "DOCMILL_WORKDIR": str(self._file.parent)}
            subprocess.run(words, env=environment, capture_output=True, timeout=120, check=True)

    def get(self, name="ingest-documents/nightly"):
        return self.ask("GET", f"deployments/name/{name}").json()

    def change(self, name="ingest-documents/nightly", **body):
        self.ask("PATCH", f"deployments/{self.get(name)['id']}", json=body)

    def ask(self, method, path, **more):
        for _ in range(20):
            answer = httpx.request(method, f"{self.api}/{path}", timeout=30, **more)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:  # a busy server says so; Prefect's own client asks again
                break
            time.sleep(0.5)
        return answer.raise_for_status()


@pytest.fixture
def server(prefect_server, tmp_path):
    found = Server(prefect_server, tmp_path)
    found.ask("POST", "work_pools/", json={"name": POOL, "type": "process", "base_job_template": {}})
    yield found
    for one in found.ask("POST", "deployments/filter", json={}).json():
        if one["work_pool_name"] == POOL:
            found.ask("DELETE", f"deployments/{one['id']}")
    found.ask("DELETE", f"work_pools/{POOL}")


def on(deployment):
    return [one["active"] for one in deployment["schedules"]]


def test_parameters_schedules_and_pauses_stay_and_what_nobody_changed_is_as_shipped(server):
    server.deploy()
    parameters = {"sources": ["gs://inbox/a"], "options": {"redact": True}}
    server.change(parameters=parameters, schedules=[{"schedule": VIENNA, "active": True, "slug": None}])
    server.change("health/health", paused=True)
    server.change("redact-documents/redact", parameters={"sources": ["/srv/x"]})
    server.deploy()
    nightly, health = server.get(), server.get("health/health")
    assert nightly["parameters"] == parameters
    assert [(one["schedule"]["cron"], one["schedule"]["timezone"]) for one in nightly["schedules"]] == [tuple(VIENNA.values())]
    assert (on(nightly), nightly["paused"], WITHOUT_SOURCES in nightly["tags"]) == ([True], False, False)
    assert (health["paused"], on(health)) == (True, [True])
    assert server.get("redact-documents/redact")["parameters"] == {"sources": ["/srv/x"]}


def test_a_night_without_sources_is_not_scheduled_until_there_are_some(server):
    server.deploy()
    assert (on(server.get()), WITHOUT_SOURCES in server.get()["tags"]) == ([False], True)
    server.deploy("/srv/inbox")
    assert (on(server.get()), WITHOUT_SOURCES in server.get()["tags"]) == ([True], False)
    server.change(schedules=[{"schedule": VIENNA, "active": False}])
    server.deploy("/srv/inbox")
    assert on(server.get()) == [False], "a person switched it off"


@pytest.mark.slow
def test_a_schedule_that_was_off_before_the_sources_went_stays_so(server):
    server.deploy("/srv/inbox")
    server.change(schedules=[{"schedule": VIENNA, "active": False}])
    server.deploy()
    server.deploy("/srv/inbox")
    assert on(server.get()) == [False]


def test_a_deploy_that_breaks_gives_back_what_it_replaced(server):
    server.deploy()
    server.change(parameters={"sources": ["/srv/inbox"]})
    with pytest.raises(RuntimeError), deployments_kept(server.api, POOL):
        server.change(parameters={"sources": []})
        raise RuntimeError
    assert server.get()["parameters"]["sources"] == ["/srv/inbox"]


@pytest.mark.slow
def test_a_parameter_that_the_flow_no_longer_takes_is_dropped(server):
    server.deploy()
    server.change(enforce_parameter_schema=False)
    server.change(parameters={"sources": ["/srv/inbox"], "gone": 1})
    server.deploy()
    assert server.get()["parameters"] == {"sources": ["/srv/inbox"]}


def test_a_server_that_is_away_is_told(tmp_path):
    with pytest.raises(ClusterLost), deployments_kept("http://127.0.0.1:9/api", POOL):
        pass
