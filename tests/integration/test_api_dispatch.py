"""The dispatcher against a real Prefect server, step by step: how jobs become flow runs, and what happens when one breaks.

The whole way of an upload stands in test_api_dispatch_whole.py.
"""

import time
from contextlib import closing, suppress
from datetime import timedelta

import pytest
from dispatch_runs import prefect, runs_of
from shard_documents import write_text

from docmill.services.batches import finish_batch
from docmill.services.dispatch import Dispatcher
from docmill.services.dispatch_prefect import PrefectAway, PrefectCalls
from docmill.services.jobs import claim_jobs, job_view, request_cancel
from docmill.services.uploads import Received, Said, submit
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions

__all__ = ["prefect"]


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


class Patient(Dispatcher):
    """Steps again where the server is too busy for an answer, as the gateway's thread does."""

    def step(self):
        for _ in range(5):
            with suppress(PrefectAway):
                return super().step()
            time.sleep(1)
        return super().step()


@pytest.fixture
def dispatcher(room, prefect, clock):
    calls = PrefectCalls(str(prefect.base_url))
    yield Patient(room, lambda: calls, clock)
    calls.close()


def waiting(room, tmp_path, count):
    """So many uploads, each a request of its own."""
    return [submit(room, [Received(write_text(tmp_path / f"{n}.txt"), f"{n}.txt")], MillOptions(), Said()).job_ids[0] for n in range(count)]


def end_run(prefect, run, state):
    prefect.post(f"/flow_runs/{run['id']}/set_state", json={"state": {"type": state}, "force": True}).raise_for_status()


def batch_of(prefect, room, jobs):
    ((batch_id, run),) = runs_of(prefect, room)
    claimed = claim_jobs(room.ledger, room.tenant, batch_id, run_id=run["id"], lease_s=60)
    assert {job.job_id for job in claimed} == set(jobs)
    return batch_id, run


def test_many_jobs_share_a_run_and_two_runs_go_at_once(room, prefect, dispatcher, tmp_path):
    first = waiting(room, tmp_path, 1)
    assert dispatcher.step() == 1
    more = waiting(room, tmp_path, 130)
    assert dispatcher.step() == 2
    assert dispatcher.step() == 2  # the rest waits until a run is over
    runs = runs_of(prefect, room)
    claimed = {batch: {j.job_id for j in claim_jobs(room.ledger, room.tenant, batch, run_id="r", lease_s=60)} for batch, _ in runs}
    assert sorted(len(jobs) for jobs in claimed.values()) == [1, 100]
    assert set().union(*claimed.values()) == {*first, *more[:100]}  # oldest first
    for batch_id, _ in runs:
        finish_batch(room.ledger, room.tenant, batch_id, report_object="public/default/reports/x.json")
    assert dispatcher.step() == 1
    assert len(runs_of(prefect, room)) == 3


def test_a_new_dispatcher_finds_the_runs_of_the_one_before(room, prefect, dispatcher, tmp_path):
    waiting(room, tmp_path, 2)
    dispatcher.step()
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        assert Dispatcher(room, lambda: calls).step() == 1
    assert len(runs_of(prefect, room)) == 1


def test_while_prefect_is_away_jobs_wait_and_then_share_one_run(room, prefect, tmp_path):
    found = []
    dispatcher = Dispatcher(room, lambda: found[0] if found else None)
    for n in range(3):
        waiting(room, tmp_path / "..", 1)
        assert dispatcher.step() == 0, n
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        found.append(calls)
        assert dispatcher.step() == 1
    assert len(runs_of(prefect, room)) == 1


def test_a_run_that_crashed_is_tried_again_with_patience(room, prefect, dispatcher, clock, tmp_path):
    waiting(room, tmp_path, 1)
    dispatcher.step()
    ((_, run),) = runs_of(prefect, room)
    end_run(prefect, run, "CRASHED")
    for seconds, runs in ((2.1, 1), (2.1, 1), (2.1, 2)):  # seen, looked at once more, five seconds after it began
        clock.now_s += seconds
        dispatcher.step()
        assert len(runs_of(prefect, room)) == runs
    # one that begins now finds the second try by its key and makes no third
    with closing(PrefectCalls(str(prefect.base_url))) as calls:
        late = Dispatcher(room, lambda: calls, clock)
        for _ in range(4):
            late.step()
            clock.now_s += 2.1
    assert len(runs_of(prefect, room)) == 2


def test_a_run_that_is_gone_without_a_word_is_replaced(room, prefect, dispatcher, clock, tmp_path, monkeypatch):
    jobs = waiting(room, tmp_path, 1)
    dispatcher.step()
    _, run = batch_of(prefect, room, jobs)
    end_run(prefect, run, "RUNNING")
    real = room.ledger.now
    for minutes, runs in ((0, 1), (1.5, 1), (3, 2)):  # its lease of a minute expires, then a minute passes
        monkeypatch.setattr(room.ledger, "now", lambda m=minutes: real() + timedelta(minutes=m))
        for _ in range(2):
            clock.now_s += 10
            dispatcher.step()
        assert len(runs_of(prefect, room)) == runs, minutes


def test_a_run_that_died_before_it_claimed_anything_is_replaced(room, prefect, dispatcher, clock, tmp_path):
    """Its process and Prefect's server went together: the server comes back and calls it running for ever."""
    waiting(room, tmp_path, 1)
    dispatcher.step()
    ((_, run),) = runs_of(prefect, room)
    end_run(prefect, run, "RUNNING")
    for seconds, runs in ((3, 1), (200, 1), (200, 2)):
        clock.now_s += seconds
        dispatcher.step()
        assert len(runs_of(prefect, room)) == runs, seconds


def test_a_cancelled_waiting_job_is_never_sent(room, prefect, dispatcher, tmp_path):
    (job,) = waiting(room, tmp_path, 1)
    request_cancel(room.ledger, room.tenant, job)
    assert dispatcher.step() == 0
    assert runs_of(prefect, room) == []


def test_a_run_of_which_nothing_is_wanted_any_more_is_cancelled(room, prefect, dispatcher, clock, tmp_path):
    jobs = waiting(room, tmp_path, 2)
    dispatcher.step()
    _, run = batch_of(prefect, room, jobs)
    end_run(prefect, run, "RUNNING")
    for job, state in zip(jobs, ("RUNNING", "CANCELLING"), strict=True):
        request_cancel(room.ledger, room.tenant, job)
        clock.now_s += 3
        dispatcher.step()
        assert prefect.get(f"/flow_runs/{run['id']}").json()["state_type"] == state


def test_a_job_being_cancelled_whose_run_is_gone_becomes_cancelled(room, prefect, dispatcher, clock, tmp_path, monkeypatch):
    jobs = waiting(room, tmp_path, 1)
    dispatcher.step()
    batch_of(prefect, room, jobs)
    request_cancel(room.ledger, room.tenant, jobs[0])
    real = room.ledger.now
    monkeypatch.setattr(room.ledger, "now", lambda: real() + timedelta(minutes=5))
    clock.now_s += 3
    dispatcher.step()
    assert job_view(room.ledger, room.tenant, jobs[0]).state is JobState.CANCELLED


def test_jobs_of_the_command_line_are_its_own(room, prefect, dispatcher, tmp_path):
    from docmill.services.intake import take_in
    from docmill.services.sources import files_of

    take_in(room, files_of([str(write_text(tmp_path / "cli.txt"))], room.settings), MillOptions())
    assert dispatcher.step() == 0
