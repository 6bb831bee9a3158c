"""The asynchronous OCR contract against a real gateway, ledger and store. Jobs are milled in this process, as a run would.

Here: what one upload is answered until its task is over. Tasks as such stand in test_api_upload_tasks.py, refusals in test_api_upload_refusals.py.
"""

import io
import json
import re
import time
import zipfile
from datetime import datetime

import pikepdf
import pytest
from api_milling import mill
from gateway_process import multipart_file
from reading_pages import text_pdf
from upload_requests import UPLOAD, client, gateway, room, send

from docmill.services.samples.bulk import write_tiny

__all__ = ["client", "gateway", "room"]

LETTER = b"Dear Sir, my name is John Smith, mail john.smith@example.org.\n"


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
