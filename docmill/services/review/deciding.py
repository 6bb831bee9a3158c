"""Deciding: what a reviewer who holds a task says becomes a decision, once. Applying it is in `applying`.

The old and the new value go into a private object, whose name and keyed digests go into ledger and audit trail. Belongs here: whether and how
a decision is taken down, the four-eyes rule, approving many at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.errors import Conflict, DocmillError, InvalidOptions, RequestError
from docmill.services.review.claiming import claim, free_state, lock, note, task_view
from docmill.services.review.overdue import ESCALATED_ROLE
from docmill.services.review.people import able
from docmill.services.review.records import (
    DecisionRecord,
    checked_note,
    checked_passage,
    checked_value,
    keep_record,
    record_name,
    value_digest,
)
from docmill.services.review.seeing import current_artefacts, field_in, show, target_field, understanding_of
from docmill.services.running.room import Room
from docmill.storage.ledger import Connection, decisions, review_tasks
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.review import DecisionView, ReviewTask, Subject, TaskState, Verdict

UNCORRECTED = frozenset({Subject.SPAN})
"""What is right or wrong but has no value to put in its place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer says. `field` is only needed where the task names none (contradictions); `value` only to correct."""

    verdict: Verdict
    value: str | None = None
    field: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A task of a batch that could not be decided, and why."""

    task_id: str
    code: str
    message: str


def decide(room: Room, task_id: str, user_id: str, answer: Answer, *, version: int) -> DecisionView:
    """Take down a decision on a task that the user holds.

    Args:
        room: the opened parts.
        task_id: a claimed task.
        user_id: who holds it.
        answer: what they say.
        version: of the task as they saw it.

    Raises:
        NotFound: no such task.
        NotAllowed: the user may not review.
        InvalidOptions: the answer does not fit the task; the message says how.
        Conflict: the task is over, not held by the user, its lease ran out, or it changed since the user saw it.
    """
    task = task_view(room.ledger, room.tenant, task_id)
    _must_hold(task, user_id, version, room)
    field, value = _fitting(task, answer)
    old = _old_value(room, task, field)
    decision_id = new_id(room.ledger.now())
    name = record_name(room.tenant, task.document_id, decision_id)
    # before the transaction: a row never names an object that is not there. One that no row names goes when the document is erased
    keep_record(room.store, name, DecisionRecord(task_id=task_id, field=field, old=old, new=value, note=answer.note))
    home = room.settings.home.absolute()
    made = DecisionView(
        decision_id=decision_id,
        task_id=task_id,
        user_id=user_id,
        verdict=answer.verdict,
        field=field,
        value_object=name,
        old_digest=value_digest(home, task.document_id, field, old),
        new_digest=value_digest(home, task.document_id, field, value),
        is_final=False,
        job_id=None,
        created_at=room.ledger.now(),
    )
    try:
        with room.ledger.transaction() as conn:
            return _take_down(conn, room, made, version)
    except RequestError:
        room.store.delete(name)  # refused for sure; after a lost connection nobody knows, and the row may name it
        raise


def _old_value(room: Room, task: ReviewTask, field: str | None) -> str | None:
    """What stands now where the decision counts; for spans nothing: the copy of what is personal would be one too many."""
    if task.subject is Subject.CHUNK:
        return show(room, task).text
    seen = field_in(understanding_of(room, current_artefacts(room, task.document_id)), field)
    return seen.value if seen else None


def decide_many(room: Room, task_ids: Sequence[str], user_id: str, answer: Answer) -> tuple[list[DecisionView], list[Refusal]]:
    """Claim and decide many tasks alike, for one reason: each by itself, so that one that is refused holds up no other.

    Raises:
        InvalidOptions: a value is given, or there is no reason.
    """
    if answer.verdict is Verdict.CORRECTED:
        raise InvalidOptions("many tasks can be accepted or rejected together, not corrected")
    if not answer.note.strip():
        raise InvalidOptions("deciding many tasks at once asks for a reason")
    done, refused = [], []
    for task_id in dict.fromkeys(task_ids):
        try:
            held = claim(room.ledger, room.tenant, task_id, user_id, lease_s=room.settings.review_lease_s)
            done.append(decide(room, task_id, user_id, answer, version=held.version))
        except DocmillError as error:
            refused.append(Refusal(task_id, error.code, error.message))
    return done, refused


def _must_hold(task: ReviewTask, user_id: str, version: int, room: Room) -> None:
    if not task.state.is_open:
        raise Conflict(f"this task is over: {task.state}")
    if task.state is not TaskState.CLAIMED or task.assigned_to != user_id:
        raise Conflict("you do not hold this task; claim it first")
    if task.lease_until is None or task.lease_until <= room.ledger.now():
        raise Conflict("your claim ran out; claim the task again")
    if task.version != version:
        raise Conflict(f"the task changed since you saw it: it is at version {task.version}, you saw {version}")


def _fitting(task: ReviewTask, answer: Answer) -> tuple[str | None, str | None]:
    """The field and the new value of an answer that fits its task."""
    checked_note(answer.note)
    if task.subject is Subject.MATCH:
        raise InvalidOptions(
            "whether a receipt fits its order is decided on its page under Purchasing, or with `docmill purchasing accept|refuse`"
        )
    field = target_field(task) or answer.field
    if answer.verdict is not Verdict.CORRECTED:
        if answer.value is not None:
            raise InvalidOptions("only a correction has a value")
        return target_field(task), None
    if task.subject in UNCORRECTED:
        raise InvalidOptions(f"a {task.subject} is accepted or rejected, not corrected")
    if task.subject is Subject.CHUNK:
        return None, checked_passage(answer.value or "")
    if field is None or answer.value is None:
        raise InvalidOptions("a correction needs the value, and the field where the task names none")
    return field, checked_value(field, answer.value)


def _take_down(conn: Connection, room: Room, made: DecisionView, version: int) -> DecisionView:
    task = lock(conn, room.tenant, made.task_id)
    _must_hold(task, made.user_id, version, room)
    able(conn, room.tenant, made.user_id)
    said = decisions.of_task(conn, room.tenant, task.task_id)
    final = made.model_copy(update={"is_final": _settles(task, said, made)})
    decisions.insert(conn, [{"tenant_id": room.tenant, **final.model_dump()}])
    changes: dict[str, object] = {"state": TaskState.DECIDED, "closed_at": final.created_at}
    if not final.is_final:  # the next person must not be the same, and two who differ need a third
        differ = bool(said)
        changes = {"state": TaskState.ESCALATED if differ else free_state(task), "assigned_to": None}
        changes |= {"role": ESCALATED_ROLE, "escalated_at": final.created_at} if differ else {}
    review_tasks.change(conn, room.tenant, task, **changes, lease_until=None, opinions=task.opinions + 1)
    facts = {"decision_id": final.decision_id, "by": final.user_id, "verdict": final.verdict.value, "field": final.field}
    digests = {"value_object": final.value_object, "old_digest": final.old_digest, "new_digest": final.new_digest}
    note(conn, room.ledger, room.tenant, task, "review.decided", **facts, **digests, is_final=final.is_final)
    if final.is_final:
        told = {"decision_id": final.decision_id, "task_id": task.task_id, "document_id": task.document_id}
        put_notices(conn, room.tenant, [Notice("review.decided", told)], at=final.created_at)
    return final


def _settles(task: ReviewTask, said: Sequence[DecisionView], made: DecisionView) -> bool:
    """Whether a decision closes its task: one where one person is enough, else the second that says the same, or a third."""
    if task.eyes <= 1:
        return True
    alike = any((one.verdict, one.field, one.new_digest) == (made.verdict, made.field, made.new_digest) for one in said)
    return alike or len(said) >= task.eyes
