"""prefect.yaml names flows that exist, with parameters they take, in module form."""

import importlib
import inspect
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule

from docmill.cli.prefect_setup import QUEUES, UPKEEP, worker_words
from flows import FLOWS_TAG
from flows.hooks import told

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


def flow_of(deployment):
    module, _, name = deployment["entrypoint"].rpartition(".")
    assert ":" not in module, "a path as entrypoint loads the module under another name, which Dask workers do not find"
    return getattr(importlib.import_module(module), name)


def ids(deployment):
    return deployment["name"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=ids)
def test_the_entrypoint_is_a_flow_of_the_four_packages(deployment):
    assert isinstance(flow_of(deployment), Flow)
    assert deployment["entrypoint"].startswith("flows.")
    assert deployment["work_pool"]["name"] == "docmill"
    assert deployment["work_pool"]["work_queue_name"] in QUEUES
    assert deployment["description"]
    assert FLOWS_TAG in deployment["tags"], "the automation looks after its runs by it"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=ids)
def test_the_flow_takes_the_parameters(deployment):
    known = inspect.signature(flow_of(deployment).fn).parameters
    assert set(deployment.get("parameters", {})) <= set(known)


@pytest.mark.parametrize("deployment", [d for d in DEPLOYMENTS if d.get("schedules")], ids=ids)
def test_schedules_are_cron_in_utc_and_do_not_pile_up(deployment):
    for schedule in deployment["schedules"]:
        assert CronSchedule(**schedule).timezone == "UTC"
    assert deployment["concurrency_limit"]["limit"] == 1


def test_the_deployments_that_are_promised_are_there():
    names = {f"{flow_of(d).name}/{d['name']}" for d in DEPLOYMENTS}
    assert names >= {"ingest-documents/ad-hoc", "ingest-documents/nightly"}


def test_the_form_explains_every_parameter():
    from prefect.utilities.callables import parameter_schema

    for deployment in DEPLOYMENTS:
        schema = parameter_schema(flow_of(deployment).fn)
        assert [name for name, field in schema.properties.items() if not field.get("description")] == []


def test_the_working_directory_is_set_because_pull_steps_are_explicit():
    text = (ROOT / "prefect.yaml").read_text()
    assert "set_working_directory" in text
    assert "DOCMILL_WORKDIR" in text


def test_purchases_come_before_documents_and_those_before_housekeeping():
    queue = {d["name"]: QUEUES.index(d["work_pool"]["work_queue_name"]) for d in DEPLOYMENTS}
    assert (
        queue["generate-purchase-order"]
        < queue["ad-hoc"]
        <= queue["nightly"]
        < queue["redact"]
        < queue["rebuild-index"]
        < queue["reconcile"]
    )
    assert queue["sweep"] < queue["rebuild-index"], "what frees stuck jobs must not wait behind a rebuild"


def test_what_finds_and_mends_never_waits_for_a_place_of_the_work():
    apart = {d["name"] for d in DEPLOYMENTS if d["work_pool"]["work_queue_name"] == UPKEEP}
    assert apart == {"sweep", "health", "alarm"}
    assert all(d["concurrency_limit"]["limit"] == 1 for d in DEPLOYMENTS if d["name"] in apart), "its worker has no limit"
    assert set(QUEUES) - set(worker_words(1)) == {UPKEEP}


def test_no_night_begins_while_another_runs_and_none_is_dropped():
    (nightly,) = [d for d in DEPLOYMENTS if d["name"] == "nightly"]
    assert nightly["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=ids)
def test_every_flow_says_when_it_begins_and_ends(deployment):
    flow = flow_of(deployment)
    for kind in ("on_running_hooks", "on_completion_hooks", "on_failure_hooks", "on_crashed_hooks", "on_cancellation_hooks"):
        assert told in getattr(flow, kind)
    assert flow.flow_run_name, "the UI would list it under a random name"
