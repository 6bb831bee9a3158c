"""Work queues on a real Prefect server: what is in a hurry is handed out first; hooks say what became of a run."""

import logging

import httpx
import pytest

from docmill.cli.prefect_setup import QUEUES, make_queues

POOL = "queues-test"


def test_a_purchase_is_handed_out_before_housekeeping_that_waits_longer(prefect_server):
    def post(path, **body):
        answer = httpx.post(f"{prefect_server}{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    post("/work_pools/", name=POOL, type="process", base_job_template={})
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


class Heard(logging.Handler):
    """What was logged; Prefect takes pytest's own handler away when it sets up logging."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def test_a_run_says_its_name_id_state_and_seconds(prefect_server, home, monkeypatch):
    from prefect import flow

    from flows.hooks import HOOKS

    monkeypatch.setattr("flows.hooks.start_logging", lambda _: None)
    logger, heard = logging.getLogger("docmill.flows"), Heard()
    monkeypatch.setattr(logger, "handlers", [heard])

    @flow(**HOOKS)
    def breaks(secret):
        raise ValueError(secret)

    before = logger.level
    logger.setLevel(logging.INFO)  # not by its attribute: loggers remember which levels are off
    try:
        state = breaks("what a document says", return_state=True)
    finally:
        logger.setLevel(before)
    assert state.is_failed()
    said = heard.lines
    assert [line.split(" run ")[0] for line in said] == ["flow breaks", "flow breaks"]
    assert [line.split()[4] for line in said] == ["running", "failed"]
    assert "document" not in "".join(said)


@pytest.mark.slow
def test_maintenance_flows_run_one_after_the_other(prefect_server, room, tmp_path, monkeypatch):
    from milled_papers import LETTER, ingest

    from docmill.errors import SettingsInvalid
    from docmill.settings import settings
    from flows.back_up import back_up
    from flows.clean_up_files import clean_up_files
    from flows.clean_up_ledger import clean_up_ledger
    from flows.export_results import export_results
    from flows.reconcile import reconcile
    from flows.sweep import sweep

    (tmp_path / "a.txt").write_text(LETTER)
    ingest(room, tmp_path / "a.txt")
    room.close()
    assert sweep() == {"queued": 0, "failed": 0, "cancelled": 0, "closed": 0, "erasures": 0, "orders": 0, "task_runs": 0}
    assert reconcile() == {"results": 1, "objects": 1, "unnamed": 0, "missing": 0}
    exported = export_results()
    assert exported["documents"] == 1
    assert "Mill Lane" not in room.store.read(exported["object"]).decode()
    assert clean_up_files(dry_run=True)["cleaned_files"] == 0
    assert clean_up_ledger() == {"idempotency_keys": 0, "outbox": 0}
    with pytest.raises(SettingsInvalid):
        back_up()
    monkeypatch.setenv("DOCMILL_BACKUP_FOLDER", str(tmp_path / "backups"))
    monkeypatch.setenv("DOCMILL_BACKUP_KEYS_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    done = back_up()
    assert (done["chunks"] > 0, done["audit_events"] > 0, done["gone"]) == (True, True, 0)
    assert len(list((tmp_path / "backups").glob("docmill-*/backup.json"))) == 1
