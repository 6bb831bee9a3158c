"""Work queues on a real Prefect server: what is in a hurry is handed out first; hooks say what became of a run."""

import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time

import httpx
import pytest

from docmill.cli.prefect_setup import QUEUES, make_queues, upkeep_words, worker_words
from docmill.logs import JsonFormatter

POOL = "queues-test"


def answer_of(api, where, body):
    """What Prefect's server answers to a POST; a busy one says 503 first, and Prefect's own client asks again."""
    for _ in range(20):
        answer = httpx.post(f"{api}{where}", json=body, timeout=30)
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(0.5)
    return answer.raise_for_status().json()


def test_a_purchase_is_handed_out_before_housekeeping_that_waits_longer(prefect_server):
    def post(where, **body):
        return answer_of(prefect_server, where, body)

    post("/work_pools/", name=POOL, type="process", base_job_template={})
    post(f"/work_pools/{POOL}/queues", name=QUEUES[1], priority=1)  # of a version that had one queue less
    make_queues(prefect_server, POOL)
    make_queues(prefect_server, POOL)  # the second `docmill up`
    found = {q["name"]: q["priority"] for q in post(f"/work_pools/{POOL}/queues/filter")}
    assert sorted(found, key=found.get) == [*QUEUES, "default"]

    flow = post("/flows/", name="queued")["id"]
    waiting = {}
    for queue in ("maintenance", "documents", "purchases"):  # the most urgent comes last
        deployment = post("/deployments/", name=queue, flow_id=flow, work_pool_name=POOL, work_queue_name=queue)["id"]
        waiting[post(f"/deployments/{deployment}/create_flow_run", state={"type": "SCHEDULED"})["id"]] = queue
    given = post(f"/work_pools/{POOL}/get_scheduled_flow_runs", limit=1)  # what a worker with one free place asks
    assert [waiting[one["flow_run"]["id"]] for one in given] == ["purchases"]
    given = post(f"/work_pools/{POOL}/get_scheduled_flow_runs", limit=10)
    assert [waiting[one["flow_run"]["id"]] for one in given] == ["purchases", "documents", "maintenance"]


SLOW_RUN = """
import os, pathlib, sys, time
with open(sys.argv[1], "a") as noted:
    noted.write(os.environ["PREFECT__FLOW_RUN_ID"] + "\\n")
end = time.monotonic() + 180
while not os.path.exists(sys.argv[2]) and time.monotonic() < end:
    time.sleep(0.1)
"""


def one_place(command):
    """A template for jobs of a process worker that runs this command, whatever the flow."""
    names = ("env", "labels", "name", "stream_output", "working_dir", "command")
    properties = {name: {"type": "string"} for name in ("name", "working_dir")}
    properties |= {name: {"type": "object", "additionalProperties": {"type": "string"}} for name in ("env", "labels")}
    properties |= {"stream_output": {"type": "boolean", "default": True}, "command": {"type": "string", "default": command}}
    return {
        "job_configuration": {name: f"{{{{ {name} }}}}" for name in names},
        "variables": {"type": "object", "properties": properties},
    }


@pytest.mark.slow
def test_a_worker_begins_a_purchase_before_housekeeping_that_waits_longer(prefect_server, tmp_path):
    """The workers of `docmill up` with one place: while the first run is under way, the most urgent one comes last and begins next. Upkeep waits for none."""

    def post(where, **body):
        return answer_of(prefect_server, where, body)

    pool, noted, script, go_on = "one-place", tmp_path / "begun", tmp_path / "run.py", tmp_path / "go-on"
    script.write_text(SLOW_RUN)
    post("/work_pools/", name=pool, type="process", base_job_template=one_place(f"{sys.executable} {script} {noted} {go_on}"))
    make_queues(prefect_server, pool)
    flow, runs = post("/flows/", name="one-place")["id"], {}

    def ask_for(queue):
        wanted = {"work_pool_name": pool, "work_queue_name": queue, "entrypoint": "none:none", "path": str(tmp_path)}
        deployment = post("/deployments/", name=queue, flow_id=flow, **wanted)["id"]
        runs[post(f"/deployments/{deployment}/create_flow_run", state={"type": "SCHEDULED"})["id"]] = queue

    def begun():
        return [runs[one] for one in noted.read_text().split()] if noted.exists() else []

    environment = {**os.environ, "PREFECT_API_URL": prefect_server, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    with contextlib.ExitStack() as held:
        for words in (worker_words(1, pool), upkeep_words(pool)):
            command = [sys.executable, "-m", *words]
            worker = held.enter_context(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            held.callback(worker.terminate)
        ask_for("upkeep")
        wait_until(lambda: begun() == ["upkeep"], 90)
        ask_for("maintenance")
        wait_until(lambda: begun() == ["upkeep", "maintenance"], 90)
        for queue in ("search", "documents", "purchases", "upkeep"):
            ask_for(queue)
        wait_until(lambda: begun() == ["upkeep", "maintenance", "upkeep"], 90)
        go_on.touch()
        wait_until(lambda: len(begun()) == 6, 90)
    assert begun() == ["upkeep", "maintenance", "upkeep", "purchases", "documents", "search"]


def wait_until(is_so, within_s):
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


class Heard(logging.Handler):
    """What was logged; Prefect takes pytest's own handler away when it sets up logging."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.told = []

    def emit(self, record):
        self.told.append(json.loads(self.format(record)))

    @property
    def lines(self):
        return [line["message"] for line in self.told]


@pytest.fixture
def heard(monkeypatch):
    """All that flows log meanwhile."""
    monkeypatch.setattr("flows.hooks.start_logging", lambda _: None)
    logger, found = logging.getLogger("docmill.flows"), Heard()
    monkeypatch.setattr(logger, "handlers", [found])
    before = logger.level
    logger.setLevel(logging.INFO)  # not by its attribute: loggers remember which levels are off
    yield found
    logger.setLevel(before)


def test_what_a_run_logs_has_its_ids_also_in_the_threads_of_its_tasks(prefect_server, room, heard):
    from prefect import flow, task
    from prefect.runtime import flow_run

    from flows.hooks import HOOKS
    from flows.rooms import open_room

    @task
    def elsewhere():
        logging.getLogger("docmill.flows").info("in a task")
        return threading.get_ident()

    @flow(**HOOKS)
    def works():
        with open_room():
            return str(flow_run.id), elsewhere.submit().result()

    run_id, thread = works()
    assert thread != threading.get_ident()
    assert [line["run_id"] for line in heard.told] == [run_id] * 3
    assert [line.get("tenant") for line in heard.told if line["message"] == "in a task"] == [room.tenant]


def test_a_run_says_its_name_id_state_and_seconds(prefect_server, home, heard):
    from prefect import flow

    from flows.hooks import HOOKS

    @flow(**HOOKS)
    def breaks(secret):
        raise ValueError(secret)

    state = breaks("what a document says", return_state=True)
    assert state.is_failed()
    said = heard.lines
    assert [line.split(" run ")[0] for line in said] == ["flow breaks", "flow breaks"]
    assert [line.split()[4] for line in said] == ["running", "failed"]
    assert "document" not in "".join(said)


def test_a_run_that_died_with_its_process_says_how_long_it_ran(prefect_server, home, heard):
    from prefect import Flow
    from prefect.client.orchestration import get_client
    from prefect.states import Crashed

    from flows.hooks import told

    flow = answer_of(prefect_server, "/flows/", {"name": "dies"})["id"]
    with get_client(sync_client=True) as client:
        made = answer_of(prefect_server, "/flow_runs/", {"flow_id": flow, "state": {"type": "PENDING"}})
        taken = client.read_flow_run(made["id"])  # as the worker took it
        answer_of(prefect_server, f"/flow_runs/{taken.id}/set_state", {"state": {"type": "RUNNING"}})
        time.sleep(1.1)
    assert taken.start_time is None
    told(Flow(lambda: None, name="dies"), taken, Crashed())
    (line,) = heard.lines
    assert line.startswith(f"flow dies run {taken.id} crashed after ")
    assert 1.0 <= float(line.split()[-2]) < 60


@pytest.mark.slow
def test_maintenance_flows_run_one_after_the_other(prefect_server, room, tmp_path, monkeypatch):
    from milled_papers import INVOICE, LETTER, ingest

    (tmp_path / "a.txt").write_text(LETTER)
    (tmp_path / "b.txt").write_text(INVOICE)
    document, _ = ingest(room, tmp_path / "a.txt", tmp_path / "b.txt")
    room.close()
    swept_and_reconciled()
    exported(room)
    cleaned_up(room)
    done = backed_up_and_drilled(tmp_path, monkeypatch)
    erased_with_a_receipt(room, document, done)


def swept_and_reconciled():
    """Nothing is lost, and two documents are as they should be."""
    from flows.reconcile import reconcile
    from flows.sweep import sweep

    swept = sweep()
    assert swept.pop("flow_runs") >= 0  # of other tests on this server
    names = ("queued", "failed", "cancelled", "closed", "erasures", "withdrawn", "hidden", "orders", "task_runs")
    assert swept == dict.fromkeys(names, 0)
    assert reconcile() == {"results": 2, "objects": 2, "unnamed": 0, "missing": 0, "ended_runs": 0}


def exported(room):
    """Both documents, without their text."""
    from flows.export_results import export_results

    told = export_results(state="completed", since="2020-01-01", before="9999-12-31")
    assert told["documents"] == 2
    assert export_results(state="failed")["documents"] == export_results(before="2020-01-01")["documents"] == 0
    assert "Mill Lane" not in room.store.read(told["object"]).decode()


def cleaned_up(room):
    """Files first tried without touching them, then in earnest, then the ledger."""
    from flows.clean_up_files import clean_up_files
    from flows.clean_up_ledger import clean_up_ledger

    assert clean_up_files(dry_run=True)["cleaned_files"] == 0
    told = clean_up_files()
    report = json.loads(room.store.read("private/default/reports/clean-up.json"))
    assert (len(report["cleaned_files"]), report["failed_cleanups"]) == (told["cleaned_files"], [])
    assert report["total_space_freed"] == told["total_space_freed"]
    assert clean_up_ledger() == {"idempotency_keys": 0, "outbox": 0}


def backed_up_and_drilled(folder, monkeypatch):
    """What the back-up said; a restore of it gives the same again."""
    from prefect.exceptions import ParameterTypeError

    from docmill.errors import SettingsInvalid
    from docmill.settings import settings
    from flows.back_up import back_up
    from flows.restore import restore

    with pytest.raises(SettingsInvalid):
        back_up()
    monkeypatch.setenv("DOCMILL_BACKUP_FOLDER", str(folder / "backups"))
    monkeypatch.setenv("DOCMILL_BACKUP_KEYS_FOLDER", str(folder / "keys"))
    settings.cache_clear()
    done = back_up()
    assert (done["chunks"] > 0, done["audit_events"] > 0, done["gone"]) == (True, True, 0)
    (taken,) = (path.parent for path in (folder / "backups").glob("docmill-*/backup.json"))
    drilled = restore()
    assert (drilled["backup"], drilled["files"], drilled["chunks"]) == (taken.name, done["files"], done["chunks"])
    assert restore(backup=taken.name)["seconds"] > 0
    with pytest.raises(ParameterTypeError):
        restore(backup="../elsewhere")
    return done


def erased_with_a_receipt(room, document, done):
    """The receipt holds, and a restore of the back-up that was `done` before brings nothing of the document back."""
    from prefect.exceptions import ParameterTypeError

    from docmill.services.certificate_keys import read_public_key
    from docmill.services.erasure_receipts import check_receipt
    from docmill.settings import settings
    from flows.erase_document import erase_document
    from flows.restore import restore

    with pytest.raises(ParameterTypeError):
        erase_document(document[:10])
    erased = erase_document(document)
    receipt = check_receipt(room.store.read(erased["receipt"]), read_public_key(settings().home / "audit.pub"))
    assert (receipt.document_id, receipt.objects) == (document, erased["objects"])
    assert erased["objects"] > 1
    assert 0 < restore()["chunks"] < done["chunks"], "its key is gone from the backup's keys, too"
