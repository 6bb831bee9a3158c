"""Exact bounds, calibration from decisions, and promises: kept as often as they say, refused when decisions are too few."""

import math
import random

import pytest

from docmill.services.review.binomial import at_most, least_count, upper_bound
from docmill.services.review.calibration import Judged, calibration_error, fit, halves, held_out_scores, reliability
from docmill.services.review.promise import NoPromise, Promise, promise


@pytest.mark.parametrize("count", [1, 10, 59, 300, 5000])
def test_the_bound_after_no_wrong_one_is_the_closed_form(count):
    assert upper_bound(0, count, 0.95) == pytest.approx(1 - 0.05 ** (1 / count), abs=1e-12)


@pytest.mark.parametrize(  # one-sided 95 % bounds, that is the upper ends of 90 % intervals of Clopper and Pearson
    ("wrong", "count", "bound"), [(1, 10, 0.3942), (5, 10, 0.7776), (3, 100, 0.0757), (10, 10, 1.0), (2, 124, 0.0499)]
)
def test_known_bounds(wrong, count, bound):
    assert upper_bound(wrong, count, 0.95) == pytest.approx(bound, abs=1e-4)


@pytest.mark.parametrize(
    ("share", "confidence", "wrong", "count"), [(0.05, 0.95, 0, 59), (0.05, 0.95, 1, 93), (0.01, 0.95, 0, 299), (0.1, 0.9, 0, 22)]
)
def test_how_many_decisions_a_promise_needs(share, confidence, wrong, count):
    assert least_count(wrong, share, confidence) == count
    assert upper_bound(wrong, count - 1, confidence) > share


def test_the_distribution_is_the_binomial_one():
    exact = sum(math.comb(20, k) * 0.3**k * 0.7 ** (20 - k) for k in range(5))
    assert at_most(4, 20, 0.3) == pytest.approx(exact, rel=1e-12)
    assert (at_most(3, 5, 0.0), at_most(3, 5, 1.0), at_most(5, 5, 1.0)) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize("given", [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 1.0), (1, 5, 0.0)])
def test_counts_that_cannot_be(given):
    with pytest.raises(ValueError, match="<="):
        upper_bound(*given)


def drawn(seed, documents, *, companies=40, overconfident=0.0):
    """Documents of two fields each: names as sure as they say less `overconfident`, totals surer than they say."""
    dice, found = random.Random(seed), []  # noqa: S311 - seeded, no secret
    for number in range(documents):
        for field, more in (("vendor_name", -overconfident), ("total", 0.5)):
            sure = dice.uniform(0.5, 1.0)
            chance = min(1.0, sure + more * (1 - sure)) if more > 0 else max(0.0, sure + more)
            found.append(Judged("invoice", field, sure, dice.random() < chance, f"c{number % companies}", f"d{number}"))
    return found


def test_calibration_learns_what_a_confidence_is_worth_and_is_measured_on_what_it_has_not_seen():
    judged = drawn(1, 600, overconfident=0.3)
    raw = calibration_error(reliability([(one.confidence, one.is_right) for one in judged]))
    held_out = held_out_scores(judged)
    assert len(held_out) == len(judged)
    assert raw > 0.08
    assert calibration_error(reliability(held_out)) < 0.05
    learned = fit(judged)
    assert learned.score("invoice", "total", 0.7) > learned.score("invoice", "vendor_name", 0.7) + 0.2
    assert [learned.score("invoice", "total", x / 10) for x in range(11)] == sorted(
        learned.score("invoice", "total", x / 10) for x in range(11)
    )


def test_folds_and_halves_keep_a_company_together():
    first, second = halves(drawn(2, 100))
    assert not {one.group for one in first} & {one.group for one in second}
    assert len(first) + len(second) == 200
    assert abs(len(first) - len(second)) <= 20


@pytest.mark.parametrize(("documents", "rate"), [(29, 0.05), (149, 0.01)])
def test_too_few_decisions_are_refused_with_the_number_that_is_needed(documents, rate):
    made = promise(drawn(3, documents), rate=rate)
    assert isinstance(made, NoPromise)
    assert made.needed == least_count(0, rate, 0.95) > made.decisions


def test_fields_that_are_wrong_too_often_are_refused():
    made = promise([Judged("invoice", "total", 0.9, n % 5 > 0, f"c{n}", f"d{n}") for n in range(300)], rate=0.05)
    assert isinstance(made, NoPromise)
    assert "wrong" in made.reason


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("documents", "rate", "rounds", "most"),
    [(60, 0.2, 30, 4), pytest.param(60, 0.2, 150, 12, marks=SLOW), pytest.param(400, 0.1, 150, 12, marks=SLOW)],
)
def test_promises_are_kept_as_often_as_they_say(documents, rate, rounds, most):
    """Of 150 promises of 95 % at most 12 may break: 7.5 are expected of a procedure that is just right."""
    made = broken = 0
    for seed in range(rounds):
        given = promise(drawn(seed, documents), rate=rate)
        if isinstance(given, Promise):
            made += 1
            rest = [one for one in drawn(10_000 + seed, 1500) if given.accepts(one.kind, one.field, one.confidence, one.document)]
            broken += sum(not one.is_right for one in rest) > rate * len(rest)
    assert made > 0.66 * rounds
    assert broken <= most


def test_a_promise_counts_what_it_stands_on():
    made = promise(drawn(5, 1000), rate=0.1)
    assert isinstance(made, Promise)
    assert made.calibration.line is not None
    assert made.bound <= 0.1
    assert made.wrong <= made.accepted <= made.decisions <= 1010
    assert made.straight_through > 0.1
    assert made.accepts("invoice", "total", 0.99, "d") and not made.accepts("invoice", "vendor_name", 0.5, "d")  # noqa: PT018 - both ends
