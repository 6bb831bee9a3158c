"""Opening review tasks: in the transaction in which their job ends, one task a doubt, the same task however often it is opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import uuid4

from docmill.storage.ledger import Connection, review_tasks, versions
from docmill.storage.ledger import audit as audit_rows
from docmill.storage.ledger.audit import AuditEvent
from docmill.storage.ledger.bulk import Row
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.storage.ledger.texts import storable
from docmill.values.keys import digest
from docmill.values.review import OPEN_STATES, PRIORITY_RANK, Doubt, Priority, Subject, TaskState

DUE_AFTER: MappingProxyType[Priority, timedelta] = MappingProxyType(
    {
        Priority.URGENT: timedelta(hours=4),
        Priority.HIGH: timedelta(days=1),
        Priority.MEDIUM: timedelta(days=3),
        Priority.LOW: timedelta(days=7),
    },
)
"""How long a task may wait before it is escalated."""

TWO_PEOPLE = frozenset({Subject.FRAUD})
"""What two people must decide alike where nobody said otherwise."""

REASON_LIMIT = 255
MOST_OF_A_DOCUMENT = 1000


def open_tasks(conn: Connection, tenant: str, document_id: str, job_id: str, doubts: Sequence[Doubt], *, at: datetime) -> int:
    """Open a task for each doubt of a job that ends; returns how many are new.

    Tasks of earlier jobs of the document are cancelled: what they doubt is not the current result any more.
    """
    rows = {row["task_id"]: row for row in (_row(tenant, document_id, job_id, doubt, at) for doubt in doubts)}
    new = sorted(rows.keys() - review_tasks.known(conn, tenant, list(rows)))
    review_tasks.insert(conn, [rows[task_id] for task_id in new])
    cancelled = review_tasks.cancel_open(conn, tenant, document_id, not_of_job=job_id, at=at)
    events = []
    if new:
        events.append(AuditEvent(document_id, "review.opened", {"job_id": job_id, "tasks": len(new)}))
    if cancelled:
        events.append(AuditEvent(document_id, "review.cancelled", {"job_id": job_id, "tasks": cancelled}))
    audit_rows.append_events(conn, tenant, events, at=at)
    if new:
        put_notices(conn, tenant, [Notice("review.opened", {"document_id": document_id, "job_id": job_id, "tasks": len(new)})], at=at)
    return len(new)


def cancel_resolved(conn: Connection, tenant: str, document_id: str, job_id: str, reasons: Sequence[str], *, at: datetime) -> None:
    """Cancel the open tasks about contradictions that decided fields have resolved, in the transaction in which their job ends."""
    wanted = TaskFilter(states=OPEN_STATES, document_id=document_id, subject=Subject.CONTRADICTION)
    asked = [one.task_id for one in review_tasks.search(conn, tenant, wanted, limit=MOST_OF_A_DOCUMENT) if one.reason in reasons]
    open_still = [one for one in review_tasks.locked(conn, tenant, asked).values() if one.state.is_open]
    for task in open_still:
        review_tasks.change(conn, tenant, task, state=TaskState.CANCELLED, lease_until=None, closed_at=at)
    if open_still:
        event = AuditEvent(document_id, "review.cancelled", {"job_id": job_id, "tasks": len(open_still)})
        audit_rows.append_events(conn, tenant, [event], at=at)


def open_review_task(
    conn: Connection, tenant: str, document_id: str, job_id: str, doubt: Doubt, *, at: datetime, is_new: bool = False
) -> str:
    """Open one more task for a job that is over already, or one of its own beside the doubt's (`is_new`); returns the task's id."""
    row = _row(tenant, document_id, job_id, doubt, at) | ({"task_id": uuid4().hex} if is_new else {})
    review_tasks.insert(conn, [row])
    return str(row["task_id"])


def open_more_tasks(conn: Connection, tenant: str, found: Sequence[tuple[str, str, Doubt]], *, at: datetime) -> int:
    """Open tasks (document id, job id, doubt) for jobs that are over; returns how many are new.

    Those that are there stay as they are, and a job that is not its document's current one any more is left alone.
    """
    current = versions.current_of(conn, tenant, {document_id for document_id, _, _ in found})
    rows = [_row(tenant, document_id, job_id, doubt, at) for document_id, job_id, doubt in found if current.get(document_id) == job_id]
    known = review_tasks.known(conn, tenant, [str(row["task_id"]) for row in rows])
    new = [row for row in rows if row["task_id"] not in known]
    review_tasks.insert(conn, new)
    facts = [{"document_id": row["document_id"], "job_id": row["job_id"], "tasks": 1} for row in new]
    told = [AuditEvent(one["document_id"], "review.opened", {"job_id": one["job_id"], "tasks": 1}) for one in facts]
    audit_rows.append_events(conn, tenant, told, at=at)
    put_notices(conn, tenant, [Notice("review.opened", one) for one in facts], at=at)
    return len(new)


def close_task(conn: Connection, tenant: str, task_id: str, *, at: datetime) -> None:
    """Close a task that was decided elsewhere; one that is over stays as it is."""
    task = review_tasks.locked(conn, tenant, [task_id]).get(task_id)
    if task is not None and task.state.is_open:
        review_tasks.change(conn, tenant, task, state=TaskState.DECIDED, lease_until=None, closed_at=at)


def task_id_of(tenant: str, job_id: str, doubt: Doubt) -> str:
    """The id of a doubt's task: the same doubt of the same job is the same task; 32 hexadecimal characters."""
    return digest("review", tenant, job_id, doubt.subject, doubt.name, doubt.reason, doubt.page, doubt.start, doubt.end, doubt.box)[:32]


def _row(tenant: str, document_id: str, job_id: str, doubt: Doubt, at: datetime) -> Row:
    return {
        "tenant_id": tenant,
        "task_id": task_id_of(tenant, job_id, doubt),
        "document_id": document_id,
        "job_id": job_id,
        "subject": doubt.subject,
        "name": doubt.name,
        "reason": storable(doubt.reason)[:REASON_LIMIT],
        "page": doubt.page,
        "box": list(doubt.box) if doubt.box else None,
        "span_start": doubt.start,
        "span_end": doubt.end,
        "confidence": doubt.confidence,
        "priority": doubt.priority,
        "urgency": PRIORITY_RANK[doubt.priority],
        "state": TaskState.PENDING,
        "role": "reviewer",
        "eyes": doubt.eyes or (2 if doubt.subject in TWO_PEOPLE else 1),
        "opinions": 0,
        "due_at": at + DUE_AFTER[doubt.priority],
        "version": 1,
        "created_at": at,
    }
