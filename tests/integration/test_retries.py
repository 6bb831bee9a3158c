"""Retries of stage tasks on a real Prefect server: what is tried again, how often, and what becomes of the neighbours."""

import hashlib
import threading
import time

import pytest
from faulty_store import FAULTS, Fault, use_faulty_store
from flow_runs import PUBLISHED, jobs_of, mill, query, taken_in, task_runs
from fresh_ledgers import fresh_ledger
from shard_documents import begun, journal, write_damaged, write_pages, write_text

from docmill.services.running.room import Room
from docmill.settings import settings
from docmill.values.jobs import JobState


@pytest.fixture
def faulty_room(home, monkeypatch, tmp_path, prefect_server):
    """A room over a faulty store; the flow opens the same one from the settings."""
    home.mkdir(mode=0o700)
    use_faulty_store(monkeypatch, tmp_path / "objects")
    monkeypatch.setenv("DOCMILL_RETRY_DELAY_S", "0.01")
    monkeypatch.setenv("DOCMILL_INLINE_SECONDS", "1000")
    settings.cache_clear()
    fresh_ledger(settings().resolved_ledger_url)
    opened = Room.open(settings())
    yield opened
    FAULTS.clear()
    opened.close()


def milled(room, *paths):
    batch_id = taken_in(room, paths)
    mill(batch_id)
    return jobs_of(room, batch_id), batch_id


def page_rows(room):
    """(page, status, tries, error code) from the ledger."""
    return query(room, "SELECT page, status, tries, error_code FROM pages WHERE stage = 'read' ORDER BY page")


def test_a_store_that_fails_twice_costs_two_more_tries_of_that_item_alone(faulty_room, tmp_path):
    fault = Fault("create", r"/read/.*\.json$", 2)
    FAULTS.append(fault)
    jobs, batch_id = milled(faulty_room, write_pages(tmp_path / "a.tif", 1))
    assert fault.met == 2
    assert {job.state for job in jobs.values()} <= PUBLISHED
    runs = task_runs(batch_id)
    assert {state for _, state, _ in runs} == {"Completed"}
    assert {(stage, count) for stage, _, count in runs if count > 1} == {("read", 3)}
    assert {(item, n) for (_, item), n in begun(faulty_room).items() if n > 1} == {("read-page-1", 3)}
    assert page_rows(faulty_room) == [(1, "done", 3, None)]


def test_an_error_that_stays_fails_its_document_after_four_tries_and_no_other(faulty_room, tmp_path):
    bad, good = write_pages(tmp_path / "bad.tif", 1), write_text(tmp_path / "good.txt")
    sha256 = hashlib.sha256(bad.read_bytes()).hexdigest()
    FAULTS.append(Fault("fetch", f"^originals/.*{sha256}"))
    jobs, batch_id = milled(faulty_room, bad, good)
    failed = jobs["bad.tif"]
    assert failed.state is JobState.FAILED
    assert failed.error_code == "store_unavailable"
    assert failed.error_message == "on purpose: fetch (tried 4 times)"
    assert failed.results_object is None
    assert jobs["good.txt"].state in PUBLISHED
    counts = begun(faulty_room)
    assert counts[failed.job_id, "inspect-document"] == 4
    assert {n for (job_id, _), n in counts.items() if job_id == jobs["good.txt"].job_id} == {1}
    assert sum(m.endswith(".cut") for m in journal(faulty_room, failed.job_id)) == 4
    runs = task_runs(batch_id)
    assert {(state, count) for stage, state, count in runs if stage == "inspect"} == {("Completed", 4)}


@pytest.mark.slow
def test_a_store_that_stays_away_for_a_shard_fails_what_it_holds(faulty_room, tmp_path):
    """The shard raises as a whole: its outcome markers cannot be listed by the worker; four tries, then the documents fail."""
    from docmill.services.running.run import BatchRun

    fault = Fault("list", r"/runs/[^/]*/understand/")
    FAULTS.append(fault)
    real, calls = BatchRun.fail_shard, []

    def fail_shard(run, shard, error):
        calls.append((shard.stage, error.code))
        FAULTS.clear()  # the flow process asks the same store once more
        return real(run, shard, error)

    BatchRun.fail_shard = fail_shard
    try:
        jobs, batch_id = milled(faulty_room, write_text(tmp_path / "a.txt"))
    finally:
        BatchRun.fail_shard = real
    assert calls == [("understand", "store_unavailable")]
    assert jobs["a.txt"].state is JobState.PARTIAL
    assert {(s, n) for stage, s, n in task_runs(batch_id) if stage == "understand"} == {("Failed", 4)}


@pytest.mark.slow
def test_a_permanent_error_has_one_try(faulty_room, tmp_path):
    jobs, batch_id = milled(faulty_room, write_damaged(tmp_path / "bad.pdf"), write_text(tmp_path / "good.txt"))
    assert jobs["bad.pdf"].state is JobState.FAILED
    assert jobs["bad.pdf"].error_code == "damaged"
    assert "tried" not in jobs["bad.pdf"].error_message
    assert set(begun(faulty_room).values()) == {1}
    assert {count for _, _, count in task_runs(batch_id)} == {1}


def test_another_version_ends_the_run_at_once_and_blames_no_document(faulty_room, tmp_path, monkeypatch):
    from docmill.errors import VersionMismatch

    text = write_text(tmp_path / "a.txt")
    with monkeypatch.context() as planned_elsewhere:
        planned_elsewhere.setattr("docmill.services.running.run.__version__", "0.0.1")
        with pytest.raises(VersionMismatch):
            milled(faulty_room, text)
    assert begun(faulty_room) == {}
    ((batch_id,),) = query(faulty_room, "SELECT batch_id FROM batches")
    assert {(s, n) for _, s, n in task_runs(batch_id)} == {("Failed", 1)}
    (job,) = jobs_of(faulty_room, batch_id).values()
    assert job.state is JobState.RUNNING  # its lease was given back: a run of the right version goes on at once

    mill(batch_id)
    (job,) = jobs_of(faulty_room, batch_id).values()
    assert job.state in PUBLISHED
    assert job.attempts == 2


@pytest.mark.parametrize(("tried", "least", "most"), [(0, 0, 0), (1, 60, 72), (2, 120, 144), (3, 240, 288)])
def test_delays_double_and_scatter(home, tried, least, most):
    from tasks.policies import delay_s

    delays = {delay_s(tried) for _ in range(50)}
    assert least <= min(delays) <= max(delays) <= most
    assert len(delays) > 10 or tried == 0


def test_a_stop_wakes_a_task_that_waits_for_its_next_try(home, monkeypatch, prefect_server):
    """Prefect's own delay is a sleep that nothing wakes: a cancelled run would hang for minutes."""
    from blocks.runners import RunSignals
    from docmill.errors import Cancelled, StoreUnavailable
    from tasks.mill_stage import mill_stage
    from tasks.policies import retry_policy

    monkeypatch.setenv("DOCMILL_RETRY_DELAY_S", "60")
    settings.cache_clear()
    signals = RunSignals(still_s=lambda: 0.0, longest_item_s=lambda: 0.0)
    runs = []

    class AlwaysAway:
        workers = 1

        def run(self, _shard, signals, *, last_try):
            runs.append(last_try)
            if signals.stopped.is_set():
                raise Cancelled("the run was stopped")
            raise StoreUnavailable("on purpose")

    class Named:
        stage, shard_id, items = "read", "00001", ()

    threading.Timer(1.0, signals.stopped.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        mill_stage.with_options(name="read", **retry_policy(signals))(Named(), AlwaysAway(), signals)
    assert time.monotonic() - started < 10
    assert runs == [False, False]
