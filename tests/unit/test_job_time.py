"""How long one job may run in all: 25 and 30 minutes of work, or twice and three times the planner's estimate."""

import time
from dataclasses import replace

import pytest

from docmill.errors import StageFailed, TimedOut
from docmill.services.milling.job_time import JobTime, flag_overdue
from docmill.services.milling.shard import Item, MillLimits, Shard
from docmill.services.milling.wear import Wear
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.options import MillOptions

LIMITS = MillLimits.from_settings(Settings(_env_file=None))


@pytest.fixture
def store(tmp_path):
    return open_store(StoreSpec((tmp_path / "store").as_uri()))


def time_of(store, stage="read", shard="1"):
    return JobTime(store, Shard("default", "run", shard, stage, (), StoreSpec(""), LIMITS, "1"))


def item(spent=0.0, estimate_s=0.0, job_id="job"):
    facts = {"seconds_inspect": spent / 2, "seconds_read": spent / 2, "words": 9999}
    return Item(job_id, "d", "0" * 64, "application/pdf", 1, "2026-11-22", MillOptions(), "page-1", facts=facts, estimate_s=estimate_s)


@pytest.mark.parametrize(
    ("estimate_s", "soft_s", "hard_s"), [(0, 1500, 1800), (600, 1500, 1800), (700, 1500, 2100), (800, 1600, 2400), (7200, 14400, 21600)]
)
def test_the_limits_grow_with_the_estimate(estimate_s, soft_s, hard_s):
    assert (LIMITS.soft_limit_s(estimate_s), LIMITS.hard_limit_s(estimate_s)) == (soft_s, hard_s)


@pytest.mark.parametrize(
    ("stage", "spent", "estimate_s", "limit"),
    [
        ("read", 1499, 0, None),
        ("read", 1501, 0, "job_soft_limit_s"),
        ("read", 1999, 1000, None),
        ("read", 2001, 1000, "job_soft_limit_s"),
        ("understand", 1501, 0, None),  # finished pages go on
        ("understand", 1801, 0, None),  # without it pages done would become no result
        ("find_pii", 1801, 0, "job_hard_limit_s"),
        ("redact", 1801, 0, "job_hard_limit_s"),
        ("consult", 1801, 0, "job_hard_limit_s"),
        ("enrich", 1801, 0, "job_hard_limit_s"),
        ("speak", 1801, 0, "job_hard_limit_s"),
        ("index", 1801, 0, "job_hard_limit_s"),
        ("validate", 1801, 0, None),
        ("publish", 1801, 0, None),
    ],
)
def test_what_is_not_begun_any_more(store, stage, spent, estimate_s, limit):
    late = time_of(store, stage).used_up(item(spent, estimate_s))
    assert (late is None) if limit is None else (limit in late.message)


def test_pages_of_this_shard_and_the_flag_of_other_shards_count(store):
    time = time_of(store)
    time.add(item(), 1501)
    assert time.used_up(item())
    assert time.used_up(item(job_id="other")) is None
    flag_overdue(store, "default", "run", "other")
    assert time.used_up(item(job_id="other"))


def test_slow_shards_of_one_job_know_of_each_other_before_they_are_folded(store):
    one, other = time_of(store, shard="1"), time_of(store, shard="2")
    begun = 0
    while begun < 100 and not one.used_up(item()) and not other.used_up(item()):
        one.add(item(), 60)
        other.add(item(), 60)
        begun += 2
    assert begun == 26, "1,560 seconds in both together"
    assert time_of(store, shard="3").used_up(item()), "a third that has done nothing yet finds the flag"
    assert other.used_up(item())
    assert other.left_s([item()]) == 1800 - 1560


def test_what_is_folded_is_not_counted_twice(store):
    time_of(store, shard="1").add(item(), 800)
    later = time_of(store, shard="2")
    later.add(item(), 100)
    folded = replace(item(), facts={"seconds_read": 800.0})
    assert later.used_up(folded) is None
    assert later.left_s([folded]) == 1800 - 900
    assert later.left_s([item()]) == 1800 - 900, "nor before it is folded"
    assert later.used_up(replace(item(), facts={"seconds_read": 800.0, "seconds_inspect": 700.0}))


def test_quick_shards_note_nothing(store):
    time = time_of(store)
    for _ in range(29):
        time.add(item(), 1)
    assert list(store.list("private/default/runs/")) == []


@pytest.mark.parametrize(
    ("stage", "spent", "left_s"),
    [
        ("read", 0, 1800),
        ("read", 1790, 10),
        ("find_pii", 1800, 1),
        ("understand", 5000, None),
        ("validate", 5000, None),
        ("publish", 5000, None),
    ],
)
def test_what_is_left_for_the_item_in_hand(store, stage, spent, left_s):
    assert time_of(store, stage).left_s([item(spent)]) == left_s


def test_a_cut_bears_the_name_of_the_limit_that_made_it(store):
    time = time_of(store)
    assert "job_hard_limit_s" in time.named(TimedOut("12 s"), [item(1790)]).message
    assert time.named(TimedOut("120 s"), [item(0)]).message == "120 s"
    assert isinstance(time.named(StageFailed("x"), [item(1790)]), StageFailed)


def test_wear_is_reached_at_its_limit():
    wear = Wear()
    assert not wear.is_worn
    for items, worn in ((400, False), (599, False), (1, True)):
        wear.note(items, 1000, life_s=0)
        assert wear.is_worn is worn


def test_nothing_is_worn_before_its_time():
    wear = Wear()
    wear.note(1000, 1000, life_s=0.2)
    assert not wear.is_worn
    time.sleep(0.21)
    assert wear.is_worn


@pytest.mark.parametrize(
    ("stage", "pages", "seconds"),
    [("find_pii", (1,), 600), ("find_pii", (500, 3), 600), ("find_pii", (3, 2000), 2400), ("read", (2000,), 120), ("find_pii", (), 600)],
)
def test_the_deadline_of_one_item_grows_with_its_pages(stage, pages, seconds):
    items = tuple(replace(item(), facts={"page_count": count}) for count in pages)
    assert Shard("default", "run", "1", stage, items, StoreSpec(""), LIMITS, "1").deadline_s == seconds
