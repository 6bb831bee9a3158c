"""Who works on tasks: claims, leases, assignment, escalation; on both databases, with real concurrency."""

import threading
from datetime import timedelta

import pytest
from review_tasks import FRAUD, TOTAL, VENDOR, add_users, ended, tasks_of

from docmill.errors import Conflict, NotAllowed, NotFound
from docmill.services import audit
from docmill.services.review import claiming, overdue
from docmill.storage.ledger import open_ledger
from docmill.values.review import Priority, TaskState

pytest_plugins = ("ledger_fixtures",)
LEASE_S = 60


@pytest.fixture
def people(work):
    add_users(work.ledger, anna="reviewer", ben="reviewer", carla="approver", vera="viewer")


def claim(work, task, user):
    return claiming.claim(work.ledger, work.tenant, task.task_id, user, lease_s=LEASE_S)


def test_of_reviewers_who_claim_at_once_exactly_one_wins(work, people, ledger_url, clock):
    ended(work, *[TOTAL.model_copy(update={"page": n}) for n in range(1, 9)])
    tasks, gate, won, refused, failures = tasks_of(work), threading.Barrier(3), [], [], []

    def run(user):
        own = open_ledger(ledger_url, now=clock)
        try:
            gate.wait()
            for task in tasks:
                try:
                    won.append((claiming.claim(own, work.tenant, task.task_id, user, lease_s=LEASE_S).task_id, user))
                except Conflict as error:
                    refused.append(error.message)
        except BaseException as error:  # noqa: BLE001 - handed to the main thread
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=(user,)) for user in ("anna", "ben", "carla")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(task_id for task_id, _ in won) == sorted(t.task_id for t in tasks)
    assert dict(won) == {t.task_id: t.assigned_to for t in tasks_of(work)}
    assert len(refused) == 2 * len(tasks)
    assert set(refused) == {"another reviewer holds this task until 12:01:00 UTC"}
    assert audit.verify_streams(work.ledger, work.tenant) == {}


def test_a_claim_holds_until_its_lease_ends(work, people, clock):
    ended(work, TOTAL)
    (task,) = tasks_of(work)
    held = claim(work, task, "anna")
    assert (held.state, held.assigned_to, held.lease_until) == (TaskState.CLAIMED, "anna", clock() + timedelta(seconds=LEASE_S))
    clock.pass_seconds(LEASE_S - 1)
    with pytest.raises(Conflict):
        claim(work, task, "ben")
    claim(work, task, "anna")  # renews
    clock.pass_seconds(LEASE_S - 1)
    with pytest.raises(Conflict):
        claim(work, task, "ben")
    clock.pass_seconds(1)
    assert claim(work, task, "ben").assigned_to == "ben"
    with pytest.raises(Conflict, match="you do not hold"):
        claiming.release(work.ledger, work.tenant, task.task_id, "anna")
    assert claiming.release(work.ledger, work.tenant, task.task_id, "ben").state is TaskState.PENDING


def test_the_next_task_is_the_most_urgent_free_one(work, people):
    ended(work, VENDOR, TOTAL, FRAUD)
    order = [claiming.claim_next(work.ledger, work.tenant, user, lease_s=LEASE_S) for user in ("anna", "ben", "anna", "ben")]
    assert [t and (t.name or t.subject.value) for t in order] == ["fraud", "total", "vendor_name", None]


@pytest.mark.parametrize(("user", "what"), [("vera", "reviewer"), ("nobody", "not known")])
def test_who_may_not_review(work, people, user, what):
    ended(work, TOTAL)
    (task,) = tasks_of(work)
    with pytest.raises(NotAllowed, match=what):
        claim(work, task, user)
    with pytest.raises(NotAllowed):
        claiming.claim_next(work.ledger, work.tenant, user, lease_s=LEASE_S)


def test_assignment_by_an_approver_by_workload_and_away_again(work, people):
    ended(work, TOTAL, VENDOR, *[VENDOR.model_copy(update={"page": n}) for n in range(2, 6)])
    tasks = tasks_of(work)

    def assign(task, by, to=None, **more):
        return claiming.assign(work.ledger, work.tenant, task.task_id, by=by, to=to, **more)

    assert assign(tasks[0], "carla", "anna").assigned_to == "anna"
    with pytest.raises(Conflict, match="assigned to somebody else"):
        claim(work, tasks[0], "ben")
    with pytest.raises(NotAllowed, match="approver"):
        assign(tasks[0], "ben", "ben")
    with pytest.raises(NotAllowed, match="approver"):
        assign(tasks[1], "ben", "anna")
    with pytest.raises(NotAllowed, match="reviewer"):
        assign(tasks[1], "carla", "vera")
    with pytest.raises(NotFound):
        claiming.assign(work.ledger, work.tenant, "0" * 32, by="carla", to="anna")
    assert assign(tasks[1], "ben", "ben").assigned_to == "ben"
    # anna and ben have one each: carla and local come first, then all in turn
    assert [assign(t, "carla", to_whoever=True).assigned_to for t in tasks[2:5]] == ["carla", "local", "anna"]
    assert claim(work, tasks[0], "anna").state is TaskState.CLAIMED
    taken = assign(tasks[0], "carla", "ben")
    assert (taken.state, taken.assigned_to, taken.lease_until) == (TaskState.PENDING, "ben", None)
    assert assign(tasks[0], "carla").assigned_to is None


def test_the_sweep_frees_lost_claims_and_escalates_what_is_overdue_once(work, people, clock):
    ended(work, TOTAL, VENDOR)
    total, vendor = tasks_of(work)
    claim(work, total, "anna")
    clock.pass_seconds(LEASE_S)
    assert overdue.sweep(work.ledger, work.tenant) == overdue.Swept(freed=1, escalated=0)
    clock.pass_seconds(24 * 3600)
    assert overdue.sweep(work.ledger, work.tenant) == overdue.Swept(freed=0, escalated=1)
    before = work.everything()
    assert overdue.sweep(work.ledger, work.tenant) == overdue.Swept(0, 0)
    assert work.everything() == before
    late, early = tasks_of(work)
    assert (late.task_id, late.state, late.priority, late.role, late.assigned_to) == (
        total.task_id,
        TaskState.ESCALATED,
        Priority.URGENT,
        "approver",
        None,
    )
    assert (early.task_id, early.state) == (vendor.task_id, TaskState.PENDING)
    with pytest.raises(NotAllowed, match="approver"):
        claim(work, late, "anna")
    assert claim(work, late, "carla").state is TaskState.CLAIMED
    assert claiming.release(work.ledger, work.tenant, late.task_id, "carla").state is TaskState.ESCALATED


def test_an_overdue_task_stays_with_who_works_on_it(work, people, clock):
    ended(work, TOTAL)
    (task,) = tasks_of(work)
    clock.pass_seconds(24 * 3600 - 5)
    claim(work, task, "anna")
    clock.pass_seconds(10)
    assert overdue.sweep(work.ledger, work.tenant) == overdue.Swept(freed=0, escalated=1)
    (now,) = tasks_of(work)
    assert (now.state, now.assigned_to, now.role) == (TaskState.CLAIMED, "anna", "approver")
