"""Who may speak to a keyless gateway, what leaves it, and what the pages and the description say."""

import json
import re
import socket

import httpx
import pytest
from gateway_process import gateway_process, multipart_file, settings_of

from docmill.client import Client
from docmill.errors import InvalidOptions, NotAllowed, NotFound, TimedOut
from docmill.gateway.guard import bound_names
from docmill.gateway.server import serve

UPLOAD = "/api/v1/upload/async/"
PUBLIC = "files.example.org"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with gateway_process(tmp_path_factory.mktemp("guarded"), gateway_url=f"https://{PUBLIC}") as (client, process):
        yield client
        process.terminate()
        assert process.communicate(timeout=30)[0] == b""  # no log line about any request


def port_of(client):
    return client.base_url.port


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("127.0.0.1:{port}", "/", 200),
        ("localhost:{port}", "/", 200),
        ("[::1]:{port}", "/", 200),
        ("127.0.0.1:1", "/", 403),
        ("127.0.0.1", "/", 403),
        ("evil.example", "/", 403),
        ("evil.example:{port}", "/api/v1/upload/tasks/", 403),
        ("127.0.0.1:{port}.evil.example", "/", 403),
        (PUBLIC, "/", 403),  # the public name is for links only
        (PUBLIC, "/api/v1/upload/tasks/", 403),
        (PUBLIC, "/livez", 200),
        ("evil.example", "/livez", 403),
        ("", "/", 403),
    ],
)
def test_the_host_must_be_one_of_the_bound_names(client, host, path, status):
    answer = client.get(path, headers={"Host": host.format(port=port_of(client))})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "not_allowed"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),  # let through to the route
        ({"Origin": "http://127.0.0.1:{port}"}, 415),
        ({"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 415),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Forwarded-For": "203.0.113.9"}, 403),
        ({"Forwarded": "for=203.0.113.9"}, 403),
    ],
)
def test_no_other_page_may_change_anything(client, headers, status):
    sent = {name: value.format(port=port_of(client)) for name, value in headers.items()}
    answer = client.post(UPLOAD, json={}, headers=sent)
    assert answer.status_code == status
    assert answer.json()["success"] is False


@pytest.mark.parametrize("path", ["/", "/docs", "/web/app.js", "/livez", "/api/v1/upload/tasks/", "/nowhere", "/openapi.json", "/files/x"])
def test_every_answer_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "localhost.evil.example"])  # noqa: S104 - refused
def test_binding_elsewhere_is_refused(tmp_path, host):
    with pytest.raises(NotAllowed, match="API keys"):
        serve(settings_of(tmp_path), 0, host=host)


def test_bound_names_without_a_port():
    assert "localhost" in bound_names(80)
    assert "localhost" not in bound_names(8000)


def test_a_surprise_says_nothing(tmp_path):
    with gateway_process(tmp_path) as (client, process):
        (tmp_path / "incoming").write_text("in the way: secret words")
        answer = client.post(UPLOAD, files=multipart_file("secret name.txt", b"secret words"))
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["success"] is False
        process.terminate()
        printed = process.communicate(timeout=30)[0].decode()
    assert "the gateway broke" in printed
    for text in (answer.text, printed):
        assert "secret" not in text
        assert str(tmp_path) not in text


# --- pages and description


def test_the_page_is_complete_and_brings_everything_itself(client):
    name = '<script>alert("x")</script>.txt'
    body = client.post(UPLOAD, files=multipart_file(name, b"a page of text\n")).json()
    home = client.get("/")
    task = client.get(f"/tasks/{body['task_id']}")
    docs = client.get("/docs")
    for page in (home, task, docs):
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="en">' in page.text
        assert "<script>" not in page.text
        assert not re.search(r'(src|href|action)="(https?:)?//', page.text)
        assert not re.search(r"\son\w+=|\sstyle=", page.text)
        assert "$" not in page.text
    assert f'href="/tasks/{body["task_id"]}"' in home.text
    assert 'data-ask="cancel"' in task.text
    assert UPLOAD in docs.text
    for asset in re.findall(r'(?:src|href)="(/web/[^"]+)"', home.text):
        assert client.get(asset).status_code == 200
    assert client.get("/web/../desk.py").status_code == 404
    assert client.get("/web/home.html").status_code == 404
    for control in re.findall(r'<(?:input|select)[^>]*id="(\w+)"', home.text):
        assert f'for="{control}"' in home.text  # every control has a label


def test_the_description_is_complete(client):
    told = client.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    paths = told["paths"]
    assert {f"{m.upper()} {p}" for p, methods in paths.items() for m in methods} >= {
        "POST /api/v1/upload/async/",
        "GET /api/v1/upload/status/{task_id}/",
        "GET /api/v1/upload/tasks/",
        "POST /api/v1/upload/{task_id}/cancel/",
        "POST /api/v1/upload/{task_id}/retry/",
        "GET /api/v1/batches/{batch_id}",
        "GET /api/v1/documents/{document_id}",
        "DELETE /api/v1/documents/{document_id}",
        "GET /livez",
        "GET /readyz",
    }
    form = paths[UPLOAD]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["anyOf"] == [{"required": ["file"]}, {"required": ["uri"]}]
    assert set(form["properties"]) >= {"file", "language", "extract_format", "confidence_threshold", "redact", "tags", "metadata"}
    assert "HTTPValidationError" not in json.dumps(told)
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told)))
    assert references <= set(told["components"]["schemas"])
    for methods in paths.values():
        for route in methods.values():
            assert route.get("description"), route
            for status, answer in route["responses"].items():
                if int(status) >= 400 and status != "503":
                    assert list(answer["content"]) == ["application/problem+json"], route


# --- the Python client


def test_the_client_submits_asks_and_says_what_was_refused(client, tmp_path):
    file = tmp_path / "c.txt"
    file.write_text("for the client\n")
    with Client(str(client.base_url)) as gateway:
        task = gateway.submit(file, language="de", redact=True, entities=("PERSON", "URL"), tags=["a", "b"], metadata={"case": 1})
        assert (task.status, task.progress, task.is_over) == ("pending", 20, False)
        assert gateway.submit(file, language="de", redact=True, entities=("URL", "PERSON")).task_id == task.task_id
        seen = []
        with pytest.raises(TimedOut):
            gateway.wait(task.task_id, timeout_s=0.2, poll_s=0.1, on_progress=seen.append)
        assert seen
        assert gateway.cancel(task.task_id).outcome == "cancelled"
        assert gateway.wait(task.task_id).is_over
        with pytest.raises(InvalidOptions, match="hocr"):
            gateway.submit(file, extract_format="docx")
        with pytest.raises(NotFound):
            gateway.status("0" * 26)


def test_loopback_only(client):
    """The socket itself: nobody else's address is bound."""
    own = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None)} - {"127.0.0.1", "127.0.1.1", "::1"}
    for address in own:
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://{address if ':' not in address else f'[{address}]'}:{port_of(client)}/livez", timeout=3)
