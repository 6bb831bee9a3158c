"""mill_shard keeps an item while it makes the next one: what that must not change."""

import dataclasses
from types import MappingProxyType

import pytest
from faulty_store import CALLS, FAULTS, HOLDS, Fault, Hold
from milling_shards import faulty_room, inspected, left_begun
from shard_documents import begin, begun, journal, write_pages

from docmill.errors import StoreUnavailable
from docmill.services.milling import work
from docmill.services.milling.work import mill_shard
from docmill.values.jobs import ItemStatus

__all__ = ["faulty_room"]

RECEIPT = r"/receipts/.*\.read-\w+\.receipt$"


@pytest.fixture
def made(monkeypatch):
    """What reading made, as ("make", item) among the calls of the store."""
    real = work.STAGE_WORK["read"]

    def make(bench, items):
        CALLS.extend(("make", item.name) for item, _ in items)
        return real.make(bench, items)

    monkeypatch.setattr(work, "STAGE_WORK", MappingProxyType({**work.STAGE_WORK, "read": dataclasses.replace(real, make=make)}))


def place(name):
    """Where in the calls something first stands."""
    return next(n for n, (method, what) in enumerate(CALLS) if f"{method} {what}".startswith(name))


def test_an_item_is_kept_while_the_next_one_is_made(faulty_room, tmp_path, made):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 3)]))
    HOLDS.append(Hold("create", r"/read/.*\.json$", lambda: ("make", "page-2") in CALLS))
    report = mill_shard(shard)
    assert [(o.item, o.status) for o in report.outcomes] == [(f"page-{n}", ItemStatus.DONE) for n in (1, 2, 3)]
    receipts = [n for n, (method, name) in enumerate(CALLS) if method == "create" and name.endswith(".receipt") and ".read-" in name]
    assert place("make page-2") < receipts[0] < receipts[1] < receipts[2]


def test_a_suspect_is_made_and_kept_when_nothing_else_is_open(faulty_room, tmp_path, made):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 3)]))
    second = shard.items[1]
    left_begun(faulty_room, second, "read", (1,))
    CALLS.clear()
    HOLDS.append(Hold("create", RECEIPT, lambda: "0-2.begun" in str(CALLS) or "read-page-3" in str(CALLS), most_s=0.5))
    assert [o.tries for o in mill_shard(shard).outcomes] == [1, 2, 1]
    markers = {name[-11:-5]: n for n, (method, name) in enumerate(CALLS) if method == "create" and "/runs/" in name}
    third = next(n for n, (method, name) in enumerate(CALLS) if method == "create" and "read-page-3" in name and name.endswith(".begun"))
    again = next(n for n, (method, name) in enumerate(CALLS) if method == "create" and "read-page-2" in name and name.endswith("-2.begun"))
    assert markers["page-1"] < again < place("make page-2") < markers["page-2"] < third


def test_the_same_pages_in_two_jobs_are_made_once(faulty_room, tmp_path, made):
    scan = write_pages(tmp_path / "a.tif", 1)
    shards = [s for shape in ("json", "markdown") for s in inspected(begin(faulty_room, [scan], extract_format=shape))]
    both = dataclasses.replace(shards[0], items=tuple(item for shard in shards for item in shard.items))
    HOLDS.append(Hold("create", RECEIPT, lambda: CALLS.count(("make", "page-1")) == 2, most_s=1.0))
    assert [o.status for o in mill_shard(both).outcomes] == [ItemStatus.DONE, ItemStatus.PRESENT]
    assert CALLS.count(("make", "page-1")) == 1


def test_a_store_that_goes_away_while_a_twin_waits_fails_the_shard(faulty_room, tmp_path):
    """Not the twin alone: the first one has no outcome yet."""
    scan = write_pages(tmp_path / "a.tif", 1)
    shards = [s for shape in ("json", "markdown") for s in inspected(begin(faulty_room, [scan], extract_format=shape))]
    both = dataclasses.replace(shards[0], items=tuple(item for shard in shards for item in shard.items))
    HOLDS.append(Hold("create", r"/read/.*\.json$", lambda: False, most_s=0.5))
    FAULTS.extend([Fault("create", RECEIPT), Fault("exists", "/any$")])
    with pytest.raises(StoreUnavailable):
        mill_shard(both, True)


def test_a_store_that_goes_away_while_an_item_is_kept_leaves_no_death_behind(faulty_room, tmp_path, made):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 3)]))
    HOLDS.append(Hold("create", r"/read/.*\.json$", lambda: ("make", "page-2") in CALLS))
    FAULTS.extend([Fault("create", r"/read/.*\.json$"), Fault("exists", "/any$")])
    with pytest.raises(StoreUnavailable):
        mill_shard(shard)
    FAULTS.clear()
    HOLDS.clear()
    assert {o.status for o in mill_shard(shard, True).outcomes} == {ItemStatus.DONE}
    for item, times in begun(faulty_room, "read").items():
        cuts = [m for m in journal(faulty_room, item[0]) if m.startswith(f"{item[1]}/") and m.endswith(".cut")]
        assert times - len(cuts) <= 1


def test_an_original_is_fetched_once_for_all_its_pages(faulty_room, tmp_path):
    (shard,) = inspected(begin(faulty_room, [write_pages(tmp_path / "a.tif", 3)]))
    CALLS.clear()
    mill_shard(shard)
    assert [method for method, name in CALLS if name.startswith("originals/")] == ["fetch"]
