"""Review tasks in the ledger: making, locking, changing, finding."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger.bulk import Row, chunks, insert_rows, update_rows
from docmill.storage.ledger.tables_review import REVIEW_TASKS as TASKS
from docmill.values.review import OPEN_STATES, PRIORITY_RANK, Priority, ReviewTask, Subject, TaskState

_RENAMED = {"start": "span_start", "end": "span_end"}
_COLUMNS = [TASKS.c[_RENAMED.get(name, name)].label(name) for name in ReviewTask.model_fields]
_ORDER = (TASKS.c.urgency.desc(), TASKS.c.due_at, TASKS.c.created_at, TASKS.c.task_id)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are asked for; None asks for all."""

    states: Sequence[TaskState] = ()
    document_id: str | None = None
    assigned_to: str | None = None
    priority: Priority | None = None
    subject: Subject | None = None


def insert(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Insert tasks; one that is there already stays as it is."""
    insert_rows(conn, TASKS, rows, replace=())


def known(conn: sa.Connection, tenant: str, task_ids: Sequence[str]) -> set[str]:
    """Those of the ids that are there."""
    found: set[str] = set()
    for part in chunks(task_ids):
        query = sa.select(TASKS.c.task_id).where(TASKS.c.tenant_id == tenant, TASKS.c.task_id.in_(part))
        found.update(conn.execute(query).scalars())
    return found


def locked(conn: sa.Connection, tenant: str, task_ids: Iterable[str]) -> dict[str, ReviewTask]:
    """The tasks by id, locked until the transaction ends; unknown ids are left out."""
    found: dict[str, ReviewTask] = {}
    for part in chunks(sorted(set(task_ids))):
        query = sa.select(*_COLUMNS).where(TASKS.c.tenant_id == tenant, TASKS.c.task_id.in_(part))
        rows = conn.execute(query.order_by(TASKS.c.task_id).with_for_update(key_share=True)).mappings()
        found |= {row["task_id"]: _task(row) for row in rows}
    return found


def task(conn: sa.Connection, tenant: str, task_id: str) -> ReviewTask:
    """One task.

    Raises:
        NotFound: no such task.
    """
    query = sa.select(*_COLUMNS).where(TASKS.c.tenant_id == tenant, TASKS.c.task_id == task_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("no such review task")
    return _task(row)


def change(conn: sa.Connection, tenant: str, old: ReviewTask, **values: object) -> ReviewTask:
    """Change a locked task; its version grows."""
    new = old.model_copy(update={**values, "version": old.version + 1})
    row: Row = {"task_id": old.task_id, "version": new.version, **values}
    if "priority" in values:
        row["urgency"] = PRIORITY_RANK[str(values["priority"])]
    update_rows(conn, TASKS, tenant, ["task_id"], [row])
    return new


def search(conn: sa.Connection, tenant: str, wanted: TaskFilter, *, limit: int) -> list[ReviewTask]:
    """Tasks, urgent ones first, then those due first; at most `limit`."""
    query = sa.select(*_COLUMNS).where(TASKS.c.tenant_id == tenant)
    if wanted.states:
        query = query.where(TASKS.c.state.in_(wanted.states))
    for name in ("document_id", "assigned_to", "priority", "subject"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(TASKS.c[name] == value)
    return [_task(row) for row in conn.execute(query.order_by(*_ORDER).limit(limit)).mappings()]


def free(conn: sa.Connection, tenant: str, user_id: str, roles: Sequence[str], *, at: datetime, limit: int) -> list[str]:
    """Ids of tasks that a user of these roles may take now, the next one first: nobody else has them or holds them."""
    unheld = TASKS.c.state.in_((TaskState.PENDING, TaskState.ESCALATED)) | (
        (TASKS.c.state == TaskState.CLAIMED) & (TASKS.c.lease_until <= at)
    )
    is_mine = TASKS.c.assigned_to.is_(None) | (TASKS.c.assigned_to == user_id) | (TASKS.c.state == TaskState.CLAIMED)
    query = sa.select(TASKS.c.task_id).where(TASKS.c.tenant_id == tenant, unheld, is_mine, TASKS.c.role.in_(roles))
    return list(conn.execute(query.order_by(*_ORDER).limit(limit)).scalars())


def overdue(conn: sa.Connection, tenant: str, *, at: datetime, limit: int) -> list[str]:
    """Open tasks that are due and were not escalated yet."""
    query = sa.select(TASKS.c.task_id).where(TASKS.c.tenant_id == tenant, TASKS.c.state.in_(OPEN_STATES))
    query = query.where(TASKS.c.due_at <= at, TASKS.c.escalated_at.is_(None))
    return list(conn.execute(query.order_by(TASKS.c.due_at).limit(limit)).scalars())


def lapsed(conn: sa.Connection, tenant: str, *, at: datetime, limit: int) -> list[str]:
    """Claimed tasks whose lease is over."""
    query = sa.select(TASKS.c.task_id).where(TASKS.c.tenant_id == tenant, TASKS.c.state == TaskState.CLAIMED, TASKS.c.lease_until <= at)
    return list(conn.execute(query.order_by(TASKS.c.lease_until).limit(limit)).scalars())


def cancel_open(conn: sa.Connection, tenant: str, document_id: str, *, not_of_job: str, at: datetime) -> int:
    """Cancel the open tasks of a document that other jobs than this one gave cause for; returns how many there were."""
    change_all = sa.update(TASKS).where(TASKS.c.tenant_id == tenant, TASKS.c.document_id == document_id, TASKS.c.job_id != not_of_job)
    change_all = change_all.where(TASKS.c.state.in_(OPEN_STATES))
    done = conn.execute(change_all.values(state=TaskState.CANCELLED, lease_until=None, closed_at=at, version=TASKS.c.version + 1))
    return int(done.rowcount)


def count_by_state(conn: sa.Connection, tenant: str) -> dict[str, int]:
    """How many tasks are in each state."""
    query = sa.select(TASKS.c.state, sa.func.count()).where(TASKS.c.tenant_id == tenant).group_by(TASKS.c.state).order_by(TASKS.c.state)
    return {str(state): int(number) for state, number in conn.execute(query)}


def load_by_user(conn: sa.Connection, tenant: str) -> dict[str, int]:
    """User id -> how many open tasks are assigned to them."""
    query = sa.select(TASKS.c.assigned_to, sa.func.count()).where(TASKS.c.tenant_id == tenant, TASKS.c.state.in_(OPEN_STATES))
    return {
        str(user): int(number) for user, number in conn.execute(query.where(TASKS.c.assigned_to.is_not(None)).group_by(TASKS.c.assigned_to))
    }


def _task(row: sa.RowMapping) -> ReviewTask:
    return ReviewTask(**row)
