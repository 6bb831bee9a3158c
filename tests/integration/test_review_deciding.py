"""Taking down decisions: what fits, who may, double submits, stale versions, four eyes, many at once; on both databases."""

import json

import pytest
import sqlalchemy as sa
from review_papers import published, room_over
from review_tasks import FRAUD, TOTAL, VENDOR, add_users, tasks_of

from docmill.errors import Conflict, InvalidOptions
from docmill.services import audit
from docmill.services.erase import erase
from docmill.services.review import claiming
from docmill.services.review.deciding import Answer, decide, decide_many
from docmill.services.review.seeing import show
from docmill.storage.ledger import decisions
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, OUTBOX
from docmill.values.review import Doubt, Subject, TaskState, Verdict

pytest_plugins = ("ledger_fixtures",)
SPAN = Doubt(subject=Subject.SPAN, name="PERSON", reason="low confidence", page=1, start=0, end=6, confidence=0.5)
NO_TOTAL = Doubt(subject=Subject.CHECK, name="total_positive", reason="The total is greater than zero.")


@pytest.fixture
def opened(work, tmp_path):
    add_users(work.ledger, anna="reviewer", ben="reviewer", carla="approver", vera="viewer")
    return room_over(work.ledger, tmp_path / "room")


def held(room, task, user="anna"):
    return claiming.claim(room.ledger, room.tenant, task.task_id, user, lease_s=60)


def correct(room, task, value, user="anna", **more):
    return decide(room, task.task_id, user, Answer(Verdict.CORRECTED, value, **more), version=task.version)


def accept(room, task, user="anna"):
    return decide(room, task.task_id, user, Answer(Verdict.ACCEPTED), version=task.version)


def test_a_decision_keeps_values_private_and_digests_in_the_trail(work, opened):
    job = published(opened, work, TOTAL)
    (task,) = tasks_of(work)
    assert (show(opened, task).value, show(opened, task).width_px) == ("123.45", 600)
    made = correct(opened, held(opened, task), " 123.54 ", note="the 4 and the 5 were swapped")
    record = json.loads(opened.store.read(made.value_object))
    assert record == {"task_id": task.task_id, "field": "total", "old": "123.45", "new": "123.54", "note": "the 4 and the 5 were swapped"}
    assert made.value_object.startswith(f"private/default/review/{job.document_id}/")
    assert made.is_final
    assert made.old_digest != made.new_digest
    (now,) = tasks_of(work)
    assert (now.state, now.opinions, now.closed_at) == (TaskState.DECIDED, 1, work.ledger.now())
    with work.ledger.reading() as conn:
        rows = repr([conn.execute(sa.select(table)).all() for table in (AUDIT_EVENTS, OUTBOX)]) + repr(
            decisions.of_task(conn, "default", task.task_id)
        )
    assert made.new_digest in rows
    assert "123.5" not in rows
    assert "swapped" not in rows
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_the_digest_of_a_value_differs_between_documents_and_is_the_same_within(work, opened):
    digests = []
    for n in (1, 2):
        published(opened, work, TOTAL, TOTAL.model_copy(update={"page": 2}), n=n)
        digests.append({accept(opened, held(opened, t)).old_digest for t in tasks_of(work, states=(TaskState.PENDING,))})
    assert [len(one) for one in digests] == [1, 1]
    assert digests[0] != digests[1]


def test_double_submit_stale_version_and_lost_lease_are_conflicts(work, opened, clock):
    published(opened, work, TOTAL, VENDOR, NO_TOTAL)
    total, check, vendor = sorted(tasks_of(work), key=lambda t: t.name)
    first = held(opened, total)
    accept(opened, first)
    objects = len(list(opened.store.list("private/default/review/")))
    with pytest.raises(Conflict, match="over: decided"):
        accept(opened, first)
    seen = held(opened, vendor)
    held(opened, vendor)  # renewed in another window
    with pytest.raises(Conflict, match="at version 3, you saw 2"):
        accept(opened, seen)
    late = held(opened, check)
    clock.pass_seconds(60)
    with pytest.raises(Conflict, match="your claim ran out"):
        accept(opened, late)
    held(opened, check, "ben")
    with pytest.raises(Conflict, match="you do not hold"):
        accept(opened, late)
    assert len(list(opened.store.list("private/default/review/"))) == objects


UNFIT = [
    (TOTAL, Answer(Verdict.CORRECTED), "needs the value"),
    (TOTAL, Answer(Verdict.CORRECTED, "12,3"), "number with a point"),
    (TOTAL, Answer(Verdict.CORRECTED, "1e999999"), "number with a point"),
    (TOTAL, Answer(Verdict.ACCEPTED, "1.00"), "only a correction"),
    (SPAN, Answer(Verdict.CORRECTED, "x"), "not corrected"),
    (FRAUD, Answer(Verdict.CORRECTED, "1.00"), "the field where the task names none"),
    (FRAUD, Answer(Verdict.CORRECTED, "31.3.2026", field="issue_date"), "date such as"),
    (FRAUD, Answer(Verdict.CORRECTED, "euro", field="currency"), "ISO 4217"),
    (FRAUD, Answer(Verdict.CORRECTED, "x", field="No Name"), "a-z, 0-9"),
    (VENDOR, Answer(Verdict.CORRECTED, "a\x1b[2J"), "printable"),
    (VENDOR, Answer(Verdict.REJECTED, note="n" * 1001), "at most 1000"),
]


def test_an_answer_that_does_not_fit_is_refused(work, opened):
    published(opened, work, *dict.fromkeys(doubt for doubt, _, _ in UNFIT))
    by_subject = {(t.subject, t.name): t for t in tasks_of(work)}
    for doubt, answer, what in UNFIT:
        seen = held(opened, by_subject[doubt.subject, doubt.name])
        with pytest.raises(InvalidOptions, match=what):
            decide(opened, seen.task_id, "anna", answer, version=seen.version)
    assert list(opened.store.list("private/default/review/")) == []


def test_four_eyes_two_alike_decide_and_the_same_person_counts_once(work, opened):
    published(opened, work, FRAUD)
    (task,) = tasks_of(work)
    assert not correct(opened, held(opened, task), "123.54", field="total").is_final
    (open_still,) = tasks_of(work)
    assert (open_still.state, open_still.opinions, open_still.assigned_to) == (TaskState.PENDING, 1, None)
    with pytest.raises(Conflict, match="a second person"):
        held(opened, task)
    assert claiming.claim_next(opened.ledger, "default", "anna", lease_s=60) is None
    assert correct(opened, held(opened, task, "ben"), "123.54", "ben", field="total").is_final
    assert tasks_of(work)[0].state is TaskState.DECIDED


def test_two_who_differ_are_settled_by_an_approver(work, opened):
    published(opened, work, FRAUD)
    (task,) = tasks_of(work)
    accept(opened, held(opened, task))
    assert not decide(opened, task.task_id, "ben", Answer(Verdict.REJECTED), version=held(opened, task, "ben").version).is_final
    (now,) = tasks_of(work)
    assert (now.state, now.role, now.opinions) == (TaskState.ESCALATED, "approver", 2)
    assert accept(opened, held(opened, task, "carla"), "carla").is_final


def test_many_are_decided_with_one_reason_and_one_refusal_holds_up_no_other(work, opened):
    published(opened, work, TOTAL, VENDOR, SPAN)
    tasks = tasks_of(work)
    held(opened, tasks[1], "ben")
    done, refused = decide_many(opened, [t.task_id for t in tasks], "anna", Answer(Verdict.ACCEPTED, note="seen on paper"))
    assert {one.task_id for one in done} == {tasks[0].task_id, tasks[2].task_id}
    assert [(one.task_id, one.code) for one in refused] == [(tasks[1].task_id, "conflict")]
    with pytest.raises(InvalidOptions, match="reason"):
        decide_many(opened, [], "anna", Answer(Verdict.ACCEPTED))
    with pytest.raises(InvalidOptions, match="not corrected"):
        decide_many(opened, [], "anna", Answer(Verdict.CORRECTED, "1", note="x"))


def test_erasing_a_document_takes_what_people_typed(work, opened):
    class Knowledge:
        def delete(self, *_given):
            pass

    from dataclasses import replace

    job = published(opened, work, TOTAL)
    (task,) = tasks_of(work)
    correct(opened, held(opened, task), "123.54")
    erase(replace(opened, knowledge=Knowledge()), job.document_id)
    assert list(opened.store.list("private/default/review/")) == []
    assert tasks_of(work) == []
