"""What the upload API refuses, how it says so, and that nothing is left of it: options, files, requests, names, limits, a killed gateway."""

import asyncio
import json
import signal
import socket
import time

import httpx
import pytest
from gateway_process import gateway_process
from upload_requests import UPLOAD, assert_problem, client, gateway, room, send

from docmill.errors import TooManyRequests
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.gateway.multipart import safe_name
from docmill.services.uploads import Queue

__all__ = ["client", "gateway", "room"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"extract_format": "docx"}, "'text', 'json', 'markdown'"),
        ({"engine": "x"}, "auto, tesseract"),
        ({"language": "klingon"}, "en"),
        ({"confidence_threshold": "2"}, "less than or equal to 1"),
        ({"confidence_threshold": "high"}, "number"),
        ({"entities": "PERSON,FOO"}, "EMAIL_ADDRESS"),
        ({"colour": "red"}, "extract_format"),
        ({"metadata": "{"}, "JSON"),
        ({"metadata": "[1]"}, "object"),
        ({"metadata": json.dumps({"a": "x" * 5000})}, "4096"),
        ({"tags": "t" * 300}, "255"),
    ],
)
def test_options_are_checked_and_the_known_ones_named(client, fields, named):
    body = assert_problem(send(client, "o.txt", b"options\n", **fields), 422, "invalid_options")
    assert named in body["detail"]
    assert body["success"] is False


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(b"x" * 300_001, 413, "too_large"), (b"\x7fELF\x02\x01", 415, "unsupported_type"), (b"", 422, "damaged")],
)
def test_a_file_that_cannot_be_taken_is_refused_and_leaves_nothing(client, data, status, code):
    before = client.get("/api/v1/upload/tasks/?limit=1").json()["tasks"]
    assert_problem(send(client, "bad.bin", data), status, code)
    assert client.get("/api/v1/upload/tasks/?limit=1").json()["tasks"] == before


def test_requests_that_are_no_uploads(client):
    assert_problem(client.post(UPLOAD, json={}), 415)
    assert_problem(client.post(UPLOAD, data={"language": "en"}, files={}), 415)
    assert_problem(client.post(UPLOAD, files={"document": ("a.txt", b"x")}), 422, "invalid_options")
    assert_problem(client.post(UPLOAD, files={"language": (None, "en")}), 422, "invalid_options")
    kind = {"content-type": "multipart/form-data; boundary=b"}
    assert_problem(client.post(UPLOAD, content=b"nonsense", headers=kind), 400)
    half = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhalf a file'
    assert_problem(client.post(UPLOAD, content=half, headers=kind), 400)
    for path in ("status/nothing/", "status/00000000000000000000000000/"):
        assert client.get(f"/api/v1/upload/{path}").status_code in {404, 422}
    assert_problem(client.get("/api/v1/upload/status/00000000000000000000000000/"), 404, "not_found")
    assert_problem(client.get("/api/v1/batches/00000000000000000000000000"), 404, "not_found")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("..", "document"),
        ("", "document"),
        ("Übersicht.pdf", "Übersicht.pdf"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


def test_a_gateway_killed_in_the_middle_of_an_upload_leaves_no_document(tmp_path):
    with gateway_process(tmp_path) as (client, process):
        port = client.base_url.port
        with socket.create_connection(("127.0.0.1", port)) as raw:
            head = f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000\r\n\r\n"
            part = '--b\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\n'
            raw.sendall((head + part).encode() + b"half a document " * 20_000)
            until = time.monotonic() + 10
            while not any(f.stat().st_size for f in tmp_path.glob("incoming/*/*")):
                assert time.monotonic() < until
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=10)
    with gateway_process(tmp_path) as (client, _):
        assert client.get("/api/v1/upload/tasks/").json()["tasks"] == []
        assert not list(tmp_path.glob("store/originals/**/*.*"))


def test_the_queue_and_rate_limits_say_when_to_come_again():
    now = [0.0]
    limits = UploadLimits(lambda: Queue(12, 0.5), per_s=2.0, burst=3, queue_limit=10, clock_s=lambda: now[0])
    for _ in range(3):
        limits.take("a")
    with pytest.raises(TooManyRequests) as refused:
        limits.take("a")
    assert refused.value.facts["retry_after_s"] == 0.5
    limits.take("b")
    now[0] = 0.6
    limits.take("a")
    with pytest.raises(TooManyRequests) as refused:
        limits.check_queue()
    assert refused.value.facts["retry_after_s"] == 6.0


def test_over_the_limit_uploads_are_answered_with_429(room):
    desk = Desk(room, UploadLimits(lambda: Queue(0, 0.0), per_s=0.1, burst=1), wake=lambda: None, prefect_answers=lambda: False)
    app = create_app(desk, None, names=["here"])

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return [await client.post(UPLOAD, json={}) for _ in range(2)]

    first, second = asyncio.run(ask())
    assert_problem(first, 415)
    body = assert_problem(second, 429, "too_many_requests")
    assert (body["success"], second.headers["retry-after"]) == (False, "10")
