"""Tasks of the upload API after they were accepted: same bytes, idempotency keys, batches, lists, cancelling, retrying, deleting.

A real gateway, ledger and store. What one upload is answered stands in test_api_uploads.py, what is refused in test_api_upload_refusals.py.
"""

import time

from api_milling import mill
from upload_requests import UPLOAD, assert_problem, client, gateway, room, send

from docmill.services.running.run import BatchRun

__all__ = ["client", "gateway", "room"]


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
