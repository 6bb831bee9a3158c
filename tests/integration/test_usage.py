"""What milling a document used, from services that are really asked over gRPC and HTTP to the job's status, `docmill status` and /metrics."""

import dataclasses
import json
from contextlib import closing

import pikepdf
import pytest
from embeddings_server import DIMENSIONS, embeddings_server
from faulty_store import FAULTS, Fault, use_faulty_store
from fresh_ledgers import fresh_ledger
from google.cloud import vision
from milled_papers import ingest, mill
from openai_server import Fault as ModelFault
from openai_server import running_openai_server
from prometheus_client.parser import text_string_to_metric_families
from reading_pages import text_pdf
from shard_documents import begin, write_pages
from starlette.testclient import TestClient
from typer.testing import CliRunner
from vision_server import running_vision_server

from docmill.cli.main import app
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.documents import remill
from docmill.services.jobs import renew_leases
from docmill.services.language_model import client
from docmill.services.lookups import newest_job
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.services.uploads import queue
from docmill.settings import settings
from docmill.stages.knowledge import embedding
from docmill.values.options import MillOptions

OPTIONS = {"engine": "vision", "kind": "invoice", "ask_model": True, "index": True}
PAPER = "INVOICE\n\nJute twine 2 mm    10   100.00   1,000.00\nTotal EUR   1,190.00\n\nKrummbach and daughters, ropes since 1902\n"


@pytest.fixture
def services(monkeypatch):
    """Cloud Vision, a language model and an embedding service on this machine, with prices."""
    monkeypatch.setattr(client, "_PAUSE_S", 0.01)
    embedding._opened.cache_clear()
    with running_vision_server() as eyes, running_openai_server() as model, embeddings_server() as vectors:
        model.answer = lambda asked: {"answers": [{"field": name, "text": None, "page": None} for name in asked["fields"]]}
        given = {
            "DOCMILL_VISION_ENDPOINT": eyes.endpoint,
            "DOCMILL_VISION_PRICE": "2",
            "OPENAI_MODEL": "test-model",
            "OPENAI_BASE_URL": model.base_url,
            "DOCMILL_MODEL_INPUT_PRICE": "2",
            "DOCMILL_MODEL_OUTPUT_PRICE": "10",
            "DOCMILL_EMBEDDING_ENDPOINT": vectors.url,
            "DOCMILL_EMBEDDING_MODEL": "test-embedding",
            "DOCMILL_EMBEDDING_DIMENSIONS": str(DIMENSIONS),
            "DOCMILL_EMBEDDING_PRICE": "5000",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        yield eyes, model, vectors
    embedding._opened.cache_clear()


@pytest.fixture
def opened(home, room, services):
    settings.cache_clear()
    with closing(Room.open(settings())) as found:
        yield found


@pytest.fixture
def faulty(home, services, monkeypatch, tmp_path):
    """As `opened`, over a store that fails on purpose."""
    home.mkdir(mode=0o700)
    use_faulty_store(monkeypatch, tmp_path / "objects")
    settings.cache_clear()
    fresh_ledger(settings().resolved_ledger_url)
    with closing(Room.open(settings())) as found:
        yield found
    FAULTS.clear()


def carried(run, waiting):
    """Mill and fold until the run is over; a shard with errors worth another try is tried again. Returns those errors."""
    met = []
    while waiting:
        write_lease(run.room.store, run.room.tenant, run.run_id, stop=False)
        shard = waiting.pop()
        report = mill_shard(shard)
        while report.retryable:
            met += report.retryable
            report = mill_shard(shard)
        waiting += run.fold(shard, report)
    return met


def status(what):
    """What `docmill status WHAT --json` says was used, and what it tells people."""
    told = CliRunner().invoke(app, ["status", what, "--json"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)["usage"], " ".join(CliRunner().invoke(app, ["status", what]).stdout.split())


def web(room):
    desk = Desk(room=room, limits=UploadLimits(lambda: queue(room)), wake=lambda: None, prefect_answers=lambda: False)
    return TestClient(create_app(desk, None, names=["127.0.0.1:1"]), base_url="http://127.0.0.1:1")


def figures(room):
    answer = web(room).get("/metrics")
    return {(s.name, *s.labels.values()): s.value for family in text_string_to_metric_families(answer.text) for s in family.samples}


def test_every_service_is_counted_and_priced_wherever_usage_is_shown(opened, services, tmp_path):
    eyes, model, vectors = services
    eyes.faults.append(vision.AnnotateImageResponse())  # a page on which it finds no words has its price, too
    scan = write_pages(tmp_path / "a.tif", 3)
    (document_id,) = ingest(opened, scan, **OPTIONS)
    job_id = newest_job(opened.ledger, opened.tenant, document_id).job_id
    used, told = status(job_id)
    asked = len(vectors.asked)
    assert (len(eyes.requests), len(model.requests), asked) == (3, 1, 1)
    assert used["api_calls"] == {"vision": 3, "language_model": 1, "embeddings": 1}
    embedded = used["api_tokens"]["embeddings"]
    assert used["api_tokens"] == {"language_model": 1100, "embeddings": embedded}
    assert 0 < embedded < 100  # estimated: this service says nothing of tokens
    costs = {service: float(cost) for service, cost in used["api_costs"].items()}
    assert costs == pytest.approx({"vision": 0.006, "language_model": 0.003, "embeddings": embedded * 0.005})
    assert float(used["cost"]) == pytest.approx(sum(costs.values()))
    assert {"inspect", "read", "understand", "consult", "index", "validate", "publish"} <= set(used["cpu_s"])
    assert all(seconds > 0 for seconds in used["cpu_s"].values())
    assert "3 calls of vision, for 0.006" in told
    assert "1 call of language model, 1100 tokens, for 0.003" in told
    assert web(opened).get(f"/api/v1/upload/status/{job_id}/").json()["usage"] == used
    found = figures(opened)
    for service, calls in used["api_calls"].items():
        assert found["docmill_api_calls_last_hour", service] == calls
        assert found["docmill_api_cost_last_hour", service] == pytest.approx(costs[service])
    assert found["docmill_api_tokens_last_hour", "language_model"] == 1100
    assert found["docmill_cost_last_hour",] == pytest.approx(float(used["cost"]))
    assert found["docmill_cpu_seconds_last_hour", "read"] == pytest.approx(used["cpu_s"]["read"], abs=0.001)
    assert "embeddings 1, language model 1, vision 3 for" in web(opened).get("/operations").text


def test_what_was_there_already_is_not_counted_again(opened, services, tmp_path):
    (document_id,) = ingest(opened, write_pages(tmp_path / "a.tif", 1), **OPTIONS)
    options = MillOptions(**OPTIONS, extract_format="markdown")
    mill(opened, remill(opened.ledger, opened.tenant, document_id, options))
    assert [len(service.requests) for service in services[:2]] == [1, 1]
    used, _ = status(document_id[:12])
    assert (used["api_calls"], used["cost"]) == ({}, "0")
    assert used["cpu_s"]["publish"] > 0
    assert figures(opened)["docmill_api_calls_last_hour", "vision"] == 1


def test_answers_that_were_of_no_use_are_paid_and_without_a_price_none_is_told(opened, services, tmp_path, monkeypatch):
    monkeypatch.delenv("DOCMILL_MODEL_INPUT_PRICE")
    settings.cache_clear()
    _, model, _ = services
    model.answer = lambda _: "no JSON at all"
    (tmp_path / "a.txt").write_text(PAPER)
    with closing(Room.open(settings())) as priceless:
        (document_id,) = ingest(priceless, tmp_path / "a.txt", ask_model=True, index=False)
    used, told = status(document_id[:12])
    assert (used["api_calls"], used["api_tokens"], used["api_costs"]) == ({"language_model": 2}, {"language_model": 2200}, {})
    assert "2 calls of language model, 2200 tokens" in told
    model.faults.extend([ModelFault(500)] * 2)  # what is not answered is no call
    (tmp_path / "b.txt").write_text(f"{PAPER}\nThank you\n")
    with closing(Room.open(settings())) as priceless:
        (other,) = ingest(priceless, tmp_path / "b.txt", ask_model=True, index=False)
    assert status(other[:12])[0]["api_calls"] == {}


def test_a_page_that_was_read_in_an_earlier_version_is_not_paid_again(opened, services, tmp_path):
    first, second = text_pdf(tmp_path / "a.pdf", pages=2), tmp_path / "b.pdf"
    with pikepdf.open(first) as old:
        old.pages[1].contents_add(b"BT /F1 14 Tf 40 20 Td (changed) Tj ET")
        old.save(second)
    ids = [ingest(opened, file, engine="vision", index=False)[0] for file in (first, second)]
    assert [status(one[:12])[0]["api_calls"] for one in ids] == [{"vision": 2}, {"vision": 1}]
    assert len(services[0].requests) == 3


NOT_KEPT = {
    "the page": Fault("create", r"/read/.*\.json$", 2),
    "its receipt": Fault("create", r"/receipts/.*\.read-\w+\.receipt$", 2),
    "its outcome": Fault("create", r"/runs/.*page-2\.json$", 2),
}


@pytest.mark.parametrize("what", NOT_KEPT)
def test_what_was_paid_in_a_try_that_is_made_again_is_counted_once(faulty, services, tmp_path, what):
    FAULTS.append(dataclasses.replace(NOT_KEPT[what]))
    run = begin(faulty, [write_pages(tmp_path / "a.tif", 3)], engine="vision", index=False)
    (job_id,) = run.tracked
    assert carried(run, run.first_shards()) == ["store_unavailable"] * 2
    paid = len(services[0].requests)
    assert paid == (3 if what == "its outcome" else 5)
    used, _ = status(job_id)
    assert (used["api_calls"], float(used["cost"])) == ({"vision": paid}, pytest.approx(paid * 0.002))


def test_an_answer_of_no_use_is_paid_though_the_question_is_asked_again_later(opened, services, tmp_path):
    _, model, _ = services
    good, asked = model.answer, []

    def answer(question):
        asked.append(question)
        if len(asked) == 1:
            model.faults.append(ModelFault(500))  # the next one: then this try is over
            return "no JSON at all"
        return good(question)

    model.answer = answer
    (tmp_path / "a.txt").write_text(PAPER)
    run = begin(opened, [tmp_path / "a.txt"], ask_model=True, index=False)
    (job_id,) = run.tracked
    assert carried(run, run.first_shards()) == ["service_unavailable"]
    assert len(asked) == 2
    used, _ = status(job_id)
    assert (used["api_calls"], used["api_tokens"]) == ({"language_model": 2}, {"language_model": 2200})


def test_what_a_run_that_broke_off_had_paid_is_counted_once_and_only_for_its_job(opened, services, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 3)
    first = begin(opened, [scan], engine="vision", index=False)
    (job_id,) = first.tracked
    (reading,) = [after for shard in first.first_shards() for after in first.fold(shard, mill_shard(shard))]
    mill_shard(reading)  # and nobody hears of it
    assert len(services[0].requests) == 3
    renew_leases(opened.ledger, opened.tenant, first.run_id, lease_s=0)
    second = BatchRun(opened, first.batch_id, "second", workers=0, lease_s=60)
    assert list(second.tracked) == [job_id]
    assert carried(second, second.first_shards()) == []
    assert len(services[0].requests) == 3
    used, _ = status(job_id)
    assert used["api_calls"] == {"vision": 3}
    assert used["cpu_s"]["read"] > 0
    other = begin(opened, [scan], engine="vision", index=False, extract_format="markdown")
    (other_id,) = other.tracked
    carried(other, other.first_shards())
    used, _ = status(other_id)
    assert (used["api_calls"], "read" in used["cpu_s"]) == ({}, False)
