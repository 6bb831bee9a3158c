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
            assert sum(costs[int(name)] for name in group) <= target


def test_a_500_page_document_is_cut_into_page_ranges_of_the_target():
    ranges = [r for group in plan.cut_pages([("big", "application/pdf", 500)], 45.0) for r in group]
    assert len(ranges) >= 500 * plan.page_cost_s("application/pdf") / 45.0 - 1
    assert max(r.last - r.first + 1 for r in ranges) <= 45.0 / plan.page_cost_s("application/pdf")


@pytest.mark.parametrize(
    ("total_s", "workers", "aim_s", "expected"),
    [(10_000, 2, 45, 45), (40, 2, 45, 10), (1, 2, 45, plan.LEAST_SHARD_S), (40, 1, 45, 20)],
)
def test_little_work_is_still_spread_over_all_workers(total_s, workers, aim_s, expected):
    assert plan.target_s(total_s, workers, aim_s) == expected
