"""`/api/v1/review` over HTTP: a whole review, conflicts as problem+json, and what each role may."""

import pytest
from ledger_fixtures import Work
from review_papers import published, results_now
from review_tasks import FRAUD, TOTAL, VENDOR, add_users
from starlette.testclient import TestClient

from docmill.gateway.acting import USER_KEY
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.review.applying import apply_waiting
from docmill.services.uploads import queue

TASKS = "/api/v1/review/tasks"


class AsUser:
    """Stands where API keys will: names the user that a header says. Only in tests."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        named = dict(scope.get("headers", [])).get(b"x-test-user")
        if named:
            scope[USER_KEY] = named.decode()
        await self.app(scope, receive, send)


@pytest.fixture
def work(room):
    made = Work(room.ledger)
    add_users(room.ledger, anna="reviewer", ben="reviewer", vera="viewer")
    return made


@pytest.fixture
def client(room):
    desk = Desk(room=room, limits=UploadLimits(lambda: queue(room)), wake=lambda: None, prefect_answers=lambda: False)
    app = create_app(desk, None, names=["127.0.0.1:1"])
    app.add_middleware(AsUser)
    return TestClient(app, base_url="http://127.0.0.1:1", raise_server_exceptions=False)


def post(client, path, user="anna", **body):
    return client.post(path, json=body, headers={"x-test-user": user})


def test_a_whole_review(client, room, work):
    job = published(room, work, TOTAL, VENDOR, FRAUD)
    listed = client.get(TASKS).json()
    assert [one["subject"] for one in listed["tasks"]] == ["fraud", "field", "field"]
    assert listed["by_state"] == {"pending": 3}
    assert (
        client.get(TASKS, params={"subject": "field", "priority": "high", "document_id": job.document_id}).json()["tasks"][0]["name"]
        == "total"
    )
    total = listed["tasks"][1]["task_id"]
    seen = client.get(f"{TASKS}/{total}").json()
    assert (seen["field"], seen["value"], seen["width_px"], seen["task"]["box"]) == ("total", "123.45", 600, [1, 2, 3, 4])
    held = post(client, f"{TASKS}/{total}/claim").json()
    assert (held["state"], held["assigned_to"]) == ("claimed", "anna")
    lost = post(client, f"{TASKS}/{total}/claim", "ben")
    assert (lost.status_code, lost.json()["code"], lost.headers["content-type"]) == (409, "conflict", "application/problem+json")
    assert "another reviewer holds this task" in lost.json()["detail"]
    stale = post(client, f"{TASKS}/{total}/decide", verdict="accepted", version=1)
    assert (stale.status_code, "you saw 1" in stale.json()["detail"]) == (409, True)
    body = {"verdict": "corrected", "value": "123.54", "version": held["version"]}
    done = post(client, f"{TASKS}/{total}/decide", **body).json()
    assert (done["is_final"], done["is_being_applied"]) == (True, False)
    again = post(client, f"{TASKS}/{total}/decide", **body)
    assert (again.status_code, "over: decided" in again.json()["detail"]) == (409, True)
    assert apply_waiting(room, run_id="r").applied == 1
    assert {f["name"]: f["value"] for f in results_now(room, work, job.document_id)["fields"]}["total"] == "123.54"


def test_next_release_and_many(client, room, work):
    published(room, work, TOTAL, VENDOR)
    first, second = (post(client, "/api/v1/review/next").json() for _ in range(2))
    assert (first["name"], second["name"]) == ("total", "vendor_name")
    empty = post(client, "/api/v1/review/next")
    assert (empty.status_code, empty.content) == (204, b"")
    assert post(client, f"{TASKS}/{first['task_id']}/release").json()["state"] == "pending"
    many = post(client, "/api/v1/review/decide", "ben", task_ids=[first["task_id"], second["task_id"]], note="seen").json()
    assert [one["task_id"] for one in many["decided"]] == [first["task_id"]]
    assert [(one["task_id"], one["code"]) for one in many["refused"]] == [(second["task_id"], "conflict")]


@pytest.mark.parametrize(
    ("user", "path", "body", "status"),
    [
        ("vera", "{task}/claim", {}, 403),
        ("vera", "/api/v1/review/next", {}, 403),
        ("anna", "{task}/assign", {"to": "ben"}, 403),
        ("anna", "{task}/assign", {"to": "anna"}, 200),
        ("local", "{task}/assign", {"by_workload": True}, 200),
        ("local", "{task}/assign", {"to": "nobody"}, 403),
        ("anna", "{task}/decide", {"verdict": "accepted", "version": 1}, 409),
        ("anna", "{task}/decide", {"verdict": "maybe", "version": 1}, 422),
        ("anna", "{task}/decide", {"verdict": "accepted"}, 422),
        ("anna", "/api/v1/review/decide", {"task_ids": [], "note": "x"}, 422),
        ("anna", TASKS + "/" + "0" * 32 + "/claim", {}, 404),
        ("anna", TASKS + "/zz/claim", {}, 422),
    ],
)
def test_who_may_and_what_is_refused(client, room, work, user, path, body, status):
    published(room, work, TOTAL)
    (task,) = client.get(TASKS).json()["tasks"]
    answer = post(client, path.format(task=f"{TASKS}/{task['task_id']}"), user, **body)
    assert answer.status_code == status, answer.text


def test_marks_kinds_and_consent(client, room, work):
    job = published(room, work, TOTAL)
    paper = f"/api/v1/review/documents/{job.document_id}"
    marked = post(client, f"{paper}/marks", type="PERSON", text="123.45", note="a name").json()
    assert [one["verdict"] for one in marked] == ["accepted"]
    assert post(client, f"{paper}/marks", "vera", type="PERSON", text="123.45").status_code == 403
    assert post(client, f"{paper}/marks", type="PERSON", text="absent").status_code == 404
    assert post(client, f"{paper}/marks", type="NAME", text="123.45").status_code == 422
    assert post(client, f"{paper}/kind", kind="receipt").json()["verdict"] == "corrected"
    assert post(client, f"{paper}/kind", "ben", kind="poem").status_code == 422
    assert post(client, f"{paper}/kind", "ben", kind="invoice").json()["is_final"]  # a second thought
    for user, status in (("anna", 204), ("vera", 403)):
        assert client.put(f"{paper}/consent", json={"may_teach": True}, headers={"x-test-user": user}).status_code == status


def test_what_stands_under_a_box_is_not_told_by_marking(client, room, work, monkeypatch):
    monkeypatch.setattr("docmill.gateway.review_marks.may_see_original_of", lambda *, redacted: redacted)  # as for a key without the scope
    job = published(room, work, TOTAL)
    refused = post(client, f"/api/v1/review/documents/{job.document_id}/marks", type="PERSON", text="123.45")
    assert (refused.status_code, "originals:read" in refused.json()["detail"]) == (403, True)


def test_the_routes_are_described(client):
    described = client.get("/openapi.json").json()["paths"]
    routes = [route for path, methods in described.items() if path.startswith("/api/v1/review") for route in methods.values()]
    assert len(routes) == 11
    assert all(route["description"] and route["summary"] for route in routes)
