"""The health flow's looks, what /readyz says of the last proven backup, and the automations that Prefect is given."""

import shutil

import httpx
import pytest
from gateway_process import gateway_process

from docmill.services import health
from docmill.services.backup.restoring import prove
from docmill.services.backup.taking import back_up
from docmill.services.recovery import last_proof, note_proof


def found(room):
    return {one.name: one.ok for one in health.look(room)}


def test_everything_is_well_on_a_fresh_home(room):
    assert set(found(room).values()) == {True}


def test_a_broken_part_is_named_and_the_others_are_looked_at(room, tmp_path):
    shutil.rmtree(tmp_path / "home" / "store", ignore_errors=True)
    (tmp_path / "home" / "store").write_text("no folder")
    looked = found(room)
    assert looked["store"] is False
    assert looked["queue"] is looked["disk"] is True


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9"])
def test_a_scheduler_that_is_away(address):
    assert health.dask_answers(address) is False
    assert health.dask_answers(None) is None


def test_readyz_tells_of_the_last_proven_backup(room, tmp_path):
    assert last_proof(room) is None
    taken = back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    proof = prove(tmp_path / "backup", room.settings, keys=tmp_path / "keys")
    note_proof(room, taken, proof, seconds=1.0)
    with gateway_process(room.settings.home) as (client, _):
        told = client.get("/readyz").json()["recovery"]
    assert told["restored"] is True
    assert 0 < told["rto_s"] < 60
    assert 0 <= told["proof_age_s"] <= told["rpo_s"] < 120


@pytest.fixture
def without_automations(prefect_server):
    """Other tests' runs on this server must not be ended by what this one makes, nor its deployments be taken for theirs."""
    yield
    for name in ("health", "alarm"):
        made = httpx.get(f"{prefect_server}/deployments/name/{name}/{name}", timeout=30).raise_for_status().json()["id"]
        httpx.delete(f"{prefect_server}/deployments/{made}", timeout=30).raise_for_status()
    for made in httpx.post(f"{prefect_server}/automations/filter", json={}, timeout=30).raise_for_status().json():
        httpx.delete(f"{prefect_server}/automations/{made['id']}", timeout=30).raise_for_status()


@pytest.mark.usefixtures("without_automations")
def test_the_automations_of_docmill_are_made_once(prefect_server):
    from docmill.cli.automations import make_automations, put_automation, zombies

    def post(path, **body):
        return httpx.post(f"{prefect_server}{path}", json=body, timeout=30).raise_for_status().json()

    deployment = {name: post("/deployments/", name=name, flow_id=post("/flows/", name=name)["id"])["id"] for name in ("health", "alarm")}
    triggers = []
    for _ in range(2):
        make_automations(prefect_server)
        made = [a for a in post("/automations/filter") if a["name"].startswith("docmill")]
        triggers.append({a["trigger"]["id"] for a in made})
    assert triggers[0] == triggers[1], "one that is replaced forgets which runs it waits for"
    with httpx.Client(base_url=f"{prefect_server}/", timeout=30) as client:
        changed = put_automation(client, {**zombies(silent_s=20.0), "enabled": False})
    make_automations(prefect_server)
    (mended,) = [a for a in post("/automations/filter") if a["id"] == changed]
    assert (mended["enabled"], mended["trigger"]["within"]) == (True, 90.0)
    made = [a for a in post("/automations/filter") if a["name"].startswith("docmill")]
    assert {a["name"] for a in made} == {"docmill: silent runs have crashed", "docmill: health failed"}
    assert len(made) == 2
    related = {a["name"]: a["trigger"]["match_related"]["prefect.resource.id"] for a in made}
    assert related == {
        "docmill: silent runs have crashed": "prefect.tag.docmill",
        "docmill: health failed": f"prefect.deployment.{deployment['health']}",
    }, "a server may have others' flows, too"
