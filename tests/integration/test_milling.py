"""mill_shard on a real store with real documents, without Prefect and Dask: what is skipped, tried again, judged, stopped."""

import dataclasses
import json
import threading
import time

import pytest
from faulty_store import CALLS, FAULTS, Fault, use_faulty_store
from shard_documents import (
    begin,
    begun,
    gone,
    journal,
    outcome_markers,
    programs,
    until,
    write_damaged,
    write_pages,
    write_slow_page,
    write_text,
)

from docmill.errors import StoreUnavailable, VersionMismatch
from docmill.services.batches import batch_jobs
from docmill.services.milling import mill_shard
from docmill.services.milling.lease import write_lease
from docmill.services.milling.receipts import keep_marker, marker_name
from docmill.values.jobs import ItemStatus


def inspected(run):
    """Mill and fold the inspection; the shards of reading."""
    return [after for shard in run.first_shards() for after in run.fold(shard, mill_shard(shard, True))]


def at_stage(run, stage):
    """A shard of a later stage over what the run has read; the stages between are left out."""
    (shard,) = inspected(run)
    (after,) = run.fold(shard, mill_shard(shard, True))
    return dataclasses.replace(after, stage=stage)


def statuses(report):
    return {outcome.item: outcome.status for outcome in report.outcomes}


def codes(report):
    return {outcome.item: outcome.error_code for outcome in report.outcomes}


def with_limits(shard, **limits):
    return dataclasses.replace(shard, limits=dataclasses.replace(shard.limits, **limits))


# --- what is there is skipped


def test_done_items_are_not_begun_again(room, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 3)
    first = begin(room, [scan])
    (shard,) = inspected(first)
    report = mill_shard(shard)
    assert set(statuses(report).values()) == {ItemStatus.DONE}
    marks = journal(room)
    assert marks == ["inspect-document/0-1.begun", *(f"read-page-{n}/0-1.begun" for n in (1, 2, 3))]

    again = mill_shard(shard)
    assert again.outcomes == report.outcomes  # the markers count: not even the seconds differ
    assert journal(room) == marks


def test_another_job_finds_the_pages_that_a_first_one_read(room, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 2)
    (shard,) = inspected(begin(room, [scan]))
    mill_shard(shard)
    other = begin(room, [scan], extract_format="markdown")
    assert not set(other.tracked) & {i.job_id for i in shard.items}
    (second,) = inspected(other)
    report = mill_shard(second)
    assert set(statuses(report).values()) == {ItemStatus.PRESENT}
    assert {(o.tries, o.seconds) for o in report.outcomes} == {(0, 0.0)}
    (job_id,) = other.tracked
    assert journal(room, job_id) == []


@pytest.mark.parametrize("torn", [b"", b"\0" * 300, b'{"artefacts": ['])
def test_a_receipt_that_a_power_cut_tore_counts_as_none(room, tmp_path, torn):
    scan = write_pages(tmp_path / "a.tif", 2)
    (shard,) = inspected(begin(room, [scan]))
    mill_shard(shard)
    (first, _) = [info.name for info in room.store.list("private/default/receipts/") if ".read-" in info.name]
    whole = room.store.read(first)
    room.store.replace(first, torn)
    for expected in ([ItemStatus.DONE, ItemStatus.PRESENT], [ItemStatus.PRESENT, ItemStatus.PRESENT]):
        (again,) = inspected(begin(room, [scan], extract_format=("markdown" if ItemStatus.DONE in expected else "json")))
        assert sorted(statuses(mill_shard(again)).values()) == expected
    assert json.loads(room.store.read(first))["artefacts"] == json.loads(whole)["artefacts"]


def test_a_verdict_is_kept_beside_the_artefacts_and_found_by_a_second_job(room, tmp_path):
    bad = write_damaged(tmp_path / "bad.pdf")
    first, second = begin(room, [bad]), begin(room, [bad], extract_format="markdown")
    (shard,) = first.first_shards()
    report = mill_shard(shard)
    assert codes(report) == {"document": "damaged"}
    assert report.retryable == ()
    assert journal(room) == ["inspect-document/0-1.begun"]  # the receipt is its end

    (shard,) = second.first_shards()
    found = mill_shard(shard)
    assert codes(found) == {"document": "damaged"}
    assert found.outcomes[0].error_message == report.outcomes[0].error_message
    (job_id,) = second.tracked
    assert journal(room, job_id) == []


def test_a_verdict_is_found_when_the_bytes_arrive_again(room, tmp_path):
    bad = write_damaged(tmp_path / "bad.pdf")
    assert inspected(begin(room, [bad])) == []
    again = begin(room, [bad])
    assert not again.tracked, "nothing is left to run"
    (job,) = batch_jobs(room.ledger, room.tenant, again.batch_id)
    assert (job.state, job.error_code) == ("failed", "damaged")
    assert len(begin(room, [bad], force=True).tracked) == 1, "force asks again"


# --- retryable errors


@pytest.fixture
def faulty_room(home, monkeypatch, tmp_path):
    use_faulty_store(monkeypatch, tmp_path / "objects")
    from docmill.services.running.room import Room
    from docmill.settings import settings
    from docmill.storage.ledger import upgrade_ledger

    home.mkdir(mode=0o700)
    settings.cache_clear()
    upgrade_ledger(settings().resolved_ledger_url)
    opened = Room.open(settings())
    yield opened
    FAULTS.clear()
    opened.close()


STORE_CALLS = {
    "looking for the receipt": Fault("read", r"/receipts/.*\.read-\w+\.receipt$", 1),
    "noting the try": Fault("create", r"/read-page-2/.*\.begun$", 1),
    "fetching the original": Fault("fetch", r"^originals/", 1),
    "keeping the page": Fault("create", r"/read/.*\.json$", 1),
    "keeping the receipt": Fault("create", r"/receipts/.*\.read-\w+\.receipt$", 1),
    "noting the outcome": Fault("create", r"/runs/.*page-2\.json$", 1),
}


@pytest.mark.parametrize("where", STORE_CALLS)
def test_a_store_that_fails_once_costs_one_more_try_and_nothing_else(faulty_room, tmp_path, where):
    room = faulty_room
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 3)]))
    fault = dataclasses.replace(STORE_CALLS[where])
    FAULTS.append(fault)

    report = mill_shard(shard)
    assert fault.met == 1
    assert report.retryable == ("store_unavailable",)
    assert [o.status for o in report.outcomes] == [ItemStatus.DONE] * 2  # its neighbours went on

    second = mill_shard(shard, True)
    assert second.retryable == ()
    assert {o.error_code for o in second.outcomes} == {None}
    assert len(second.outcomes) == len(outcome_markers(room, shard.run_id, "read")) == 3
    tries = begun(room, "read")
    assert sum(tries.values()) <= 4  # done ones were not begun again
    for (job_id, item), times in tries.items():  # no try is left without an end: nobody's death is to be suspected
        cuts = [m for m in journal(room, job_id) if m.startswith(f"{item}/") and m.endswith(".cut")]
        assert times - len(cuts) <= 1


@pytest.mark.parametrize("where", STORE_CALLS)
def test_on_the_last_try_only_the_item_that_met_the_error_fails(faulty_room, tmp_path, where):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 3)]))
    fault = dataclasses.replace(STORE_CALLS[where])
    FAULTS.append(fault)
    report = mill_shard(shard, True)
    assert fault.met == 1
    assert report.retryable == ()
    assert len(report.outcomes) == 3
    failed = [o for o in report.outcomes if o.status is ItemStatus.FAILED]
    if where == "noting the outcome":  # the work is done and reported; only its note is missing
        assert failed == []
    else:
        assert [o.error_code for o in failed] == ["store_unavailable"]
        assert failed[0].error_message == f"on purpose: {fault.method}"


def test_a_retryable_error_cuts_the_try_and_the_next_one_carries_the_number_two(faulty_room, tmp_path):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 1)]))
    FAULTS.append(Fault("fetch", "^originals/", 1))
    assert mill_shard(shard).retryable == ("store_unavailable",)
    assert journal(faulty_room, stage="read") == ["read-page-1/0-1.begun", "read-page-1/0-1.cut"]
    report = mill_shard(shard)
    assert statuses(report) == {"page-1": ItemStatus.DONE}
    assert report.outcomes[0].tries == 2


def test_errors_that_are_tried_again_are_never_kept_as_verdicts(faulty_room, tmp_path):
    scan = write_pages(tmp_path / "a.tif", 1)
    (shard,) = inspected(begin(faulty_room, [scan]))
    FAULTS.append(Fault("fetch", "^originals/"))
    assert codes(mill_shard(shard, True)) == {"page-1": "store_unavailable"}
    FAULTS.clear()
    (other,) = inspected(begin(faulty_room, [scan], extract_format="markdown"))
    assert statuses(mill_shard(other)) == {"page-1": ItemStatus.DONE}


def test_many_retryable_errors_never_quarantine(faulty_room, tmp_path):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 1)]))
    fault = Fault("fetch", "^originals/", 5)
    FAULTS.append(fault)
    for _ in range(5):
        assert mill_shard(shard).retryable == ("store_unavailable",)
    assert statuses(mill_shard(shard)) == {"page-1": ItemStatus.DONE}


def test_a_store_that_is_away_while_a_try_is_cut_does_not_count_as_a_death(faulty_room, tmp_path):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 1)]))
    FAULTS.append(Fault("fetch", "^originals/", 2))
    FAULTS.append(Fault("create", r"\.cut$", 2))
    assert mill_shard(shard).retryable == ("store_unavailable",)
    assert mill_shard(shard).retryable == ("store_unavailable",)
    assert statuses(mill_shard(shard, True)) == {"page-1": ItemStatus.DONE}


def test_a_store_that_is_away_altogether_is_an_error_of_the_shard(faulty_room, tmp_path):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 1)]))
    FAULTS.extend(Fault(method, ".") for method in ("create", "read", "fetch", "list", "exists"))
    with pytest.raises(StoreUnavailable):
        mill_shard(shard)


def test_a_surprise_fails_its_item_only_and_says_nothing_of_the_document(room, tmp_path):
    """A page whose artefact is no page: pydantic would quote it."""
    (tmp_path / "secret.txt").write_text("Mr Miller owes 12 euros\n")
    run = begin(room, [write_text(tmp_path / "a.txt"), tmp_path / "secret.txt", write_text(tmp_path / "b.txt")])
    shard = at_stage(run, "publish")
    victim = shard.items[1]
    page = next(a for a in victim.inputs if a.stage == "read")
    (room.settings.home / "store" / page.object_name).write_text('{"number": "Mr Miller owes"}')
    report = mill_shard(shard)
    by_job = {o.job_id: o for o in report.outcomes}
    assert len(by_job) == 3
    assert by_job[victim.job_id].error_code == "stage_failed"
    assert "Miller" not in (by_job[victim.job_id].error_message or "")
    assert [o.status for o in report.outcomes].count(ItemStatus.DONE) == 2


# --- the journal


def left_begun(room, item, stage, numbers, cut=()):
    prefix = f"private/{room.tenant}/journal/{item.job_id}/{stage}-{item.name}/{item.count}"
    for number in numbers:
        room.store.create(f"{prefix}-{number}.begun", b"1.0 1")
    for number in cut:
        room.store.create(f"{prefix}-{number}.cut", b"")


def test_an_item_begun_twice_without_an_end_is_quarantined_and_not_run(room, tmp_path):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 3)]))
    left_begun(room, shard.items[1], "read", (1, 2))
    report = mill_shard(shard)
    assert codes(report) == {"page-1": None, "page-2": "quarantined", "page-3": None}
    assert report.outcomes[1].tries == 2
    assert report.retryable == ()
    assert journal(room, stage="read-page-2") == ["read-page-2/0-1.begun", "read-page-2/0-2.begun"]


@pytest.mark.parametrize(("numbers", "cut", "tries"), [((1,), (), 2), ((1, 2, 3), (1, 3), 4), ((1, 2, 3, 4), (1, 2, 3, 4), 5)])
def test_tries_that_were_cut_do_not_count(room, tmp_path, numbers, cut, tries):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 1)]))
    left_begun(room, shard.items[0], "read", numbers, cut)
    report = mill_shard(shard)
    assert statuses(report) == {"page-1": ItemStatus.DONE}
    assert report.outcomes[0].tries == tries


def test_force_starts_a_new_count_and_finds_nothing_of_the_earlier_job(room, tmp_path):
    from docmill.services.documents import remill
    from docmill.services.running.run import BatchRun

    run = begin(room, [write_text(tmp_path / "a.txt")])
    (shard,) = inspected(run)
    left_begun(room, shard.items[0], "read", (1, 2))
    shards = run.fold(shard, mill_shard(shard))
    assert run.tracked == {}
    assert shards == []
    batch_id = remill(room.ledger, room.tenant, shard.items[0].document_id, force=True)
    forced = BatchRun(room, batch_id, "forced", workers=1, lease_s=60)
    (shard,) = inspected(forced)
    assert shard.items[0].count == 1
    assert statuses(mill_shard(shard)) == {"page-1": ItemStatus.DONE}
    # the forced job's own work is found again
    assert statuses(mill_shard(dataclasses.replace(shard, run_id="resumed"))) == {"page-1": ItemStatus.PRESENT}


def test_an_end_without_a_verdict_is_an_end(room, tmp_path):
    """A page that timed out did not kill its worker: a resumed run tries again instead of quarantining."""
    run = begin(room, [write_slow_page(tmp_path / "slow.tif", height_px=2000)])
    (shard,) = inspected(run)
    hurried = with_limits(shard, page_deadline_s=0.2)
    for number in (1, 2, 3):
        report = mill_shard(dataclasses.replace(hurried, run_id=f"run-of-{number}"))
        assert codes(report) == {"page-1": "timed_out"}
        assert report.outcomes[0].tries == number


def test_a_worker_of_another_version_refuses(room, tmp_path):
    (shard,) = inspected(begin(room, [write_text(tmp_path / "a.txt")]))
    marks = journal(room)
    with pytest.raises(VersionMismatch) as caught:
        mill_shard(dataclasses.replace(shard, version="0.0.1"))
    assert not caught.value.retryable
    assert "0.0.1" in caught.value.message
    assert journal(room) == marks


# --- stopping


class _Milling(threading.Thread):
    def __init__(self, shard):
        super().__init__()
        self.shard, self.report, self.ended = shard, None, 0.0

    def run(self):
        self.report = mill_shard(self.shard)
        self.ended = time.monotonic()


def test_a_stopped_run_begins_nothing(room, tmp_path):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 2)]))
    write_lease(room.store, room.tenant, shard.run_id, stop=True)
    report = mill_shard(shard)
    assert report.stopped
    assert report.outcomes == ()
    assert journal(room, stage="read") == []


def test_of_a_dropped_job_nothing_is_begun_and_its_neighbours_go_on(room, tmp_path):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 2), write_pages(tmp_path / "b.tif", 1)]))
    dropped, kept = shard.items[0].job_id, shard.items[-1].job_id
    write_lease(room.store, room.tenant, shard.run_id, stop=False, dropped=[dropped])
    report = mill_shard(shard)
    assert not report.stopped
    assert [(o.job_id, o.status) for o in report.outcomes] == [(kept, ItemStatus.DONE)]
    assert journal(room, dropped, stage="read") == []


def test_a_stop_cuts_the_running_item_with_its_programs_and_begins_no_further(room, tmp_path):
    slow = write_slow_page(tmp_path / "slow.tif")
    run = begin(room, [slow, write_pages(tmp_path / "a.tif", 1)])
    (shard,) = inspected(run)
    order = sorted(shard.items, key=lambda i: i.size_bytes, reverse=True)
    milling = _Milling(dataclasses.replace(shard, items=tuple(order)))
    milling.start()
    running = until(programs, 30, "tesseract runs")
    stopped_at = time.monotonic()
    write_lease(room.store, room.tenant, shard.run_id, stop=True)
    milling.join(20)
    assert milling.report.stopped
    assert milling.ended - stopped_at < 4.0
    assert milling.report.outcomes == ()
    assert journal(room, stage="read") == ["read-page-1/0-1.begun", "read-page-1/0-1.cut"]
    assert gone(running, 2.0) == []


def test_an_old_lease_stops_a_running_item(room, tmp_path):
    run = begin(room, [write_slow_page(tmp_path / "slow.tif")])
    (shard,) = inspected(run)
    milling = _Milling(with_limits(shard, lease_limit_s=2.0))
    milling.start()
    until(lambda: journal(room, stage="read"), 20, "the page is begun")
    for _ in range(6):  # renewed for longer than the limit: it goes on
        write_lease(room.store, room.tenant, shard.run_id, stop=False)
        time.sleep(0.5)
    assert milling.is_alive()
    renewed_at = time.monotonic()
    milling.join(20)
    assert milling.report.stopped
    assert 1.0 < milling.ended - renewed_at < 6.0
    assert journal(room, stage="read") == ["read-page-1/0-1.begun", "read-page-1/0-1.cut"]


def test_a_lease_that_nobody_wrote_ages_from_the_shards_begin(room, tmp_path):
    (shard,) = inspected(begin(room, [write_slow_page(tmp_path / "slow.tif")]))
    milling = _Milling(dataclasses.replace(with_limits(shard, lease_limit_s=2.0), run_id="nobody"))
    milling.start()
    milling.join(30)
    assert milling.report.stopped


def test_a_stopped_whole_shard_stage_leaves_no_try_without_an_end(faulty_room, tmp_path):
    """Begun markers are written one after the other; the stop may come between two of them."""
    room = faulty_room
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")

    def stop_after_the_first():
        until(lambda: any(name.endswith(".begun") and "validate" in name for _, name in list(CALLS)), 20, "one is begun")
        write_lease(room.store, room.tenant, shard.run_id, stop=True)

    # the lease is looked at once a second: many items make sure that a look falls between two begun markers
    many = dataclasses.replace(
        shard, items=tuple(dataclasses.replace(shard.items[n % 3], job_id=f"{shard.items[n % 3].job_id}-{n}") for n in range(3000))
    )
    stopper = threading.Thread(target=stop_after_the_first)
    stopper.start()
    report = mill_shard(many)
    stopper.join()
    assert report.stopped
    marks = journal(room, stage="validate")
    assert len(marks) > 0
    assert {m.removesuffix(".begun") for m in marks if m.endswith(".begun")} == {
        m.removesuffix(".cut") for m in marks if m.endswith(".cut")
    }


# --- two workers at one shard


def test_the_first_outcome_counts(room, tmp_path):
    (shard,) = inspected(begin(room, [write_pages(tmp_path / "a.tif", 1)]))
    first = mill_shard(shard).outcomes[0]
    late = first.model_copy(update={"status": ItemStatus.FAILED, "artefacts": (), "error_code": "timed_out", "error_message": "late"})
    assert keep_marker(room.store, shard, shard.items[0], late) == first
    assert json.loads(room.store.read(marker_name(shard, shard.items[0])))["status"] == "done"


def test_two_workers_with_the_same_shard_leave_one_result(room, tmp_path):
    run = begin(room, [write_pages(tmp_path / "a.tif", 4)])
    (shard,) = inspected(run)
    workers = [_Milling(shard), _Milling(shard)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    one, other = (sorted(w.report.outcomes, key=lambda o: o.item) for w in workers)
    assert [(o.item, o.artefacts, o.error_code) for o in one] == [(o.item, o.artefacts, o.error_code) for o in other]
    assert {o.error_code for o in one} == {None}
    assert len(outcome_markers(room, shard.run_id, "read")) == 4


# --- a stage that looks at a whole shard


def test_validate_answers_for_every_document_of_its_shard(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    report = mill_shard(shard)
    assert [o.status for o in report.outcomes] == [ItemStatus.DONE] * 3
    assert all("failed_checks" in o.facts for o in report.outcomes)
    assert mill_shard(shard).outcomes == report.outcomes


def test_after_a_death_a_whole_shard_stage_takes_its_items_one_by_one(room, tmp_path):
    """Whoever kills the worker a second time is then the only one under suspicion."""
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    for item in shard.items:
        left_begun(room, item, "validate", (1,))
    report = mill_shard(shard)
    assert [(o.status, o.tries) for o in report.outcomes] == [(ItemStatus.DONE, 2)] * 3
    store = room.settings.home / "store"
    second = store / f"private/{room.tenant}/journal/{shard.items[1].job_id}/validate-document/0-2.begun"
    first_end = store / marker_name(shard, shard.items[0])
    assert second.stat().st_mtime_ns > first_end.stat().st_mtime_ns


def test_quarantined_ones_are_left_out_and_the_rest_is_validated(room, tmp_path):
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")
    left_begun(room, shard.items[1], "validate", (1, 2))
    by_job = {o.job_id: o.error_code for o in mill_shard(shard).outcomes}
    assert by_job == {shard.items[0].job_id: None, shard.items[1].job_id: "quarantined", shard.items[2].job_id: None}


def test_nothing_is_left_in_the_scratch_folder(room, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    for shard in inspected(begin(room, [write_pages(tmp_path / "a.tif", 2), write_damaged(tmp_path / "b.pdf")])):
        mill_shard(shard)
    assert list(scratch.iterdir()) == []


def test_what_a_killed_worker_left_in_scratch_is_removed_by_the_next_one(tmp_path, monkeypatch):
    """Documents lie there. What a living process uses stays, whoever looks."""
    import subprocess
    import sys

    from docmill.services.milling import scratch

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = (
        "import sys, time, tempfile; tempfile.tempdir = sys.argv[1]\n"
        "from docmill.services.milling.scratch import scratch_folder\n"
        "with scratch_folder() as f:\n (f / 'letter.pdf').write_text('Dear'); print(f, flush=True); time.sleep(60)"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        killed, living = (worker.stdout.readline().strip() for worker in workers)
        workers[0].kill()
        workers[0].wait(10)
        assert {str(p) for p in tmp_path.iterdir()} == {killed, living}
        scratch._sweep_once.cache_clear()
        with scratch.scratch_folder() as mine:
            assert {str(p) for p in tmp_path.iterdir()} == {living, str(mine)}
        assert {str(p) for p in tmp_path.iterdir()} == {living}
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(10)
            worker.stdout.close()
