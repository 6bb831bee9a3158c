"""The sweeper over a real ledger: nothing stays with a run that is gone."""

import dataclasses
import threading
from types import SimpleNamespace

import pytest

from docmill.services.audit import verify_streams
from docmill.services.batches import batch_view, finish_batch
from docmill.services.dispatch import DISPATCHER
from docmill.services.health import CHECKS
from docmill.services.jobs import attempts_of, claim_jobs, renew_leases, request_cancel
from docmill.services.reconciling import reconcile
from docmill.services.running import heart
from docmill.services.running.heart import believed_in
from docmill.services.running.kept_report import store_report
from docmill.services.sweeping import MOST_ATTEMPTS, Sweep, leased_runs, living_runs, sweep
from docmill.storage.ledger import waiting
from docmill.storage.ledger.audit_reading import events
from docmill.values.jobs import JobState
from docmill.values.keys import results_name
from tasks import write_report

pytest_plugins = ("ledger_fixtures",)
NOTHING = Sweep(queued=0, failed=0, cancelled=0)


@pytest.fixture
def room(ledger, tmp_path, monkeypatch):
    from fresh_ledgers import fresh_ledger

    from docmill.services.running.room import Room
    from docmill.settings import Settings

    found = Settings(home=tmp_path / "home")
    found.home.mkdir(exist_ok=True)
    if not (found.home / "ledger.db").exists():
        fresh_ledger(found.resolved_ledger_url)
    opened = Room.open(found)
    opened.close()
    return dataclasses.replace(opened, ledger=ledger)


def queued_batches(room):
    with room.ledger.reading() as conn:
        return waiting.open_batches(conn, room.tenant, dispatcher=DISPATCHER)


def test_a_lost_job_is_queued_once_and_claimed_by_the_next_run(room, work, clock):
    batch_id, one = work.one()
    work.claim(batch_id, lease_s=30)
    clock.pass_seconds(80)
    assert sweep(room) == NOTHING, "a lease that ended 50 s ago may still be renewed"
    clock.pass_seconds(20)
    assert sweep(room) == Sweep(queued=1, failed=0, cancelled=0)
    assert sweep(room) == NOTHING
    (batch,) = queued_batches(room)
    (job,) = work.claim(batch.batch_id)
    assert job.job_id == one.job_id
    assert [a.end_reason for a in attempts_of(room.ledger, room.tenant, one.job_id)] == ["lease_lost", None]
    assert work.finish(work.end(job)) == []
    assert verify_streams(room.ledger, room.tenant) == {}


def test_health_counts_lost_jobs_that_nobody_sweeps_and_not_those_that_wait_in_the_queue(room, work, clock):
    batch_id, _ = work.one()
    work.claim(batch_id, lease_s=30)
    clock.pass_seconds(1000)
    assert CHECKS["leases"](room)[0] is False
    assert sweep(room).queued == 1
    clock.pass_seconds(6 * 3600)
    assert CHECKS["leases"](room)[0] is True


def test_more_lost_jobs_than_one_round_takes_are_queued_by_one_sweep(room, work, clock, monkeypatch):
    monkeypatch.setattr("docmill.services.sweeping.AT_ONCE", 2)
    jobs = [work.one(number) for number in range(1, 6)]
    for batch_id, _ in jobs:
        work.claim(batch_id, lease_s=1)
    clock.pass_seconds(120)
    assert sweep(room) == Sweep(queued=5, failed=0, cancelled=0)
    assert sweep(room) == NOTHING
    claimed = [job.job_id for batch in queued_batches(room) for job in work.claim(batch.batch_id)]
    assert sorted(claimed) == sorted(one.job_id for _, one in jobs)


def test_a_run_is_alive_as_long_as_its_lease(room, work, clock):
    batch_id, _ = work.one()
    claim_jobs(room.ledger, room.tenant, batch_id, run_id="run-1", lease_s=30)
    assert living_runs(room) == {"run-1"}
    clock.pass_seconds(31)
    assert living_runs(room) == set()
    (job,) = claim_jobs(room.ledger, room.tenant, batch_id, run_id="run-2", lease_s=30)
    assert living_runs(room) == {"run-2"}
    assert work.finish(work.end(job)) == []
    assert living_runs(room) == set()


def test_a_job_that_is_lost_again_and_again_fails_with_a_reason(room, work, clock):
    batch_id, one = work.one()
    for _ in range(MOST_ATTEMPTS):
        assert work.view(one.job_id).state in {JobState.ACCEPTED, JobState.RUNNING}
        work.claim(batch_id, lease_s=1)
        clock.pass_seconds(120)
    assert sweep(room) == Sweep(queued=0, failed=1, cancelled=0)
    view = work.view(one.job_id)
    assert (view.state, view.error_code, view.error_message) == (JobState.FAILED, "cluster_lost", "its run was lost 5 times")


def test_a_lost_job_that_was_being_cancelled_is_cancelled_and_a_living_one_is_left_alone(room, work, clock):
    batch_id, one = work.one(1)
    work.claim(batch_id, lease_s=1)
    request_cancel(room.ledger, room.tenant, one.job_id)
    other, two = work.one(2)
    work.claim(other, run_id="alive", lease_s=1)
    clock.pass_seconds(120)
    renew_leases(room.ledger, room.tenant, "alive", 30)
    assert sweep(room) == Sweep(queued=0, failed=0, cancelled=1)
    assert [work.view(i.job_id).state for i in (one, two)] == [JobState.CANCELLED, JobState.RUNNING]


def test_a_job_that_nobody_began_is_queued_after_an_hour(room, work, clock):
    _, one = work.one()
    clock.pass_seconds(1800)
    assert sweep(room) == NOTHING
    clock.pass_seconds(1801)
    assert sweep(room) == Sweep(queued=1, failed=0, cancelled=0)
    assert sweep(room) == NOTHING
    (batch,) = queued_batches(room)
    assert [j.job_id for j in claim_jobs(room.ledger, room.tenant, batch.batch_id, run_id="r", lease_s=9)] == [one.job_id]


def test_ledger_and_store_are_compared_and_nothing_is_deleted(room, work, clock):
    done, active = work.mill(1), work.one(2)[1]
    names = {j: results_name(room.tenant, clock.instant.date(), j) for j in (active.job_id, "0" * 26)}
    for name in names.values():
        room.store.create(name, b"{}")
    found = reconcile(room)
    assert (found.results, found.objects, found.unnamed_objects) == (1, 2, (names["0" * 26],))
    assert list(found.missing_objects) == [done.job_id]
    assert not found.is_clean
    room.store.create(found.missing_objects[done.job_id], b"{}")
    assert reconcile(room).missing_objects == {}
    assert all(room.store.exists(name) for name in names.values())


def test_a_batch_whose_run_died_after_its_last_job_gets_its_report(room, work, clock):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id, run_id="run", lease_s=30)
    assert work.finish(work.end(job)) == []
    assert sweep(room) == NOTHING, "its run may be writing the report"
    clock.pass_seconds(89)
    assert sweep(room) == NOTHING, "its lease, and a minute"
    clock.pass_seconds(2)
    assert sweep(room) == Sweep(queued=0, failed=0, cancelled=0, closed=1)
    assert sweep(room) == NOTHING
    assert room.store.exists(batch_view(room.ledger, room.tenant, batch_id).report_object)


def test_a_run_that_still_writes_its_report_is_not_reported_for(room, work, clock):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id, run_id="run", lease_s=60)
    assert work.finish(work.end(job)) == []
    for _ in range(20):
        clock.pass_seconds(50)
        with believed_in(room, "run", lease_s=60):
            assert sweep(room) == NOTHING
    store_report(room, batch_id)
    clock.pass_seconds(1000)
    assert sweep(room) == NOTHING
    with room.ledger.reading() as conn:
        told = [event.kind for event in events(conn, room.tenant, batch_id)]
    assert told.count("batch.finished") == 1


def test_a_reporting_run_renews_its_lease_until_the_report_is_written(room, work, clock, monkeypatch):
    room = dataclasses.replace(room, settings=room.settings.model_copy(update={"lease_renew_s": 0.01}))
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id, run_id="run", lease_s=60)
    assert work.finish(work.end(job)) == []
    renewed = threading.Event()
    real, began = heart.ledger_jobs.renew_leases, clock()

    def renew(*given):
        is_late = clock() > began  # asked before: the ledger's clock must not go on in between
        real(*given)
        if is_late:
            renewed.set()

    monkeypatch.setattr(heart.ledger_jobs, "renew_leases", renew)
    with believed_in(room, "run", lease_s=60):
        clock.pass_seconds(1000)
        assert renewed.wait(10)
        assert sweep(room) == NOTHING
    clock.pass_seconds(121)
    assert sweep(room).closed == 1


def test_the_end_of_a_batch_is_told_once_unless_something_changed(room, work):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id)
    assert work.finish(work.end(job)) == []

    def told():
        with room.ledger.reading() as conn:
            return [event.kind for event in events(conn, room.tenant, batch_id)].count("batch.finished")

    first, second, third = "public/t/1.json", "public/t/2.json", "public/t/3.json"
    assert finish_batch(room.ledger, room.tenant, batch_id, report_object=first, only_open=True)
    assert not finish_batch(room.ledger, room.tenant, batch_id, report_object=second, only_open=True)
    assert batch_view(room.ledger, room.tenant, batch_id).report_object == first
    assert finish_batch(room.ledger, room.tenant, batch_id, report_object=second)
    assert (batch_view(room.ledger, room.tenant, batch_id).report_object, told()) == (second, 1)
    assert finish_batch(room.ledger, room.tenant, batch_id, report_object=third, failed_checks=1)
    assert told() == 2, "people hear of checks that do not hold"


def test_a_report_that_came_too_late_leaves_no_object(room, work):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id)
    assert work.finish(work.end(job)) == []
    first, second = store_report(room, batch_id), store_report(room, batch_id, only_open=True)
    assert (room.store.exists(first.report), room.store.exists(second.report)) == (True, False)


def test_a_run_that_reports_is_leased_but_holds_nothing(room, work, clock):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id, run_id="run", lease_s=30)
    assert work.finish(work.end(job)) == []
    assert (living_runs(room), leased_runs(room)) == (set(), {"run"})
    clock.pass_seconds(31)
    assert leased_runs(room) == set()


def test_the_task_that_reports_holds_the_lease_of_its_flow_run(room, work, monkeypatch):
    batch_id, _ = work.one()
    (job,) = work.claim(batch_id, run_id="run", lease_s=0)
    assert work.finish(work.end(job)) == []
    monkeypatch.setattr(write_report, "flow_run", SimpleNamespace(id="run"))
    seen = []
    monkeypatch.setattr(write_report, "check_batch", lambda *_: seen.append(leased_runs(room)))
    write_report.write_report.fn(room, batch_id)
    assert seen == [{"run"}]
