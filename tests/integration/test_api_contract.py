"""The asynchronous OCR contract, field by field, against real runs: a table of every field that the contract names, and what it must be.

Cases: an accepted upload, a waiting, a completed, a redacted, a failed, a cancelled task. Over 1 MB: test_api_uploads.py.
"""

import re
from contextlib import closing
from datetime import UTC, datetime

import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of

from docmill.services.running.room import Room
from docmill.services.samples.bulk import write_tiny
from docmill.settings import settings

UPLOAD = "/api/v1/upload/async/"
ID, URL = r"[0-9a-z]{26}", r"http://127\.0\.0\.1:\d+/files/.+"
OPTIONS = {
    "language": "en",
    "extract_format": "json",
    "confidence_threshold": "0.7",
    "tags": "a,b",
    "collection": "c",
    "metadata": '{"x": 1}',
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("contract")
    with gateway_process(home) as (client, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCMILL_HOME", str(home))
        settings.cache_clear()
        with closing(Room.open(settings_of(home, gateway_url=str(client.base_url).rstrip("/")))) as room:
            yield client, room
    settings.cache_clear()


@pytest.fixture(scope="module")
def cases(gateway, tmp_path_factory):
    """Answers of real runs, by case."""
    client, room = gateway
    folder = tmp_path_factory.mktemp("files")
    pdf = write_tiny(folder, 1, kind="pdf")[0].read_bytes()
    found, seen = {}, []

    def send(name, data, media_type, **fields):
        answer = client.post(UPLOAD, files=multipart_file(name, data, media_type), data={"index": "false", **fields})
        assert answer.status_code == 202, answer.text
        return answer

    def ask(body):
        return client.get(body["status_url"]).json()

    answer = send("note.pdf", pdf, "application/pdf", **OPTIONS)
    found["headers"], found["accepted"] = dict(answer.headers), answer.json()
    found["waiting"] = ask(found["accepted"])
    mill(room, found["accepted"]["batch_id"], watch=lambda: seen.append(ask(found["accepted"])))
    found["completed"], found["seen"] = ask(found["accepted"]), [found["waiting"], *seen]
    redacted = send("letter.txt", b"Write to anna.smith@example.org soon.\n", "text/plain", redact="true").json()
    mill(room, redacted["batch_id"])
    found["redacted"] = ask(redacted)
    broken = send("broken.pdf", b"%PDF-1.4\ncut off", "application/pdf").json()
    mill(room, broken["batch_id"])
    found["failed"] = ask(broken)
    late = send("late.txt", b"Never begun.\n", "text/plain").json()
    found["cancel"] = client.post(f"/api/v1/upload/{late['task_id']}/cancel/").json()
    found["cancelled"] = ask(late)
    return found


def at(answer, path):
    for part in path.split("."):
        answer = answer[int(part)] if part.isdigit() else answer[part]
    return answer


def is_time(text):
    found = datetime.fromisoformat(text)
    return found.tzinfo is not None and abs((datetime.now(UTC) - found).total_seconds()) < 3 * 3600


def matching(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def number(low, high=float("inf")):
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def an_hour_ahead(text):
    return 3500 < (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds() <= 3600


STATUS_URL = rf"/api/v1/upload/status/{ID}/"
TABLE = [
    # the upload's answer
    ("accepted", "success", True),
    ("accepted", "message", matching(r".+")),
    ("accepted", "task_id", matching(ID)),
    ("accepted", "status", "PENDING"),
    ("accepted", "file_info.name", "note.pdf"),
    ("accepted", "file_info.size", number(400)),
    ("accepted", "file_info.content_type", "application/pdf"),
    ("accepted", "processing_options.language", "en"),
    ("accepted", "processing_options.extract_format", "json"),
    ("accepted", "processing_options.confidence_threshold", 0.7),
    ("accepted", "processing_options.redact", False),
    ("accepted", "status_url", matching(STATUS_URL)),
    ("accepted", "polling_instructions.check_url", matching(STATUS_URL)),
    ("accepted", "polling_instructions.recommended_interval_seconds", 5),
    ("accepted", "polling_instructions.timeout_minutes", 30),
    ("headers", "location", matching(STATUS_URL)),
    ("headers", "retry-after", "5"),
    # every status
    *((case, "success", True) for case in ("waiting", "completed", "redacted", "failed", "cancelled")),
    *((case, "task_id", matching(ID)) for case in ("waiting", "completed", "redacted", "failed", "cancelled")),
    *((case, "message", matching(r".+")) for case in ("waiting", "completed", "redacted", "failed", "cancelled")),
    *((case, "updated_at", is_time) for case in ("waiting", "completed", "redacted", "failed", "cancelled")),
    *((case, "polling_instructions.check_url", matching(STATUS_URL)) for case in ("waiting", "completed", "failed", "cancelled")),
    # status, outcome, progress
    ("waiting", "status", "pending"),
    ("waiting", "outcome", "accepted"),
    ("waiting", "progress", 20),
    ("completed", "status", "completed"),
    ("completed", "outcome", matching("completed|needs_review|partial")),
    ("completed", "progress", 100),
    ("failed", "status", "failed"),
    ("failed", "outcome", "failed"),
    ("failed", "progress", number(20, 99)),
    ("failed", "error.code", "damaged"),
    ("failed", "error.hint", matching(r".+")),
    ("cancelled", "status", "failed"),
    ("cancelled", "outcome", "cancelled"),
    ("cancelled", "progress", 20),
    ("cancel", "status", "failed"),
    *((case, name, None) for case in ("waiting", "failed", "cancelled") for name in ("ocr_result", "download_urls", "storage_info")),
    *((case, name, None) for case in ("waiting", "failed", "cancelled") for name in ("processing_id", "processing_completed_at")),
    # the result
    ("completed", "processing_id", matching(rf"task_{ID}_\d{{13}}")),
    ("completed", "file_info.original_name", "note.pdf"),
    ("completed", "file_info.size", number(400)),
    ("completed", "file_info.content_type", "application/pdf"),
    ("completed", "storage_info.original_file.gcs_path", matching(r"originals/.+")),
    ("completed", "storage_info.original_file.gs_url", None),  # the store is a folder; test_api_gcs.py has the bucket
    ("completed", "storage_info.original_file.signed_url", matching(URL)),
    ("completed", "storage_info.original_file.signed_url_expires_at", an_hour_ahead),
    ("completed", "storage_info.results_file.gcs_path", matching(rf"public/.+/task_{ID}_results\.json")),
    ("completed", "storage_info.results_file.signed_url", matching(URL)),
    ("completed", "ocr_result.full_text", matching(r"(?s).*Note 0.*")),
    ("completed", "ocr_result.processing_time", number(0.001, 600)),
    ("completed", "ocr_result.language", "en"),
    ("completed", "ocr_result.format", "json"),
    ("completed", "ocr_result.text_blocks_count", number(1)),
    ("completed", "ocr_result.text_blocks_dropped", 0),
    ("completed", "ocr_result.text_blocks.0.text", matching(r".+")),
    ("completed", "ocr_result.text_blocks.0.confidence", number(0.7, 1)),
    ("completed", "ocr_result.text_blocks.0.page", 1),
    ("completed", "ocr_result.text_blocks.0.width_px", number(1)),
    ("completed", "ocr_result.text_blocks.0.height_px", number(1)),
    ("completed", "ocr_result.text_blocks.0.bounding_box", lambda box: len(box) == 4 and all(len(p) == 2 and min(p) >= 0 for p in box)),
    ("completed", "download_urls.original_file", matching(URL)),
    ("completed", "download_urls.results_file", matching(URL)),
    ("completed", "download_urls.text", matching(URL)),
    ("completed", "processing_completed_at", is_time),
    # redaction: nothing leads to the original
    ("redacted", "status", "completed"),
    *(("redacted", f"storage_info.original_file.{n}", None) for n in ("gcs_path", "gs_url", "signed_url", "signed_url_expires_at")),
    ("redacted", "download_urls.original_file", None),
    ("redacted", "download_urls.results_file", matching(URL)),
    ("redacted", "download_urls.redacted", matching(URL)),
    ("redacted", "ocr_result.full_text", lambda text: "example.org" not in text and text.startswith("Write to [")),
    ("redacted", "ocr_result.text_blocks.0.text", lambda text: "anna" not in text),
]


@pytest.mark.parametrize(("case", "path", "wanted"), TABLE, ids=[f"{case}-{path}" for case, path, _ in TABLE])
def test_field(cases, case, path, wanted):
    value = at(cases[case], path)
    assert wanted(value) if callable(wanted) else value == wanted, value


def test_ids_and_urls_are_one_task_s(cases):
    accepted, completed = cases["accepted"], cases["completed"]
    url = f"/api/v1/upload/status/{accepted['task_id']}/"
    assert url == accepted["status_url"] == accepted["polling_instructions"]["check_url"] == cases["headers"]["location"]
    assert completed["polling_instructions"] == accepted["polling_instructions"]
    assert completed["processing_id"].startswith(f"task_{accepted['task_id']}_")
    assert completed["storage_info"]["original_file"]["signed_url"] == completed["download_urls"]["original_file"]
    assert len(completed["ocr_result"]["text_blocks"]) == completed["ocr_result"]["text_blocks_count"]


def test_progress_is_true_and_never_falls(cases):
    steps = [(one["progress"], one["status"]) for one in cases["seen"]]
    assert steps == sorted(steps, key=lambda step: step[0])
    reached = {progress for progress, _ in steps}
    assert 20 in reached, "stored"
    assert reached & set(range(40, 71)), "pages are being read"
    assert reached & set(range(70, 100)), "read, but not over"
    assert all(status in {"pending", "processing"} for progress, status in steps if progress < 100)
    assert all(progress == 100 for progress, status in steps if status == "completed")


def test_links_work_and_forged_ones_do_not(cases, gateway):
    client, _ = gateway
    urls = cases["completed"]["download_urls"]
    for name, url in urls.items():
        answer = client.get(url)
        assert answer.status_code == 200, name
        assert answer.content, name
    assert client.get(urls["results_file"]).json()["task_id"] == cases["accepted"]["task_id"]
    assert client.get(urls["original_file"][:-1] + ("0" if urls["original_file"][-1] != "0" else "1")).status_code == 403
