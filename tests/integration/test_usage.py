"""What milling a document used, from services that are really asked over gRPC and HTTP to the job's status, `docmill status` and /metrics."""

import json
from contextlib import closing

import pikepdf
import pytest
from embeddings_server import DIMENSIONS, embeddings_server
from google.cloud import vision
from milled_papers import ingest, mill
from openai_server import Fault, running_openai_server
from prometheus_client.parser import text_string_to_metric_families
from reading_pages import text_pdf
from shard_documents import write_pages
from starlette.testclient import TestClient
from typer.testing import CliRunner
from vision_server import running_vision_server

from docmill.cli.main import app
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.documents import remill
from docmill.services.language_model import client
from docmill.services.lookups import newest_job
from docmill.services.running.room import Room
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
    model.faults.extend([Fault(500)] * 2)  # what is not answered is no call
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
