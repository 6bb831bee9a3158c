"""`docmill up` from start to end, on free ports: what it prints, what its deployments do, what Prefect gets to know, what it leaves.

The tests share one running set, which the test of SIGTERM ends. A test that starts a set of its own belongs in test_up_ends.py.
"""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from cli_process import ROOT, Up, docmill, environment
from prefect_rest import Prefect

from docmill.cli.warm import GIVE_WAY
from docmill.services.samples.bulk import write_scans

TEXT_CANARY, NAME_CANARY, TAG_CANARY = "Quetzalcanarytext", "okapicanaryname", "ibexcanarytag"
REGISTER = """
import sys
from docmill.cli.rooms import room
from docmill.services.intake import take_in
from docmill.services.sources import files_of
from docmill.values.options import MillOptions
with room() as opened:
    print(take_in(opened, files_of(sys.argv[1:], opened.settings), MillOptions())[0])
"""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("up")
    (path / "allowed").mkdir()
    (path / "elsewhere").mkdir()
    (path / "allowed" / f"{NAME_CANARY}.txt").write_text(f"Dear {TEXT_CANARY},\nwe met at the harbour.\n")
    (path / "elsewhere" / f"secret-{NAME_CANARY}.txt").write_text(f"Not for {TEXT_CANARY}.\n")
    return path


@pytest.fixture(scope="module")
def up(folder):
    running = Up(
        folder / "home", DOCMILL_SOURCE_ROOTS=f"{folder / 'allowed'}:gs://bucket/prefix", DOCMILL_NIGHTLY_SOURCES=str(folder / "allowed")
    )
    yield running
    running.end()


@pytest.fixture(scope="module")
def places(up):
    return up.wait_until_ready()


@pytest.fixture(scope="module")
def prefect(places):
    return Prefect(places["Prefect UI"])


def listed(up):
    return json.loads(docmill(up.home, "list", "--json").stdout)


def register(up, *paths):
    words = [sys.executable, "-c", REGISTER, *map(str, paths)]
    return subprocess.run(words, cwd=up.home.parent, env=environment(up.home), capture_output=True, text=True, check=True).stdout.strip()


def test_it_says_where_to_look(up, places):
    settings = httpx.get(f"{places['Prefect UI']}/ui-settings").json()
    assert settings["api_url"] == f"{places['Prefect UI']}/api", "the page would look for its API elsewhere"
    assert "<html" in httpx.get(places["Prefect UI"], follow_redirects=True).text
    assert httpx.get(f"{places['Gateway']}/livez").is_success
    assert places["Files"] == str(up.home)
    assert {p.name for p in Path(places["Logs"]).iterdir()} >= {"prefect-server.log", "prefect-worker.log", "gateway.log"}


def test_milling_gives_way_to_who_answers_people(up, places):
    end = time.monotonic() + 60  # the warm process says so a moment after it has started
    while (levels := _niceness(up, "docmill.cli.warm")) - _niceness(up, "serve") != {GIVE_WAY}:
        assert time.monotonic() < end, levels
        time.sleep(0.3)


def _niceness(up, last_word):
    """Of the parts whose command ends so, without their keepers."""
    found = set()
    for process in psutil.Process(up.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            words = process.cmdline()
            if words[-1:] == [last_word] and "docmill.cli.keeper" not in words:
                found.add(process.nice())
    return found


def test_a_second_one_is_refused(up, places):
    second = docmill(up.home, "up")
    assert second.returncode == 53
    assert places["Prefect UI"] in second.stderr


def test_deployments_have_forms_and_schedules(prefect):
    schema = prefect.deployment("ingest-documents/ad-hoc")["parameter_openapi_schema"]
    options = schema["definitions"]["MillOptions"]["properties"]
    assert all(field["description"] for field in options.values())
    assert options["engine"]["enum"] == ["auto", "tesseract", "rapidocr", "vision"]
    refused = prefect.http.post(
        f"/deployments/{prefect.deployment('ingest-documents/ad-hoc')['id']}/create_flow_run",
        json={"parameters": {"options": {"engine": "x"}}},
    )
    assert refused.status_code == 409
    nightly = prefect.deployment("ingest-documents/nightly")
    assert nightly["schedules"][0]["schedule"]["cron"] == "0 2 * * *"
    assert nightly["global_concurrency_limit"]["limit"] == 1
    types = prefect.http.post("/block_types/filter", json={"limit": 200}).json()
    assert {t["slug"] for t in types} >= {"docmill-object-store", "docmill-ledger", "docmill-ocr-engine", "docmill-dask-cluster"}


def test_the_scheduler_schedules(prefect):
    """Versions of SQLAlchemy that Prefect allows have broken exactly this while all else worked."""
    end = time.monotonic() + 120
    nightly = prefect.deployment("ingest-documents/nightly")["id"]
    while not prefect.runs(deployments={"id": {"any_": [nightly]}}):
        assert time.monotonic() < end, "no run of the nightly deployment was ever scheduled"
        time.sleep(1)


@pytest.mark.slow
def test_another_deploy_keeps_what_a_person_changed(up, places, folder, prefect):
    nightly = prefect.deployment("ingest-documents/nightly")
    assert nightly["schedules"][0]["active"], "DOCMILL_NIGHTLY_SOURCES names sources"
    sources = [str(folder / "allowed")]
    schedules = [{"schedule": {"cron": "30 1 * * *", "timezone": "Europe/Vienna"}, "active": False}]
    body = {"parameters": {"sources": sources}, "schedules": schedules, "paused": True}
    prefect.ask("PATCH", f"/deployments/{nightly['id']}", body)
    done = docmill(up.home, "deploy", DOCMILL_PREFECT_API_URL=f"{places['Prefect UI']}/api")
    assert done.returncode == 0, done.stderr
    kept = prefect.deployment("ingest-documents/nightly")
    assert (kept["parameters"]["sources"], kept["paused"]) == (sources, True)
    (schedule,) = kept["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"], schedule["active"]) == ("30 1 * * *", "Europe/Vienna", False)


def test_runs_by_batch_and_by_source(up, places, folder, prefect):
    note = folder / "note.txt"
    note.write_text("Dear reader,\nthis came with a batch.\n")
    by_batch = prefect.start(batch_id=register(up, note))
    by_source = prefect.start(sources=[str(folder / "allowed")])
    outside = prefect.start(sources=[str(folder / "allowed" / ".." / "elsewhere")])
    for run_id in (by_batch, by_source):
        run = prefect.ended(run_id)
        assert run["state_type"] == "COMPLETED", run["state"]["message"]
    run = prefect.ended(outside)
    assert run["state_type"] == "FAILED"
    assert "NotAllowed" in run["state"]["message"]
    assert {job["name"]: job["state"] for job in listed(up)} == {"note.txt": "completed", f"{NAME_CANARY}.txt": "completed"}
    found = prefect.artifacts(by_source)
    assert prefect.ended(by_source)["name"] == "ingest-sources"
    job = next(job for job in listed(up) if job["name"].startswith(NAME_CANARY))
    row = json.loads(found["outcomes"]["data"])[0]
    assert (row["document"], row["task"], row["state"], row["pages"]) == (job["document_id"], job["job_id"], "completed", 1)
    assert (found["documents-final"]["type"], found["documents-final"]["data"]) == ("progress", 100)
    assert (found["summary"]["type"], "| completed | 1 |" in found["summary"]["data"]) == ("markdown", True)
    assert f"{places['Gateway']}/api/v1/batches/" in found["tasks"]["data"]
    logs = prefect.http.post("/logs/filter", json={"logs": {"flow_run_id": {"any_": [by_source]}}}).raise_for_status().json()
    assert any("1 files: 1 completed" in line["message"] for line in logs)


def ingested(prefect):
    """Runs of the ingest flow that are completed; scheduled ones of other flows may end at any time."""
    return prefect.runs(flows={"name": {"any_": ["ingest-documents"]}}, flow_runs={"state": {"type": {"any_": ["COMPLETED"]}}})


def test_the_command_line_uses_its_server(up, folder, prefect):
    before = len(ingested(prefect))
    letter = folder / f"letter-{NAME_CANARY}.txt"
    letter.write_text(f"Dear {TEXT_CANARY},\nthank you for the walk.\n")
    done = docmill(up.home, "ingest", str(letter), "--tag", TAG_CANARY, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["completed"] == 1, done.stdout
    end = time.monotonic() + 30  # the server learns of the end from the run, a moment later
    while len(ingested(prefect)) <= before and time.monotonic() < end:
        time.sleep(0.3)
    assert len(ingested(prefect)) == before + 1


def test_links_open_and_forged_ones_do_not(up):
    document = next(job["document_id"] for job in listed(up) if job["state"] == "completed")
    link = docmill(up.home, "url", document[:10], "text").stdout.strip()
    assert "Dear" in httpx.get(link).text
    assert httpx.get(link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 403
    assert httpx.get(link.replace("/public/", "/private/")).status_code == 403
    assert httpx.get(docmill(up.home, "url", document, "original").stdout.strip()).text.startswith("Dear")
    quick = docmill(up.home, "url", document, "--expires", "1s").stdout.strip()
    time.sleep(1.5)
    assert httpx.get(quick).status_code == 403


def test_prefect_knows_ids_and_nothing_else(up, prefect):
    files = [p for p in (up.home / "prefect").rglob("*") if p.is_file()] + list((up.home / "logs").iterdir())
    content = {path.name: path.read_bytes().lower() for path in files}
    job = next(job for job in listed(up) if job["name"].startswith(NAME_CANARY))
    assert any(job["document_id"].encode() in data for data in content.values()), "the search would find what is there"
    for canary in (TEXT_CANARY, NAME_CANARY, TAG_CANARY):
        assert [name for name, data in content.items() if canary.lower().encode() in data] == []


def test_what_was_published_is_exported_and_deleted(up, folder):
    job = next(job for job in listed(up) if job["name"] == "note.txt")
    done = docmill(up.home, "export", job["document_id"], "--to", str(folder / "out"))
    assert {Path(line).name for line in done.stdout.split()} == {"results.json", "text.txt", "pii_report.json", "pii_report_page.html"}
    assert json.loads((folder / "out" / job["document_id"] / "results.json").read_text()) == json.loads(
        docmill(up.home, "result", job["job_id"]).stdout
    )
    assert docmill(up.home, "delete", job["document_id"], "--yes").returncode == 0
    assert docmill(up.home, "status", job["document_id"]).returncode == 51
    assert not [p for p in up.home.rglob("*") if p.is_file() and b"came with a batch" in p.read_bytes()], "something of its text is left"
    again = docmill(up.home, "ingest", str(folder / "note.txt"), "--json")
    line = json.loads(again.stdout)["results"][0]
    assert (line["document_id"], line["state"]) == (job["document_id"], "completed")
    assert line["task_id"] != job["job_id"]


@pytest.mark.slow
def test_a_run_that_is_cancelled_in_prefect_is_cut_while_it_reads(up, folder, prefect):
    (scan,) = write_scans(folder / "scans", 1, 30)  # two minutes of reading on one core
    run_id = prefect.start(batch_id=register(up, scan))
    job = await_job(up, lambda job: job["progress"] > 40, timeout_s=120)
    asked = time.monotonic()
    state = {"type": "CANCELLING", "name": "Cancelling"}
    prefect.http.post(f"/flow_runs/{run_id}/set_state", json={"state": state}).raise_for_status()
    ended = await_job(up, lambda job: job["state"] == "cancelled", timeout_s=60)
    assert (ended["job_id"], ended["error_code"]) == (job["job_id"], "cancelled")
    assert time.monotonic() - asked < 60
    end = time.monotonic() + 30
    while prefect.http.get(f"/flow_runs/{run_id}").json()["state_type"] != "CANCELLED" or _reading(up):
        assert time.monotonic() < end, "the run goes on, or a program that it started"
        time.sleep(0.3)


def await_job(up, is_there, *, timeout_s):
    """The newest job, once it is as wanted; fails when it has ended otherwise."""
    end = time.monotonic() + timeout_s
    while not is_there(job := listed(up)[0]):
        assert job["state"] not in {"completed", "failed"}, job
        assert time.monotonic() < end, job
        time.sleep(0.5)
    return job


def _reading(up):
    return [p.pid for p in psutil.Process(up.process.pid).children(recursive=True) if _name(p) == "tesseract"]


def _name(process):
    try:
        return process.name()
    except psutil.Error:
        return ""


def test_sigterm_leaves_no_process(up):
    family = psutil.Process(up.process.pid).children(recursive=True)
    assert len(family) >= 6
    up.process.terminate()
    assert up.process.wait(timeout=60) == 0, up.said
    assert [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE] == []
    assert not (up.home / "up.json").exists()
    assert "No embedded set runs" in docmill(up.home, "down").stdout


def test_the_checkout_is_what_runs():
    assert (ROOT / "docmill" / "cli" / "prefect.yaml").resolve() == ROOT / "prefect.yaml"
