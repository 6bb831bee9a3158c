"""The review's flows on a real Prefect server: a decision's run, the sweep, the hourly signature."""

import pytest
from ledger_fixtures import Work
from review_papers import published, results_now
from review_tasks import TOTAL, VENDOR, tasks_of

from docmill.services.audit import verify
from docmill.services.review import claiming
from docmill.services.review.deciding import Answer, decide
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
