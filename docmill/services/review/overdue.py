"""The sweep over open tasks: leases that ran out are freed, what is overdue is escalated to an approver. To be called every few minutes."""

from dataclasses import dataclass

from docmill.services.review.claiming import free_state, note
from docmill.storage.ledger import Ledger, review_tasks
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.review import Priority, TaskState

ESCALATED_ROLE = "approver"
AT_ONCE = 500
"""Tasks of one transaction."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How many tasks were freed and how many escalated."""

    freed: int
    escalated: int


def sweep(ledger: Ledger, tenant: str) -> Swept:
    """Free what nobody holds any more and escalate what is overdue; a task is escalated once. Calling it again changes nothing more."""
    freed = escalated = 0
    while count := _free(ledger, tenant):
        freed += count
    while count := _escalate(ledger, tenant):
        escalated += count
    return Swept(freed, escalated)


def _free(ledger: Ledger, tenant: str) -> int:
    at = ledger.now()
    with ledger.transaction() as conn:
        tasks = review_tasks.locked(conn, tenant, review_tasks.lapsed(conn, tenant, at=at, limit=AT_ONCE)).values()
        # looked at again under the lock: a holder may have renewed or decided meanwhile
        lapsed = [t for t in tasks if t.state is TaskState.CLAIMED and t.lease_until is not None and t.lease_until <= at]
        for task in lapsed:
            review_tasks.change(conn, tenant, task, state=free_state(task), assigned_to=None, lease_until=None)
            note(conn, ledger, tenant, task, "review.lease_lost", by=task.assigned_to)
    return len(lapsed)


def _escalate(ledger: Ledger, tenant: str) -> int:
    at = ledger.now()
    with ledger.transaction() as conn:
        tasks = review_tasks.locked(conn, tenant, review_tasks.overdue(conn, tenant, at=at, limit=AT_ONCE)).values()
        late = [t for t in tasks if t.state.is_open and t.escalated_at is None]
        for task in late:
            is_held = task.state is TaskState.CLAIMED  # who works on it may finish; afterwards it is an approver's
            freed = {} if is_held else {"state": TaskState.ESCALATED, "assigned_to": None}
            review_tasks.change(conn, tenant, task, escalated_at=at, priority=Priority.URGENT, role=ESCALATED_ROLE, **freed)
            note(conn, ledger, tenant, task, "review.escalated", was=task.state.value)
        told = [Notice("review.overdue", {"task_id": t.task_id, "document_id": t.document_id, "priority": t.priority.value}) for t in late]
        put_notices(conn, tenant, told, at=at)
    return len(late)
