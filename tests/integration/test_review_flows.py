"""The review's flows on a real Prefect server: a decision's run, the sweep, the hourly signature."""

import psutil
import pytest
from ledger_fixtures import Work
from review_papers import published, results_now
from review_tasks import TOTAL, VENDOR, tasks_of

from docmill.services.audit import verify
from docmill.services.review import claiming
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.starting import start_application
from docmill.services.stack_note import Stack, stack_note_file
from docmill.values.review import Verdict


@pytest.fixture
def decided(room, prefect_server):
    work = Work(room.ledger)
    job = published(room, work, TOTAL, VENDOR)
    made = []
    for task in tasks_of(work):
        held = claiming.claim(room.ledger, room.tenant, task.task_id, "local", lease_s=60)
        value = "123.54" if task.name == "total" else "Jute & Twine"
        made.append((work, job, decide(room, task.task_id, "local", Answer(Verdict.CORRECTED, value), version=held.version)))
    return made


def test_a_decision_has_its_run_and_the_sweep_finds_nothing_left(room, decided):
    from flows.apply_review import apply_review
    from flows.sign_audit import sign_audit
    from flows.sweep_reviews import sweep_reviews

    work, job, made = decided[0]
    first = apply_review(made.decision_id)
    assert (first["state"], first["is_new"]) == ("needs_review", True)
    assert apply_review(decided[1][2].decision_id) == {**first, "is_new": False}
    assert {f["name"]: f["value"] for f in results_now(room, work, job.document_id)["fields"]}["total"] == "123.54"
    assert sweep_reviews() == {"freed": 0, "escalated": 0, "applied": 0, "left": 0}
    assert sign_audit()["number"] == 1
    assert sign_audit() == {"number": 0, "streams": 0}
    found = verify(room.ledger, room.tenant)
    assert (found.broken, found.unsigned_events) == ((), 0)


def test_the_sweep_applies_what_no_run_came_for(room, decided):
    from flows.sweep_reviews import sweep_reviews

    assert sweep_reviews()["applied"] == 1


def test_a_decision_is_one_run_however_often_it_is_asked_for(room, prefect_server):
    from prefect.client.orchestration import get_client

    from flows.apply_review import apply_review

    assert start_application(room.settings, "d1") is False  # no server is noted
    me = psutil.Process()
    note = Stack(pid=me.pid, started=me.create_time(), prefect_api_url=prefect_server, gateway_url="http://127.0.0.1:1")
    stack_note_file(room.settings).write_text(note.model_dump_json())
    assert start_application(room.settings, "d1") is False  # nothing is deployed there yet
    with get_client(sync_client=True) as client:
        client.create_deployment(flow_id=client.create_flow(apply_review), name="apply-review")
        assert start_application(room.settings, "d1")
        assert start_application(room.settings, "d1")
        runs = [run for run in client.read_flow_runs() if run.parameters.get("decision_id") == "d1"]
    assert [run.idempotency_key for run in runs] == ["review-d1"]
