"""Notifications through Apprise from the outbox: to a real HTTP server, once, again under the same event id after a fault, without names."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from review_tasks import TOTAL, add_users, ended, tasks_of

from docmill.errors import SettingsInvalid
from docmill.services.batches import finish_batch
from docmill.services.notifying import AppriseChannel
from docmill.services.outbox import Deliverer
from docmill.services.review import claiming, overdue
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.jobs import JobState

pytest_plugins = ("ledger_fixtures",)


@pytest.fixture
def receiver():
    heard, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.end_headers()

        def log_message(self, *_given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/", heard, answers
    server.shutdown()
    server.server_close()
    thread.join()


def delivered(work, channel):
    steps = Deliverer(work.ledger, work.tenant, [channel])
    while steps.step():
        pass


def test_people_hear_once_of_what_concerns_them_and_no_names(work, clock, receiver):
    url, heard, _ = receiver
    add_users(work.ledger, anna="reviewer")
    channel = AppriseChannel([url])
    job = ended(work, TOTAL)
    (task,) = tasks_of(work)
    claiming.assign(work.ledger, work.tenant, task.task_id, by="local", to="anna")
    clock.pass_seconds(timedelta(days=2).total_seconds())
    overdue.sweep(work.ledger, work.tenant)
    delivered(work, channel)
    delivered(work, channel)
    heard.sort(key=lambda one: one["message"].rsplit("event: ", 1)[1])  # several go out at once; ids tell what came first
    assert [one["title"] for one in heard] == [
        "docmill: Documents to review",
        "docmill: A review task was assigned",
        "docmill: A review task is overdue",
    ]
    assert f"document: {job.document_id}" in heard[0]["message"]
    assert f"task: {task.task_id}" in heard[1]["message"]
    assert "file-1" not in json.dumps(heard)
    assert "anna" not in json.dumps(heard)


def test_what_was_not_taken_is_sent_again_under_the_same_event_id(work, clock, receiver):
    url, heard, answers = receiver
    answers.append(500)
    ended(work, TOTAL)
    channel = AppriseChannel([url])
    delivered(work, channel)
    clock.pass_seconds(60)
    delivered(work, channel)
    assert len(heard) == 2
    assert len({one["message"].rsplit("event: ", 1)[1] for one in heard}) == 1


def test_a_failed_batch_and_a_low_score_say_so(work, receiver):
    url, heard, _ = receiver
    work.mill(1)
    job = work.mill(2, JobState.FAILED)
    finish_batch(work.ledger, work.tenant, work.view(job.job_id).batch_id, report_object="r")
    with work.ledger.transaction() as conn:
        facts = {"document_id": job.document_id, "order_number": "PO-1", "score_percent": 41, "codes": "total_differs"}
        put_notices(conn, work.tenant, [Notice("finance.receipt_needs_review", facts)], at=work.ledger.now())
    delivered(work, AppriseChannel([url]))
    heard.sort(key=lambda one: one["title"])
    assert [one["title"] for one in heard] == ["docmill: A receipt does not fit its order", "docmill: Files of a batch failed"]
    assert "score_percent: 41" in heard[0]["message"]
    assert "files: 1\nfailed: 1" in heard[1]["message"]


def test_an_address_that_apprise_does_not_know_is_refused_without_showing_it():
    with pytest.raises(SettingsInvalid, match="URL 2") as refused:
        AppriseChannel(["json://127.0.0.1/", "secret-token-and-no-url"])
    assert "secret" not in refused.value.message
