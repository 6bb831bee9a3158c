"""Prefect's server with the deployment that the dispatcher starts, and the flow runs of one ledger there."""

import httpx
import pytest

from docmill.storage.ledger.tables_jobs import BATCHES


@pytest.fixture(scope="module")
def prefect(prefect_server):
    """REST of a real server with the deployment and nobody who works on it."""
    with httpx.Client(base_url=prefect_server, timeout=30) as client:
        flow = client.post("/flows/", json={"name": "ingest-documents"}).json()["id"]
        client.post("/deployments/", json={"name": "ad-hoc", "flow_id": flow, "enforce_parameter_schema": False}).raise_for_status()
        yield client


def dispatched(room):
    with room.ledger.reading() as conn:
        return {row.batch_id for row in conn.execute(BATCHES.select().where(BATCHES.c.submitted_by == "dispatcher"))}


def runs_of(prefect, room):
    """This ledger's flow runs, oldest first: (batch id, flow run)."""
    batches = dispatched(room)
    found = prefect.post("/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
    return [(run["parameters"]["batch_id"], run) for run in found if run["parameters"].get("batch_id") in batches]
