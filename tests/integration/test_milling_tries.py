"""How often mill_shard tries an item: retryable errors of the store, tries that were cut, tries without an end.

A real store with real documents, without Prefect and Dask.
"""

import dataclasses

import pytest
from faulty_store import FAULTS, Fault
from milling_shards import codes, faulty_room, inspected, left_begun, statuses, with_limits
from shard_documents import begin, begun, journal, outcome_markers, write_pages, write_slow_page, write_text

from docmill.errors import StoreUnavailable
from docmill.services.milling.work import mill_shard
from docmill.values.jobs import ItemStatus

__all__ = ["faulty_room"]

# --- retryable errors


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


# --- the journal


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
