"""Who works on a task: claim with a lease, renew, release, assign. Every change is one ledger transaction; of two who claim at once one wins.

A lease that ran out frees the task: its holder can't decide any more, somebody else may claim. Belongs here: holding tasks. Deciding is in
`deciding`, overdue tasks in `overdue`.
"""

from datetime import timedelta

from docmill.errors import Conflict, NotFound
from docmill.services.review.people import able, least_busy
from docmill.storage.ledger import Connection, Ledger, decisions, review_tasks, reviewers
from docmill.storage.ledger.audit import Fact, append_event
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.review import ReviewTask, TaskState

_TRIED = 20
"""So many of the next tasks are tried before `claim_next` finds that others were quicker with all of them."""


def find_tasks(ledger: Ledger, tenant: str, wanted: TaskFilter, *, limit: int = 50) -> list[ReviewTask]:
    """Tasks, urgent ones first, then those due first."""
    with ledger.reading() as conn:
        return review_tasks.search(conn, tenant, wanted, limit=limit)


def count_tasks(ledger: Ledger, tenant: str) -> dict[str, int]:
    """How many tasks are in each state."""
    with ledger.reading() as conn:
        return review_tasks.count_by_state(conn, tenant)


def task_view(ledger: Ledger, tenant: str, task_id: str) -> ReviewTask:
    """One task.

    Raises:
        NotFound: no such task.
    """
    with ledger.reading() as conn:
        return review_tasks.task(conn, tenant, task_id)


def claim(ledger: Ledger, tenant: str, task_id: str, user_id: str, *, lease_s: float) -> ReviewTask:
    """Take a task for so long; who holds it already renews the lease.

    Raises:
        NotFound: no such task.
        NotAllowed: the user's role is not enough.
        Conflict: it is over, somebody else holds it or has it assigned, or the user has decided it once.
    """
    with ledger.transaction() as conn:
        return _claim(conn, ledger, tenant, lock(conn, tenant, task_id), user_id, lease_s)


def claim_next(ledger: Ledger, tenant: str, user_id: str, *, lease_s: float) -> ReviewTask | None:
    """Take the most urgent task that is free for the user; None when there is none.

    Raises:
        NotAllowed: the user may not review.
    """
    with ledger.reading() as conn:
        roles = reviewers.roles_up_to(able(conn, tenant, user_id))
        waiting = review_tasks.free(conn, tenant, user_id, roles, at=ledger.now(), limit=_TRIED)
    for task_id in waiting:
        try:
            return claim(ledger, tenant, task_id, user_id, lease_s=lease_s)
        except Conflict:
            continue  # somebody was quicker, or the user has said their word on it
    return None


def release(ledger: Ledger, tenant: str, task_id: str, user_id: str) -> ReviewTask:
    """Give a task back.

    Raises:
        NotFound: no such task.
        Conflict: the user does not hold it.
    """
    with ledger.transaction() as conn:
        task = lock(conn, tenant, task_id)
        if task.state is not TaskState.CLAIMED or task.assigned_to != user_id:
            raise Conflict(f"you do not hold this task: it is {_standing(task)}")
        freed = review_tasks.change(conn, tenant, task, state=free_state(task), assigned_to=None, lease_until=None)
        note(conn, ledger, tenant, task, "review.released", by=user_id)
        return freed


def assign(ledger: Ledger, tenant: str, task_id: str, *, by: str, to: str | None = None, to_whoever: bool = False) -> ReviewTask:
    """Assign a task to a user, to nobody, or to whoever of the able users has the fewest; takes it from whom it was assigned to.

    Args:
        ledger: the open ledger.
        tenant: whose task it is.
        task_id: an open task.
        by: who assigns: an approver or admin; a reviewer may take a free task for themselves.
        to: the user; None takes the assignment away.
        to_whoever: choose by role and workload.

    Raises:
        NotFound: no such task.
        NotAllowed: `by` may not assign, or `to` may not decide it.
        Conflict: it is over, or nobody is able to decide it.
    """
    with ledger.transaction() as conn:
        able(conn, tenant, by, "reviewer" if to == by else "approver")
        task = lock(conn, tenant, task_id)
        _must_be_open(task)
        if to == by and task.assigned_to not in {None, by}:
            able(conn, tenant, by, "approver")
        said = {one.user_id for one in decisions.of_task(conn, tenant, task_id)}
        chosen = least_busy(conn, tenant, task.role, besides=said) if to_whoever else to
        if to_whoever and chosen is None:
            raise Conflict(f"nobody with the role {task.role} is left who could decide this task")
        if chosen is not None:
            able(conn, tenant, chosen, task.role)
            if chosen in said:
                raise Conflict("this user has decided this task already; a second person must")
        given = review_tasks.change(conn, tenant, task, state=free_state(task), assigned_to=chosen, lease_until=None)
        note(conn, ledger, tenant, task, "review.assigned", by=by, to=chosen)
        if chosen is not None and chosen != by:
            told = {"task_id": task_id, "document_id": task.document_id, "user_id": chosen, "priority": task.priority.value}
            put_notices(conn, tenant, [Notice("review.assigned", told)], at=ledger.now())
        return given


def lock(conn: Connection, tenant: str, task_id: str) -> ReviewTask:
    """The task, locked until the transaction ends.

    Raises:
        NotFound: no such task.
    """
    task = review_tasks.locked(conn, tenant, [task_id]).get(task_id)
    if task is None:
        raise NotFound("no such review task")
    return task


def note(conn: Connection, ledger: Ledger, tenant: str, task: ReviewTask, kind: str, **facts: Fact) -> None:
    """An audit event about a task, in its document's stream."""
    append_event(conn, tenant, task.document_id, kind, {"task_id": task.task_id, **facts}, at=ledger.now())


def free_state(task: ReviewTask) -> TaskState:
    """What an open task is when nobody holds it."""
    return TaskState.ESCALATED if task.escalated_at else TaskState.PENDING


def _claim(conn: Connection, ledger: Ledger, tenant: str, task: ReviewTask, user_id: str, lease_s: float) -> ReviewTask:
    at = ledger.now()
    able(conn, tenant, user_id, task.role)
    _must_be_open(task)
    is_held = task.state is TaskState.CLAIMED and task.lease_until is not None and task.lease_until > at
    if is_held and task.assigned_to != user_id:
        raise Conflict(f"another reviewer holds this task until {task.lease_until:%H:%M:%S} UTC")
    if task.state is not TaskState.CLAIMED and task.assigned_to not in {None, user_id}:
        raise Conflict("this task is assigned to somebody else")
    if user_id in {one.user_id for one in decisions.of_task(conn, tenant, task.task_id)}:
        raise Conflict("you have decided this task already; a second person must")
    until = at + timedelta(seconds=lease_s)
    held = review_tasks.change(conn, tenant, task, state=TaskState.CLAIMED, assigned_to=user_id, lease_until=until)
    if not is_held:
        note(conn, ledger, tenant, task, "review.claimed", by=user_id)
    return held


def _must_be_open(task: ReviewTask) -> None:
    if not task.state.is_open:
        raise Conflict(f"this task is over: {task.state}")


def _standing(task: ReviewTask) -> str:
    return "held by somebody else" if task.state is TaskState.CLAIMED else task.state.value
