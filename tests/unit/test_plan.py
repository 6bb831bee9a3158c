"""The planner: shards of similar cost, nothing lost, nothing twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docmill.services.running import plan

TYPES = st.sampled_from(["application/pdf", "image/png", "text/plain"])


@given(st.lists(st.tuples(TYPES, st.integers(1, 600)), max_size=40), st.floats(2, 60))
def test_every_page_is_in_exactly_one_range(documents, target):
    named = [(f"j{n}", media, pages) for n, (media, pages) in enumerate(documents)]
    seen = {}
    for group in plan.cut_pages(named, target):
        for r in group:
            assert r.first <= r.last
            seen.setdefault(r.job_id, []).extend(range(r.first, r.last + 1))
    assert seen == {name: list(range(1, pages + 1)) for name, _, pages in named}


@given(st.lists(st.floats(0, 100), max_size=60), st.floats(1, 60), st.integers(1, 10))
def test_groups_keep_order_and_limits(costs, target, most):
    named = [(str(n), cost) for n, cost in enumerate(costs)]
    groups = list(plan.cut_by_cost(named, target, most))
    assert [name for group in groups for name in group] == [name for name, _ in named]
    for group in groups:
        assert len(group) <= most
        if len(group) > 1:
            assert sum(costs[int(name)] for name in group) - costs[int(group[-1])] / 2 <= 1.5 * target + 1e-9


def test_a_500_page_document_is_cut_into_page_ranges_of_the_target():
    ranges = [r for group in plan.cut_pages([("big", "application/pdf", 500)], 45.0) for r in group]
    assert len(ranges) >= 500 * plan.page_cost_s("application/pdf") / 45.0 - 1
    assert max(r.last - r.first + 1 for r in ranges) <= 45.0 / plan.page_cost_s("application/pdf")


@pytest.mark.parametrize(
    ("total_s", "workers", "aim_s", "expected"),
    [
        (9_000, 2, 45, 45),
        (40, 2, 45, 10),
        (1, 2, 45, plan.LEAST_SHARD_S),
        (40, 1, 45, 20),
        (200, 2, 45, 200 / 6),
        (0, 0, 45, plan.LEAST_SHARD_S),
    ],
)
def test_work_is_spread_evenly_over_all_workers(total_s, workers, aim_s, expected):
    assert plan.target_s(total_s, workers, aim_s) == expected


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
@pytest.mark.parametrize("pages", [7, 60, 100, 500, 2000])
@pytest.mark.parametrize("media_type", ["application/pdf", "image/png"])
def test_no_worker_waits_long_for_the_last_shard_of_another(workers, pages, media_type):
    named = [(str(n), plan.document_cost_s(media_type, 1)) for n in range(pages)]
    target = plan.target_s(sum(cost for _, cost in named), workers, 45.0)
    busy = [0.0] * workers
    for wave in plan.cut_by_cost(named, target):
        cost = sum(named[int(name)][1] for name in wave)
        for ranges in plan.cut_pages(((name, media_type, 1) for name in wave), plan.even_s(cost, target)):
            busy[busy.index(min(busy))] += len(ranges) * named[0][1]  # who is free takes the next one
    assert max(busy) <= 1.05 * sum(busy) / workers + 2 * named[0][1]
