"""What belongs to which run, shard, job and request, in log lines of real work; nothing of a document's text or name."""

import dataclasses
import json
import logging
import os
import subprocess
import sys
from io import StringIO
from types import MappingProxyType

import pytest
from faulty_store import FAULTS, Fault
from milling_shards import faulty_room, inspected
from shard_documents import begin, write_damaged, write_pages, write_text
from starlette.testclient import TestClient

from docmill.carried import pack
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.logs import JsonFormatter, log_ids
from docmill.services.milling import work
from docmill.services.milling.work import mill_shard
from docmill.services.uploads import queue

__all__ = ["faulty_room"]

ALONE = """
import sys
from docmill.carried import mill_packed
mill_packed(sys.stdin.buffer.read(), sys.argv[1], True)
"""


@pytest.fixture
def told():
    """The JSON lines of docmill's log, decoded when asked."""
    stream, logger = StringIO(), logging.getLogger("docmill")
    handler, before = logging.StreamHandler(stream), logger.level
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(before)


def ids_of(shard, **more):
    return {"tenant": shard.tenant, "run_id": shard.run_id, "shard": shard.shard_id, "stage": shard.stage, **more}


def assert_lines(lines, wanted):
    assert [(line["message"], line) for line in lines] == [
        (message, line | ids) for line, (message, ids) in zip(lines, wanted, strict=True)
    ]


def test_an_item_that_fails_says_whose_it_is(room, told, tmp_path):
    (shard,) = begin(room, [write_text(tmp_path / "thistlewood.txt", "Mortimer owes"), write_damaged(tmp_path / "b.pdf")]).first_shards()
    report = mill_shard(shard, True)
    (failed,) = [outcome for outcome in report.outcomes if outcome.error_code]
    assert_lines(told(), [(f"document failed: {failed.error_code}", ids_of(shard, job_id=failed.job_id))])
    assert not [word for word in ("thistlewood", "Mortimer", "b.pdf", str(tmp_path)) if word in str(told())]
    logging.getLogger("docmill.after").warning("outside")
    assert not set(told()[-1]) & {"run_id", "job_id", "shard", "stage"}


def test_what_a_stage_logs_while_it_makes_an_item_belongs_to_the_items_job(room, told, tmp_path, monkeypatch):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / f"{name}.tif", 1) for name in "ab"]))
    real = work.STAGE_WORK["read"]

    def make(bench, items):
        logging.getLogger("docmill.stage").info("making")
        return real.make(bench, items)

    monkeypatch.setattr(work, "STAGE_WORK", MappingProxyType({"read": dataclasses.replace(real, make=make)}))
    mill_shard(shard, True)
    assert_lines(told(), [("making", ids_of(shard, job_id=item.job_id)) for item in shard.items])
    assert len({item.job_id for item in shard.items}) == 2


def test_what_fails_while_it_is_kept_beside_the_next_says_so_too(faulty_room, told, tmp_path):
    first, second = (write_pages(tmp_path / f"{name}.tif", 1) for name in "ab")
    (shard,) = inspected(begin(faulty_room, [first, second]))
    FAULTS.append(Fault("create", r"/read/.*\.json$"))
    mill_shard(shard, True)
    assert_lines(told(), [("page-1 failed: store_unavailable", ids_of(shard, job_id=item.job_id)) for item in shard.items])


def test_a_worker_that_never_saw_a_command_line_logs_json_with_ids(room, home, tmp_path):
    (shard,) = begin(room, [write_damaged(tmp_path / "b.pdf")]).first_shards()
    done = subprocess.run(
        [sys.executable, "-c", ALONE, shard.version],
        input=pack(shard),
        env={**os.environ, "DOCMILL_HOME": str(home), "DOCMILL_LOG_FORMAT": "json", "DOCMILL_LOG_LEVEL": "INFO"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert_lines(lines, [("document failed: damaged", ids_of(shard, job_id=shard.items[0].job_id))])


def test_a_request_is_logged_under_the_id_that_its_answer_carries(room, told):
    desk = Desk(room=room, limits=UploadLimits(lambda: queue(room)), wake=lambda: None, prefect_answers=lambda: False)
    app = create_app(desk, None, names=["127.0.0.1:1"])

    @app.get("/breaks")
    def breaks():  # in a thread, as all routes that ask the ledger
        logging.getLogger("docmill.gateway.inside").warning("about to break")
        raise RuntimeError("what a document says")

    with log_ids(command="serve"), TestClient(app, base_url="http://127.0.0.1:1", raise_server_exceptions=False) as client:
        answers = [client.get("/breaks", headers={"X-Request-ID": "thistlewood.pdf"}) for _ in range(2)]
        assert len(client.get("/livez").headers["x-request-id"]) == 16
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids[0] != ids[1]
    assert [answer.status_code for answer in answers] == [500, 500]
    lines = told()
    assert [(line["message"], line["request_id"]) for line in lines] == [
        (message, name) for name in ids for message in ("about to break", "the gateway broke: RuntimeError")
    ]
    assert "what a document" not in str(lines)
