"""The asynchronous OCR contract against a real gateway, ledger and store. Jobs are milled in this process, as a run would."""

import asyncio
import io
import json
import re
import signal
import socket
import time
import zipfile
from contextlib import closing
from datetime import datetime

import httpx
import pikepdf
import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of
from reading_pages import text_pdf

from docmill.errors import TooManyRequests
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.gateway.multipart import safe_name
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.services.samples.bulk import write_tiny
from docmill.services.uploads import Queue
from docmill.settings import settings

UPLOAD = "/api/v1/upload/async/"
LETTER = b"Dear Sir, my name is John Smith, mail john.smith@example.org.\n"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("api")
    with gateway_process(home, max_bytes=300_000) as (client, _):
        yield client, home


@pytest.fixture(scope="module")
def client(gateway):
    return gateway[0]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))  # work in this process looks there for keys
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1], gateway_url=str(gateway[0].base_url).rstrip("/")))) as opened:
        yield opened
    settings.cache_clear()


def send(client, name, data, media_type="text/plain", headers=None, **fields):
    return client.post(UPLOAD, files=multipart_file(name, data, media_type), data=fields, headers=headers)


def assert_problem(answer, status, code=None):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body.get("code")) == (status, code)
    return body


# --- the contract


def test_an_archive_brings_a_task_for_each_member(client):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("in/one.txt", "The first paper.")
        archive.writestr("two.txt", "The second paper.")
    answer = client.post(UPLOAD, files=multipart_file("papers.zip", buffer.getvalue(), "application/zip"))
    assert answer.status_code == 202, answer.text
    told = [(task["file_info"]["name"], task["file_info"]["content_type"]) for task in answer.json()["tasks"]]
    assert told == [("one.txt", None), ("two.txt", None)]


def test_an_upload_is_answered_field_by_field(client):
    answer = send(client, "first note.txt", b"An upload, field by field.\n", language="de", confidence_threshold="0.5", tags="a, b")
    assert answer.status_code == 202
    body = answer.json()
    assert body["success"] is True
    assert body["status"] == "PENDING"
    assert re.fullmatch(r"[0-9a-z]{26}", body["task_id"])
    assert body["file_info"] == {"name": "first note.txt", "size": 27, "content_type": "text/plain"}
    options = body["processing_options"]
    assert (options["language"], options["extract_format"], options["confidence_threshold"]) == ("de", "text", 0.5)
    assert body["status_url"] == f"/api/v1/upload/status/{body['task_id']}/"
    assert body["polling_instructions"] == {"check_url": body["status_url"], "recommended_interval_seconds": 5, "timeout_minutes": 30}
    assert answer.headers["location"] == body["status_url"]
    assert answer.headers["retry-after"] == "5"

    status = client.get(body["status_url"])
    assert status.status_code == 200
    told = status.json()
    assert (told["success"], told["task_id"], told["status"], told["outcome"]) == (True, body["task_id"], "pending", "accepted")
    assert told["progress"] == 20
    assert told["polling_instructions"] == body["polling_instructions"]
    assert told["message"]
    assert told["updated_at"]


def test_a_completed_task_has_text_links_and_storage_and_progress_never_falls(client, room, tmp_path):
    (pdf,) = write_tiny(tmp_path, 1, kind="pdf")
    body = send(client, "report.pdf", pdf.read_bytes(), "application/pdf").json()
    seen = []
    mill(room, body["batch_id"], lambda: seen.append(client.get(body["status_url"]).json()))
    assert [s["progress"] for s in seen] == sorted(s["progress"] for s in seen)
    later = [client.get(body["status_url"]).json() for _ in range(2)]
    times = [datetime.fromisoformat(s["updated_at"]) for s in (*seen, *later)]
    assert times == sorted(times), "it never goes back"
    assert times[-1] == times[-2], "nothing has changed between two looks"
    assert len(set(times)) > 2
    assert {s["status"] for s in seen[:-1]} <= {"pending", "processing"}
    assert len({s["progress"] for s in seen}) > 3

    told = client.get(body["status_url"]).json()
    assert (told["status"], told["outcome"], told["progress"]) in {("completed", "completed", 100), ("completed", "needs_review", 100)}
    assert re.fullmatch(rf"task_{body['task_id']}_\d{{13}}", told["processing_id"])
    assert told["file_info"] == {"original_name": "report.pdf", "size": pdf.stat().st_size, "content_type": "application/pdf"}
    result = told["ocr_result"]
    assert "Note 0" in result["full_text"]
    assert result["format"] == "text"
    assert result["language"] == "en"
    assert result["processing_time"] > 0
    assert result["text_blocks_count"] == len(result["text_blocks"]) > 0
    assert result["text_blocks_dropped"] == 0
    block = result["text_blocks"][0]
    assert (len(block["bounding_box"]), len(block["bounding_box"][0]), block["page"]) == (4, 2, 1)
    assert told["processing_completed_at"]

    storage, urls = told["storage_info"], told["download_urls"]
    assert storage["original_file"]["signed_url"] == urls["original_file"]
    assert storage["original_file"]["gs_url"] is None
    assert storage["original_file"]["signed_url_expires_at"]
    assert client.get(urls["original_file"]).content == pdf.read_bytes()
    assert client.get(urls["results_file"]).json()["task_id"] == body["task_id"]
    assert "Note 0" in client.get(urls["text"]).text
    expires = int(re.search(r"expires=(\d+)", urls["results_file"])[1])
    assert 3590 <= expires - time.time() <= 3601


def test_with_redaction_nothing_leads_to_the_original(client, room):
    body = send(client, "letter.txt", LETTER, redact="true", entities="EMAIL_ADDRESS,PERSON").json()
    mill(room, body["batch_id"])
    answer = client.get(body["status_url"])
    told = answer.json()
    assert told["status"] == "completed", told
    assert told["storage_info"]["original_file"] == {"gcs_path": None, "gs_url": None, "signed_url": None, "signed_url_expires_at": None}
    assert told["download_urls"]["original_file"] is None
    assert "originals/" not in answer.text
    assert "example.org" not in answer.text
    assert "Smith" not in answer.text
    assert "Dear Sir" in told["ocr_result"]["full_text"]
    for name, url in told["download_urls"].items():
        if url and name != "redacted":
            assert "example.org" not in client.get(url).text, name


def test_results_that_were_withdrawn_leave_no_link(client, room):
    body = send(client, "open.txt", b"shown first, redacted later\n").json()
    mill(room, body["batch_id"])
    told = client.get(body["status_url"]).json()
    assert told["ocr_result"]["full_text"] == "shown first, redacted later"
    room.store.delete(told["storage_info"]["results_file"]["gcs_path"])
    told = client.get(body["status_url"]).json()
    assert (told["status"], told["ocr_result"]["full_text"]) == ("completed", None)
    assert told["download_urls"] == {"original_file": None, "results_file": None}


@pytest.mark.slow
def test_over_a_megabyte_the_text_is_linked(client, room):
    lines = b"so\n" * 11_000 + b"the end\n"
    body = send(client, "long.txt", lines, index="false").json()
    mill(room, body["batch_id"])
    answer = client.get(body["status_url"])
    told = answer.json()
    assert told["status"] == "completed"
    assert len(answer.content) < 20_000
    assert (told["ocr_result"]["full_text"], told["ocr_result"]["text_blocks"]) == (None, [])
    assert "the end" in client.get(told["download_urls"]["results_file"]).json()["full_text"]


def test_a_locked_pdf_is_opened_by_its_password_which_no_answer_shows(client, room, tmp_path):
    secret = "open-sesame-canary "  # a space at the end belongs to it
    locked = text_pdf(tmp_path / "a.pdf", encryption=pikepdf.Encryption(owner="o", user=secret)).read_bytes()
    refused = send(client, "a.pdf", locked, "application/pdf", password="wrong-canary", index="false").json()
    mill(room, refused["batch_id"])
    told = client.get(refused["status_url"]).json()
    assert (told["status"], told["error"]["code"]) == ("failed", "encrypted")
    answer = send(client, "a.pdf", locked, "application/pdf", password=secret, index="false")
    mill(room, answer.json()["batch_id"])
    done = client.get(answer.json()["status_url"])
    assert "471102" in done.json()["ocr_result"]["full_text"]
    assert "canary" not in answer.text + done.text + json.dumps(told)


def test_a_failed_task_says_why(client, room):
    body = send(client, "broken.pdf", b"%PDF-1.4\ncut off", "application/pdf").json()
    mill(room, body["batch_id"])
    told = client.get(body["status_url"]).json()
    assert (told["status"], told["outcome"], told["error"]["code"]) == ("failed", "failed", "damaged")
    assert told["progress"] < 100
    assert told["ocr_result"] is None
    again = send(client, "broken.pdf", b"%PDF-1.4\ncut off", "application/pdf").json()
    assert again["task_id"] != body["task_id"]  # a failed task is tried anew


# --- same bytes, keys


def test_same_bytes_and_options_are_one_task_unless_forced_or_cancelled(client):
    first = send(client, "a.txt", b"the same bytes\n").json()
    same = send(client, "other name.txt", b"the same bytes\n").json()
    assert same["task_id"] == first["task_id"]
    assert same["file_info"]["name"] == "other name.txt"
    assert send(client, "a.txt", b"the same bytes\n", language="fr").json()["task_id"] != first["task_id"]
    forced = send(client, "a.txt", b"the same bytes\n", force="true").json()
    assert forced["task_id"] != first["task_id"]
    assert client.post(f"/api/v1/upload/{forced['task_id']}/cancel/").status_code == 200
    assert send(client, "a.txt", b"the same bytes\n").json()["task_id"] not in {first["task_id"], forced["task_id"]}


def test_an_idempotency_key_gives_the_same_answer_and_no_other(client):
    key = {"Idempotency-Key": "key-1"}
    first = send(client, "k.txt", b"keyed\n", headers=key, force="true").json()
    assert send(client, "k.txt", b"keyed\n", headers=key, force="true").json()["task_id"] == first["task_id"]
    assert send(client, "k.txt", b"keyed\n", headers={"Idempotency-Key": "key-2"}, force="true").json()["task_id"] != first["task_id"]
    body = assert_problem(send(client, "k.txt", b"other bytes\n", headers=key), 409, "conflict")
    assert (body["success"], body["message"]) == (False, body["detail"])
    assert_problem(send(client, "k.txt", b"x\n", headers={"Idempotency-Key": "k" * 300}), 422, "invalid_options")


def test_several_files_are_one_batch(client):
    files = [("file", (f"{n}.txt", f"file {n} of several\n".encode(), "text/plain")) for n in range(3)]
    files.append(("file", ("archive.zip", b"PK\x03\x04 not read", "application/zip")))
    body = client.post(UPLOAD, files=files).json()
    assert [t["file_info"]["name"] for t in body["tasks"]] == ["0.txt", "1.txt", "2.txt", "archive.zip"]
    assert [t["status"] for t in body["tasks"]] == ["pending", "pending", "pending", "failed"]
    batch = client.get(f"/api/v1/batches/{body['batch_id']}").json()
    assert (batch["total_files"], batch["by_outcome"], batch["finished_at"]) == (4, {"accepted": 3, "failed": 1}, None)
    assert [t["task_id"] for t in batch["tasks"]] == [t["task_id"] for t in body["tasks"]]


# --- list, cancel, retry, documents


def test_tasks_are_listed_by_pages_and_filters(client):
    made = [send(client, f"listed {n} report.txt", f"listed {n}\n".encode(), tags="Listed,q3").json()["task_id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        page = client.get("/api/v1/upload/tasks/", params={"tag": "Listed", "limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen.append([t["task_id"] for t in page["tasks"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [len(p) for p in seen] == [2, 2, 1]
    assert [task_id for page in seen for task_id in page] == made[::-1]

    def found(**params):
        return {t["task_id"] for t in client.get("/api/v1/upload/tasks/", params={"limit": 200, **params}).json()["tasks"]} & set(made)

    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert found() == set(made)
    assert found(tag="listed") == set()
    assert found(tag="Lis") == set()
    assert found(text="LISTED 3") == {made[3]}
    assert found(text="100%") == set()
    assert found(status="pending", since=today, until=today) == set(made)
    assert found(until="2020-01-01") == set()
    assert found(kind="invoice") == set()
    client.post(f"/api/v1/upload/{made[0]}/cancel/")
    assert found(status="failed") == found(outcome="cancelled") == {made[0]}
    assert found(status="completed", outcome="cancelled") == set()
    assert_problem(client.get("/api/v1/upload/tasks/?limit=0"), 422, "invalid_options")
    assert "pending" in assert_problem(client.get("/api/v1/upload/tasks/?status=odd"), 422, "invalid_options")["detail"]


def test_a_waiting_task_is_cancelled_at_once_and_can_be_tried_again(client, room):
    body = send(client, "c.txt", b"to be cancelled\n").json()
    told = client.post(f"/api/v1/upload/{body['task_id']}/cancel/")
    assert (told.status_code, told.json()["status"], told.json()["outcome"]) == (200, "failed", "cancelled")
    assert_problem(client.post(f"/api/v1/upload/{body['task_id']}/cancel/"), 409, "conflict")
    mill(room, body["batch_id"])
    assert client.get(body["status_url"]).json()["outcome"] == "cancelled"  # it never starts
    again = client.post(f"/api/v1/upload/{body['task_id']}/retry/")
    assert again.status_code == 202
    assert again.json()["task_id"] != body["task_id"]
    assert again.json()["file_info"]["name"] == "c.txt"
    assert_problem(client.post(f"/api/v1/upload/{again.json()['task_id']}/retry/"), 409, "conflict")


def test_a_running_task_is_being_cancelled(client, room):
    body = send(client, "r.txt", b"running\n").json()
    BatchRun(room, body["batch_id"], "run-r", workers=0, lease_s=60)
    told = client.post(f"/api/v1/upload/{body['task_id']}/cancel/")
    assert (told.status_code, told.json()["status"], told.json()["outcome"]) == (202, "processing", "cancelling")


def test_a_document_is_shown_and_deleted_with_its_bytes(client, room):
    body = send(client, "d.txt", b"to be deleted\n").json()
    document = client.get(body["status_url"]).json()["document_id"]
    found = client.get(f"/api/v1/documents/{document}").json()
    assert (found["document_id"], found["current_task"], found["download_urls"]) == (document, None, {})
    assert_problem(client.delete(f"/api/v1/documents/{document}"), 409, "conflict")
    mill(room, body["batch_id"])
    urls = client.get(f"/api/v1/documents/{document}").json()["download_urls"]
    assert client.get(urls["original_file"]).content == b"to be deleted\n"
    assert_problem(client.delete(f"/api/v1/documents/{document[:8]}"), 422, "invalid_options")
    assert client.delete(f"/api/v1/documents/{document}").status_code == 204
    assert_problem(client.get(f"/api/v1/documents/{document}"), 404, "not_found")
    assert_problem(client.get(body["status_url"]), 404, "not_found")
    assert_problem(client.get(urls["original_file"]), 404, "not_found")


# --- refusals


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"extract_format": "docx"}, "'text', 'json', 'markdown'"),
        ({"engine": "x"}, "'auto', 'tesseract'"),
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
