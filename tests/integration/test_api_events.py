"""Progress as Server-Sent Events and the search, against a real gateway over what this process milled."""

import json
import threading
import time
from contextlib import closing

import pytest
from api_milling import mill
from gateway_process import gateway_process, multipart_file, settings_of

from docmill.gateway import events
from docmill.gateway.pages_search import marked
from docmill.services.running.room import Room
from docmill.settings import settings

UPLOAD = "/api/v1/upload/async/"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    home = tmp_path_factory.mktemp("events")
    with gateway_process(home) as (client, _):
        yield client, home


@pytest.fixture(scope="module")
def client(gateway):
    return gateway[0]


@pytest.fixture
def room(gateway, monkeypatch):
    monkeypatch.setenv("DOCMILL_HOME", str(gateway[1]))
    settings.cache_clear()
    with closing(Room.open(settings_of(gateway[1]))) as opened:
        yield opened
    settings.cache_clear()


def stream(client, task_id, most_s=40):
    """(event, data) of a task's stream until it ends."""
    found, end = [], time.monotonic() + most_s
    with client.stream("GET", f"/api/v1/upload/{task_id}/events/") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind = None
        for line in answer.iter_lines():
            assert time.monotonic() < end
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                found.append((kind, json.loads(value)))
    return found


def test_a_stream_shows_the_way_to_the_end_and_then_closes(client, room):
    sent = client.post(UPLOAD, files=multipart_file("walrus.txt", b"The walrus counts oysters.\n")).json()
    heard = []
    listening = threading.Thread(target=lambda: heard.extend(stream(client, sent["task_id"])))
    listening.start()
    until = time.monotonic() + 10
    while time.monotonic() < until and not heard:
        time.sleep(0.2)
        break
    mill(room, sent["batch_id"], watch=lambda: time.sleep(0.3))
    listening.join(timeout=40)
    assert heard[0][1]["status"] == "pending"
    assert [kind for kind, _ in heard[:-1]] == ["progress"] * (len(heard) - 1)
    assert heard[-1][0] == "end"
    assert heard[-1][1]["outcome"] == "completed"
    seen = [task["progress"] for _, task in heard]
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert [kind for kind, _ in stream(client, sent["task_id"])] == ["progress", "end"]


def test_no_stream_for_a_task_that_is_not_there_and_none_above_the_limit(client, room, monkeypatch):
    assert client.get(f"/api/v1/upload/{'0' * 26}/events/").status_code == 404
    assert client.get("/api/v1/upload/nonsense/events/").status_code == 422
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from docmill.gateway.problems import add_problem_handlers

    monkeypatch.setattr(events, "MOST_STREAMS", 0)
    app = FastAPI()
    add_problem_handlers(app)
    app.include_router(events.events_router(type("Desk", (), {"room": room})()))
    answer = TestClient(app).get(f"/api/v1/upload/{'0' * 26}/events/")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")


def test_a_passage_is_found_with_its_page_and_boxes_and_only_with_what_was_asked_for(client, room):
    sent = client.post(
        UPLOAD, files=multipart_file("zebra <b>.txt", b"The zebra <i>eats</i> green grass near the river.\n"), data={"tags": "savannah"}
    )
    mill(room, sent.json()["batch_id"])
    found = client.get("/api/v1/search", params={"q": "what does the zebra eat"}).json()
    best = found["results"][0]
    assert best["name"] == "zebra b .txt" or best["name"].startswith("zebra")
    assert best["page"] == 1
    assert "zebra" in best["text"]
    assert len(best["boxes"][0]) == 4
    assert client.get("/api/v1/search", params={"q": "zebra", "tag": "savannah"}).json()["results"]
    assert client.get("/api/v1/search", params={"q": "zebra", "tag": "desert"}).json()["results"] == []
    assert client.get("/api/v1/search", params={"q": "zebra", "until": "2001-01-01"}).json()["results"] == []


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": "x" * 1001}, {"q": "a", "limit": 0}, {"q": "a", "mode": "magic"}, {"q": "a", "language": "qq"}]
)
def test_a_question_that_cannot_be_asked_is_a_422(client, query):
    answer = client.get("/api/v1/search", params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_search_page_marks_words_and_escapes_what_documents_say(client, room):
    sent = client.post(UPLOAD, files=multipart_file("gnu.txt", b"A gnu said <script>alert(1)</script> to the zebra.\n"))
    mill(room, sent.json()["batch_id"])
    page = client.get("/search", params={"q": 'gnu "><img>'})
    assert page.status_code == 200
    assert "<mark>gnu</mark>" in page.text
    assert "<script>alert" not in page.text
    assert 'value="gnu &quot;&gt;&lt;img&gt;"' in page.text
    document_id = sent.json()["tasks"][0]["document_id"]
    assert f'href="/documents/{document_id}#page-1"' in page.text
    follow = client.get(f"/documents/{document_id}")
    assert (follow.status_code, follow.headers["location"]) == (303, f"/tasks/{sent.json()['task_id']}")
    assert "Ask something" in client.get("/search").text


@pytest.mark.parametrize(
    ("text", "words", "html"),
    [
        ("A dog & a Dog", ["dog"], "A <mark>dog</mark> &amp; a <mark>Dog</mark>"),
        ("a.b <c>", ["a.b", "<c>"], "<mark>a.b</mark> <mark>&lt;c&gt;</mark>"),
        ("dogfood", ["dog", "dogfood"], "<mark>dogfood</mark>"),
        ("x", [], "x"),
    ],
)
def test_marking(text, words, html):
    assert marked(text, words) == html
