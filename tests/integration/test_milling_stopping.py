"""mill_shard while something else happens: a run that is stopped, a job that is dropped, a lease that grows old, a second worker at the same shard."""

import dataclasses
import json
import threading
import time

from faulty_store import CALLS
from milling_shards import at_stage, faulty_room, inspected, with_limits
from shard_documents import begin, gone, journal, outcome_markers, programs, until, write_pages, write_slow_page, write_text

from docmill.services.milling.lease import write_lease
from docmill.services.milling.receipts import keep_marker, marker_name
from docmill.services.milling.work import mill_shard
from docmill.values.jobs import ItemStatus

__all__ = ["faulty_room"]


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


def test_a_stopped_whole_shard_stage_leaves_no_try_without_an_end(faulty_room, tmp_path, monkeypatch):
    """Begun markers are written one after the other; the stop may come between two of them."""
    room = faulty_room
    run = begin(room, [write_text(tmp_path / f"{n}.txt") for n in range(3)])
    shard = at_stage(run, "validate")

    def stop_after_the_first():
        until(lambda: any(name.endswith(".begun") and "validate" in name for _, name in list(CALLS)), 20, "one is begun")
        write_lease(room.store, room.tenant, shard.run_id, stop=True)

    # many items, and many looks at the lease, make sure that one falls between two begun markers
    monkeypatch.setattr("docmill.services.milling.lease.LOOK_EVERY_S", 0.05)
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
