"""The gateway over Google Cloud Storage (fake-gcs-server): uploads, results and signed links in a bucket, uploads by gs:// address."""

from contextlib import closing

import httpx
import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of
from gcs_server import running_gcs_server, write_service_account_file

from docmill.services.fresh_home import open_home
from docmill.services.running.room import Room
from docmill.services.samples.bulk import write_tiny
from docmill.settings import settings

UPLOAD = "/api/v1/upload/async/"
MINE = "gs://mill/pre"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_gcs_server(tmp_path_factory.mktemp("gcs") / "objects", "mill", "incoming") as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def gateway(server, tmp_path_factory):
    """(client, settings) of a gateway whose store is a bucket."""
    home = tmp_path_factory.mktemp("home")
    account, _ = write_service_account_file(home / "account.json")
    more = {
        "store_url": MINE,
        "gcs_endpoint": server,
        "gcs_project": "p",
        "google_credentials": account,
        "source_roots": ("gs://incoming/scans",),
        "max_bytes": 50_000,
    }
    with open_home(settings_of(home, **more)):
        pass
    with gateway_process(home, **{k: str(v) if k == "google_credentials" else v for k, v in more.items()}) as (client, _):
        yield client, settings_of(home, **more)


@pytest.fixture
def client(gateway):
    return gateway[0]


@pytest.fixture
def room(gateway, monkeypatch):
    found = gateway[1]
    for name, value in (("HOME", found.home), ("STORE_URL", MINE), ("GCS_ENDPOINT", found.gcs_endpoint), ("GCS_PROJECT", "p")):
        monkeypatch.setenv(f"DOCMILL_{name}", str(value))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(found.google_credentials))
    settings.cache_clear()
    with closing(Room.open(found)) as opened:
        yield opened
    settings.cache_clear()


def put(server, name, data):
    """Lay an object into the source bucket as its owner would."""
    answer = httpx.post(f"{server}/upload/storage/v1/b/incoming/o", params={"uploadType": "media", "name": name}, content=data)
    assert answer.status_code == 200


def objects(server, bucket="mill"):
    return {item["name"] for item in httpx.get(f"{server}/storage/v1/b/{bucket}/o").json().get("items", [])}


def ask(client, *uris, **fields):
    return client.post(UPLOAD, files=[("uri", (None, uri)) for uri in uris], data={"index": "false", **fields})


@pytest.mark.parametrize("redact", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_from_upload_to_links_and_away_again(client, room, server, tmp_path, redact):
    before = objects(server)
    (pdf,) = write_tiny(tmp_path, 1, kind="pdf")
    data = pdf.read_bytes() + f"\n% {redact}\n".encode()
    body = client.post(
        UPLOAD, files=multipart_file("note.pdf", data, "application/pdf"), data={"index": "false", "redact": str(redact).lower()}
    ).json()
    mill(room, body["batch_id"])
    told = client.get(body["status_url"]).json()
    assert told["status"] == "completed", told
    original, results = told["storage_info"]["original_file"], told["storage_info"]["results_file"]
    assert results["signed_url"].startswith(f"{server}/mill/pre/public/")
    assert "X-Goog-Signature=" in results["signed_url"]
    assert "X-Goog-Expires=3600" in results["signed_url"]
    assert httpx.get(results["signed_url"]).json()["task_id"] == body["task_id"]
    assert f"pre/{results['gcs_path']}" in objects(server)
    if redact:
        assert set(original.values()) == {None}
        assert httpx.get(told["download_urls"]["redacted"]).content.startswith(b"%PDF")
    else:
        assert original["gs_url"] == f"{MINE}/{original['gcs_path']}"
        assert httpx.get(original["signed_url"]).content == data
        assert "Note 0" in httpx.get(told["download_urls"]["text"]).text
    for path in ("redacted/1.png" if redact else "original/1.png", "all.zip"):
        assert client.get(f"/tasks/{body['task_id']}/{path}").status_code == 200
    page = client.get(f"/tasks/{body['task_id']}")
    assert page.status_code == 200
    assert client.delete(f"/api/v1/documents/{told['document_id']}").status_code == 204
    # markers, journals and notes of pages go with the next clean-up
    mine = "pre/private/default/"
    known = (f"{mine}runs/", f"{mine}journal/")
    left = {
        name
        for name in objects(server) - before
        if not (name.startswith(known) or (name.startswith(f"{mine}read/") and name.endswith(".note")))
    }
    assert left == set(), "something of the document is left"
    words = [room.store.read(name.removeprefix("pre/")) for name in objects(server) - before]
    assert [data for data in words if b"Note 0" in data] == [], "and no words are in what is left"


def test_an_object_of_a_bucket_is_taken_in(client, room, server):
    put(server, "scans/2026/letter ü.txt", b"Dear reader, this came from a bucket.\n")
    answer = ask(client, "gs://incoming/scans/2026/letter ü.txt", tags="bucket")
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["file_info"] == {"name": "letter ü.txt", "size": 38, "content_type": None}
    mill(room, body["batch_id"])
    assert client.get(body["status_url"]).json()["ocr_result"]["full_text"] == "Dear reader, this came from a bucket."
    assert ask(client, "gs://incoming/scans/2026/letter ü.txt", tags="bucket").json()["tasks"][0]["reused"]
    put(server, "scans/b.txt", b"B of the bucket.\n")
    both = client.post(
        UPLOAD, files=[("file", ("a.txt", b"A as sent.\n", "text/plain")), ("uri", (None, "gs://incoming/scans/b.txt"))]
    ).json()
    assert [(t["file_info"]["name"], t["file_info"]["content_type"]) for t in both["tasks"]] == [("a.txt", "text/plain"), ("b.txt", None)]


@pytest.mark.parametrize(
    ("uri", "status", "code"),
    [
        ("gs://incoming/secret.txt", 403, "not_allowed"),
        ("gs://incoming/scans-of-others/a.txt", 403, "not_allowed"),
        ("gs://mill/pre/originals/default/aa/bb", 403, "not_allowed"),
        ("gs://incoming/scans/../secret.txt", 422, "invalid_options"),
        ("gs://incoming/scans/", 422, "invalid_options"),
        ("file:///etc/passwd", 422, "invalid_options"),
        ("/etc/passwd", 422, "invalid_options"),
        ("http://169.254.169.254/latest", 422, "invalid_options"),
        ("gs://incoming/scans/nothing.txt", 404, "not_found"),
        ("gs://incoming/scans/large.txt", 413, "too_large"),
    ],
)
def test_what_is_not_fetched(client, server, uri, status, code):
    put(server, "scans/large.txt", b"x" * 60_000)
    put(server, "secret.txt", b"secret\n")
    before = client.get("/api/v1/upload/tasks/?limit=200").json()["tasks"]
    answer = ask(client, uri)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert uri not in answer.text
    assert answer.json()["success"] is False
    assert client.get("/api/v1/upload/tasks/?limit=200").json()["tasks"] == before


def test_without_roots_nothing_is_fetched(tmp_path, server):
    with gateway_process(tmp_path, gcs_endpoint=server) as (client, _):
        assert ask(client, "gs://incoming/scans/b.txt").status_code == 403
