"""Training of kinds and thresholds: what is learned, what is refused, and that no company is in both sets."""

import random

import pytest

from docmill.services.learning.training import TooFew, by_company, train_kinds, train_thresholds
from docmill.services.review.calibration import Judged
from docmill.services.review.thresholds import eyes_of, parse_thresholds
from docmill.stages.understanding.kind_learning import Lesson, learned, tell
from docmill.stages.understanding.kind_model import kind_model
from docmill.values.review import Doubt, Subject

WORDS = {"contract": ["tenancy", "landlord", "deposit"], "report": ["rainfall", "gauge", "station"]}


def lessons(count, *, seed=1, wrong=0.0):
    """Papers without any rule's evidence, of two kinds with words of their own, of 30 companies with names of their own."""
    chance, found = random.Random(seed), []  # noqa: S311 - papers, no secrets
    for n in range(count):
        kind = sorted(WORDS)[n % 2]
        words = [*WORDS[kind], *chance.sample(["page", "date", "the", "of", "and", "mill"], 4), f"own{n % 30}"]
        said = kind if chance.random() >= wrong else chance.choice(["invoice", "payslip", "letter"])
        found.append(
            Lesson(features={f"word:{w}": 0.35 for w in words} | {"shape:words": 0.5}, worth={}, kind=said, company=f"company {n % 30}")
        )
    return found


def test_decided_papers_teach_a_kind_that_the_shipped_model_does_not_see():
    shipped, papers = kind_model(), lessons(120)
    made = train_kinds(papers, shipped=shipped, in_use=shipped)
    assert not isinstance(made, TooFew)
    assert made.is_better
    assert made.metrics["right"] > made.metrics["right_before"]
    assert made.metrics["right"] > 0.95
    assert b"word:tenancy" in made.data
    assert b"word:own" not in made.data  # a word of one company is no word of a kind


def test_a_worse_model_is_refused():
    shipped, papers = kind_model(), lessons(120)
    good = learned(shipped, by_company(papers, lambda one: one.company)[0])
    teaching, testing = by_company(papers, lambda one: one.company)
    misled = [one.model_copy(update={"kind": "payslip"}) for one in teaching]
    made = train_kinds([*misled, *testing], shipped=shipped, in_use=good)
    assert not isinstance(made, TooFew)
    assert not made.is_better
    assert made.metrics["right"] < made.metrics["right_before"]
    again = train_kinds(papers, shipped=shipped, in_use=good)
    assert not isinstance(again, TooFew)
    assert not again.is_better  # the same again is no better


def test_a_few_lessons_of_one_kind_do_not_make_everything_of_that_kind():
    shipped = kind_model()
    made = learned(shipped, lessons(6))
    invoice = Lesson(
        features={"word:invoice": 0.4, "rule:invoice": 1.0, "shape:amounts": 0.8}, worth={"invoice": 3.0}, kind="invoice", company="x"
    )
    assert tell(made, invoice)[0] == tell(shipped, invoice)[0] == "invoice"


@pytest.mark.parametrize("count", [0, 10, 24])
def test_with_too_few_companies_or_papers_nothing_is_trained(count):
    made = train_kinds(lessons(count)[: count if count != 24 else 24], shipped=kind_model(), in_use=kind_model())
    assert isinstance(made, TooFew)
    assert "20 tests of 5 companies are needed" in made.reason


def test_no_company_is_in_both_sets_and_each_stays_where_it_is():
    papers = lessons(300)
    teaching, testing = by_company(papers, lambda one: one.company)
    assert teaching
    assert testing
    assert not {one.company for one in teaching} & {one.company for one in testing}
    later = by_company(
        [*papers, *[one.model_copy(update={"company": f"new {n}"}) for n, one in enumerate(papers)]], lambda one: one.company
    )
    assert {one.company for one in teaching} <= {one.company for one in later[0]}


def judged(count, *, right_above=0.5, seed=3):
    chance, found = random.Random(seed), []  # noqa: S311 - papers, no secrets
    for n in range(count):
        sure = chance.random()
        is_right = sure >= right_above or chance.random() < 0.3
        found.append(Judged("invoice", "total", sure, is_right, f"company {n % 40}", f"document {n}"))
    return found


def test_thresholds_are_learned_where_they_let_more_through_within_the_promise():
    made = train_thresholds(judged(800), rate=0.05, in_use=parse_thresholds("field=0.9"))
    assert not isinstance(made, TooFew)
    assert made.is_better
    assert made.metrics["accepted"] > made.metrics["accepted_before"]
    assert made.metrics["wrong"] <= 0.05 * made.metrics["accepted"]
    assert parse_thresholds(made.data.decode()).of("field", "total") < 0.9


def test_thresholds_that_break_their_promise_on_other_companies_are_refused():
    decisions = judged(800)
    _, testing = by_company(decisions, lambda one: one.group)
    others = {one.group for one in testing}
    worse = [
        Judged(one.kind, one.field, one.confidence, one.group not in others and one.is_right, one.group, one.document) for one in decisions
    ]
    made = train_thresholds(worse, rate=0.05, in_use=parse_thresholds("field=1"))
    assert not isinstance(made, TooFew)
    assert not made.is_better
    assert isinstance(train_thresholds(judged(60), rate=0.01, in_use=parse_thresholds("")), TooFew)


@pytest.mark.parametrize(
    ("setting", "eyes"), [("fraud", 1), ("field", 2), ("fraud, field.total", 2), ("field.vendor_name", 1), ("", 1), ("span.PERSON", 1)]
)
def test_four_eyes_by_subject_and_name(setting, eyes):
    assert eyes_of(Doubt(subject=Subject.FIELD, name="total", reason="r"), setting) == eyes
