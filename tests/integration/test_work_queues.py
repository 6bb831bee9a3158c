"""Work queues on a real Prefect server: what is in a hurry is handed out first; hooks say what became of a run."""

import logging

import httpx

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


def test_a_run_says_its_name_id_state_and_seconds(prefect_server, home, caplog, monkeypatch):
    from prefect import flow

    from flows.hooks import HOOKS

    monkeypatch.setattr("flows.hooks.start_logging", lambda _: None)
    monkeypatch.setattr(logging.getLogger("docmill"), "propagate", True)

    @flow(**HOOKS)
    def breaks(secret):
        raise ValueError(secret)

    with caplog.at_level(logging.INFO, "docmill.flows"):
        state = breaks("what a document says", return_state=True)
    assert state.is_failed()
    said = [record.getMessage() for record in caplog.records if record.name == "docmill.flows"]
    assert [line.split(" run ")[0] for line in said] == ["flow breaks", "flow breaks"]
    assert [line.split()[4] for line in said] == ["running", "failed"]
    assert "document" not in "".join(said)
