"""Figures for people and Prometheus, readiness, and the commands that speak to a gateway."""

import csv
import io
import json
import socket
import subprocess
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from api_milling import mill
from cli_environment import clean_environment
from gateway_process import gateway_process, multipart_file, settings_of
from prometheus_client.parser import text_string_to_metric_families

from docmill.services.running.room import Room
from docmill.services.samples.bulk import write_scans
from docmill.settings import settings
from docmill.values.jobs import FINAL_STATES, JobState

UPLOAD = "/api/v1/upload/async/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("operations")
    with gateway_process(home) as (client, _):
        yield client, home


@pytest.fixture(scope="module")
def client(gateway):
    return gateway[0]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1], gateway_url=str(gateway[0].base_url).rstrip("/")))) as opened:
        yield opened
    settings.cache_clear()


def docmill(gateway, tmp_path, *words, code=0):
    environment = clean_environment(DOCMILL_HOME=str(tmp_path / "elsewhere"), DOCMILL_GATEWAY_URL=str(gateway[0].base_url))
    done = subprocess.run(
        [sys.executable, "-m", "docmill.cli.main", *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def figures(client):
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {(s.name, *s.labels.values()): s.value for family in text_string_to_metric_families(answer.text) for s in family.samples}


def test_submit_wait_download_and_what_the_figures_say(gateway, client, room, tmp_path):
    assert {(name, *labels): value for (name, *labels), value in figures(client).items() if labels} == {
        **{("docmill_tasks", state): 0 for state in JobState},
        **{("docmill_tasks_ended_last_day", state): 0 for state in FINAL_STATES},
    }
    assert "none yet" in client.get("/operations").text
    note = tmp_path / "note.txt"
    note.write_text("A note by the command line.\n")
    task_id = docmill(gateway, tmp_path, "submit", str(note), "--tag", "cli", "--no-index").strip()
    assert figures(client)["docmill_tasks", "accepted"] == 1
    assert figures(client)["docmill_queue_age_seconds",] >= 0
    assert client.get("/api/v1/upload/tasks/?tag=cli").json()["tasks"][0]["task_id"] == task_id
    mill(room, client.get(f"/api/v1/upload/status/{task_id}/").json()["batch_id"])
    assert docmill(gateway, tmp_path, "wait", task_id).split()[:2] == [task_id, "completed"]
    (told,) = json.loads(docmill(gateway, tmp_path, "wait", task_id, "--json"))
    assert (told["outcome"], told["error_code"]) == ("completed", None)
    paths = docmill(gateway, tmp_path, "download", task_id, "--to", "out", "--only", "text").split()
    assert [(tmp_path / path).read_text() for path in paths] == ["A note by the command line.\n"]
    broken = client.post(
        UPLOAD, files=[*multipart_file("x.pdf", b"%PDF-1.7 broken").items(), *multipart_file("y.txt", b"Y\n").items()]
    ).json()
    mill(room, broken["batch_id"])
    assert "failed" in docmill(gateway, tmp_path, "wait", broken["tasks"][0]["task_id"], code=11)
    found = figures(client)
    assert found["docmill_failures_last_day", "damaged"] == 1
    assert found["docmill_tasks_ended_last_day", "completed"] == 2
    assert found["docmill_task_seconds", "working", "0.5"] > 0
    assert found["docmill_tasks_ended_last_hour",] == 3
    assert found["docmill_straight_through_rate",] == pytest.approx(2 / 3, abs=0.001)
    assert 0 < found["docmill_stage_seconds", "0.5", "read"] <= found["docmill_stage_seconds", "0.95", "read"]  # labels by name
    assert not [name for name, *_ in found if name == "docmill_ocr_confidence"], "no engine has read anything"
    page = client.get("/operations").text
    assert "damaged" in page
    assert "Prefect is away" in page
    assert "note" not in page
    assert "66.7%" in page


def test_results_are_exported_by_filter(client, room, tmp_path):
    for name, tag in (("a.txt", "exported"), ("b.txt", "other")):
        sent = client.post(UPLOAD, files=multipart_file(name, f"Export {name}\n".encode()), data={"tags": tag, "index": "false"}).json()
        mill(room, sent["batch_id"])

    def exported(**wanted):
        answer = client.get("/api/v1/results/export", params=wanted)
        assert answer.status_code == 200, answer.text
        return answer

    table = exported(tag="exported")
    assert table.headers["content-type"].startswith("text/csv")
    assert "results.csv" in table.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(table.text))
    with zipfile.ZipFile(io.BytesIO(exported(tag="exported", format="zip").content)) as packed:
        (name,) = packed.namelist()
        assert json.loads(packed.read(name))["task_id"] == row["task_id"]
    assert exported(format="parquet").content[:4] == b"PAR1"
    assert len(exported(outcome="completed", until="9999-12-31").text.splitlines()) > 2
    assert len(exported(until="2020-01-01").text.splitlines()) == 1
    assert client.get("/api/v1/results/export", params={"format": "xls"}).status_code == 422
    assert client.get("/api/v1/upload/tasks/", params={"until": "9999-12-31"}).status_code == 200
    assert not list(Path(tempfile.gettempdir()).glob("docmill-scratch-export-*"))


def test_confidence_of_pages_by_the_engine_that_read_them(client, room, tmp_path):
    (scan,) = write_scans(tmp_path, 1, 2, dpi=110)
    task = client.post(UPLOAD, files=multipart_file("scan.pdf", scan.read_bytes()), data={"engine": "tesseract", "index": "false"}).json()
    mill(room, task["batch_id"])
    found = figures(client)
    assert 0.5 < found["docmill_ocr_confidence", "tesseract", "0.05"] <= found["docmill_ocr_confidence", "tesseract", "0.5"] <= 1
    assert "Confidence of pages read by tesseract" in client.get("/operations").text


def test_a_gateway_that_is_not_there(tmp_path):
    environment = clean_environment(DOCMILL_HOME=str(tmp_path / "home"))
    done = subprocess.run(
        [sys.executable, "-m", "docmill.cli.main", "wait", "x"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 43
    assert "docmill up" in done.stderr


def test_readiness_with_dask(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as scheduler:
        address = f"tcp://127.0.0.1:{scheduler.getsockname()[1]}"
        with gateway_process(tmp_path, dask_address=address) as (client, _):
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["checks"]["dask"], ready.json()["checks"]["prefect"]) == (200, "ok", "away")
            scheduler.close()
            assert client.get("/readyz").json()["checks"]["dask"] == "away"
