"""The ranker of candidates: learned where the rules are wrong, used there alone, refused where it is worse, and silent without a model."""

import json
import random

import pytest

from docmill.errors import StageFailed
from docmill.services.learning.training import TooFew, by_company, train_ranker
from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.ranking.choosing import MOST_SURE, SOURCE
from docmill.stages.understanding.ranking.features import FEATURES, NONE, RULES
from docmill.stages.understanding.ranking.learning import RankLesson, fitted, is_no_chance, is_same, rank_lessons, told
from docmill.stages.understanding.ranking.ranker import NO_RANKER, FieldRanker, Ranker, metrics_from, ranker_from
from docmill.stages.understanding.ranking.trial import metrics_of, trained, tried
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

FIRST = [
    "Amber",
    "Birch",
    "Cobalt",
    "Dune",
    "Ember",
    "Fjord",
    "Garnet",
    "Heath",
    "Indigo",
    "Juniper",
    "Kelp",
    "Larch",
    "Moss",
    "Nettle",
    "Opal",
]
SECOND = ["Lantern", "Kettle", "Saddle", "Anchor", "Compass", "Thimble", "Basket", "Pebble"]
SLOGANS = ["Always Warm Always Kind", "Made With Care", "Nothing But Goodness", "Simply The Nicest", "Fresh Every Morning"]


def page_from(lines):
    """A page of lines, in words of a letter's width each."""
    rows = []
    for row, text in enumerate(lines, 1):
        x, words = 40.0, []
        for word in text.split():
            words.append(Word(text=word, box=Box(x, 30.0 * row, x + 9 * len(word), 30.0 * row + 18), confidence=1.0))
            x += 9 * len(word) + 9
        rows.append(Line(words=tuple(words)))
    return Page(number=1, width_px=800, height_px=1100, dpi=100, lines=tuple(rows), source="text_layer", language="en")


def receipt(n, chance):
    """A receipt whose second line is the shop's name; the rules take the first. Its number stands behind a word that no rule knows."""
    company = f"{FIRST[n % 15]} {SECOND[n // 15 % 8]}"
    number, cents = f"{chance.randint(1000, 9999)}-{chance.randint(10, 99)}", chance.randint(100, 9999)
    lines = [
        chance.choice(SLOGANS), company, f"{chance.randint(1, 99)} Mill Road", "Docket", f"# {number}", f"Date: 2026-03-{chance.randint(10, 28)}",
        f"Tea 2 {cents / 100:.2f}", f"TOTAL {cents / 100:.2f}", f"CASH {cents / 100:.2f}",
    ]  # fmt: skip
    return page_from(lines), {"vendor_name": company, "document_number": number, "total": f"{cents / 100:.2f}"}, company


def receipts(count, seed=5):
    chance = random.Random(seed)  # noqa: S311 - papers, no secrets
    return [receipt(n, chance) for n in range(count)]


def lessons_of(papers):
    return [one for page, truths, company in papers for one in rank_lessons([page], "receipt", truths, company)]


def field_of(page, name, ranker=NO_RANKER):
    return next((one for one in understand_pages([page], "receipt", ranker=ranker).fields if one.name == name), None)


@pytest.fixture(scope="module")
def lessons():
    return lessons_of(receipts(90))


@pytest.fixture(scope="module")
def made(lessons):
    found = train_ranker(lessons, in_use=NO_RANKER)
    assert not isinstance(found, TooFew)
    return found


def test_it_is_learned_where_the_rules_are_wrong_and_used_there_alone(made):
    ranker = ranker_from(made.data)
    assert made.is_better
    assert made.metrics["right"] > made.metrics["right_before"] == made.metrics["right_by_rules"]
    assert {key for key, one in ranker.fields.items() if one.is_used} == {"receipt.vendor_name", "receipt.document_number"}
    assert "receipt.total" in ranker.fields  # tried, no better than the rules, switched off
    assert made.metrics["fields_used"] == 2
    assert made.metrics["receipt.vendor_name"] > 0.9


def test_it_chooses_on_papers_of_companies_that_nobody_has_seen(made):
    page = page_from(
        ["Never Knowingly Cold", "Quartz Umbrella", "7 Harbour Road", "Docket", "# 8123-44", "Date: 2026-03-19", "TOTAL 8.20", "CASH 8.20"]
    )
    before, ranker = understand_pages([page], "receipt"), ranker_from(made.data)
    assert field_of(page, "vendor_name").value == "Never Knowingly Cold"
    after = understand_pages([page], "receipt", ranker=ranker)
    by_name = {one.name: one for one in after.fields}
    assert by_name["vendor_name"].value == by_name["vendor_name"].text == "Quartz Umbrella"
    assert by_name["document_number"].value == "8123-44"
    for name in ("vendor_name", "document_number"):
        assert by_name[name].evidence.source == SOURCE
        assert by_name[name].evidence.confidence <= MOST_SURE < 0.95
    others = {"vendor_name", "document_number"}
    assert [one for one in after.fields if one.name not in others] == [one for one in before.fields if one.name not in others]


def test_a_worse_one_is_refused(lessons, made):
    good = ranker_from(made.data)
    again = train_ranker(lessons, in_use=good)
    assert not isinstance(again, TooFew)
    assert not again.is_better  # the same again is no better
    teaching, testing = by_company(lessons, lambda one: one.company)
    misled = [one.model_copy(update={"right": (max(0, len(one.options) - 2),)}) for one in teaching]
    worse = train_ranker([*misled, *testing], in_use=good)
    assert not isinstance(worse, TooFew)
    assert not worse.is_better
    assert worse.metrics["right"] < worse.metrics["right_before"]
    assert not any(one.is_used for one in ranker_from(worse.data).fields.values())


def test_no_word_of_a_paper_is_in_a_ranker(made):
    text = made.data.decode().lower()
    assert not [word for word in (*FIRST, *SECOND, "docket", "slogan", "always", "nicest") if word.lower() in text]


def test_without_a_used_ranker_nothing_changes(lessons):
    page = receipts(1)[0][0]
    strong = FieldRanker({NONE: -9.0, "line:0": 9.0})
    plain = understand_pages([page], "receipt").model_dump_json()
    assert understand_pages([page], "receipt", ranker=Ranker({"receipt.vendor_name": strong})).model_dump_json() == plain
    other_kind = Ranker({"invoice.vendor_name": FieldRanker(strong.weights, is_used=True)})
    assert understand_pages([page], "receipt", ranker=other_kind).model_dump_json() == plain
    of_rules = {one.key: FieldRanker(fitted([]).weights, is_used=True) for one in lessons}
    assert understand_pages([page], "receipt", ranker=Ranker(of_rules)).model_dump_json() == plain


PROVEN = ["Quartz Umbrella Ltd", "7 Harbour Road", "Date: 2026-03-19", "Net 10.00", "VAT 19 % 1.90", "TOTAL 11.90"]


def greatest(name):
    return Ranker({name: FieldRanker({"size:share": 9.0, "size:most": 5.0}, is_used=True)})


def test_what_arithmetic_proves_stays_whatever_was_learned():
    page = page_from([*PROVEN, "Points 99.00"])
    assert field_of(page, "total").value == "11.90"
    assert field_of(page, "total").evidence.confidence >= 0.95
    assert field_of(page, "total", greatest("receipt.total")) == field_of(page, "total")


def test_a_learned_total_is_chosen_together_with_the_sums_that_prove_it():
    page = page_from(["Quartz Umbrella Ltd", "Date: 2026-03-19", "Net 10.00", "VAT 1.90", "TOTAL 9.00", "Sum of it all 11.90 EUR"])
    before, after = understand_pages([page], "invoice"), understand_pages([page], "invoice", ranker=greatest("invoice.total"))
    values = {one.name: (one.value, one.evidence.source) for one in after.fields}
    assert {one.name: one.value for one in before.fields}["total"] == "9.00"
    assert values["total"] == ("11.90", SOURCE)
    assert (values["net_total"][0], values["tax_total"][0], values["amount_due"][0]) == ("10.00", "1.90", "11.90")
    assert next(one for one in after.fields if one.name == "total").evidence.confidence <= MOST_SURE


def test_a_trial_leaves_every_company_out_once(lessons):
    trials = {one.key: one for one in tried(lessons)}
    name = trials["receipt.vendor_name"]
    assert (name.documents, name.possible, name.rules) == (90, 90, 0)
    assert name.ranker == name.wins > 80
    assert name.is_better
    assert not trials["receipt.total"].is_better
    metrics = metrics_of(list(trials.values()))
    data = trained(lessons, list(trials.values())).as_json(metrics)
    assert metrics_from(data) == metrics
    assert ranker_from(data).of("receipt", "vendor_name") is not None
    assert ranker_from(data).of("receipt", "total") is None


def test_lessons_know_what_is_right_what_the_rules_chose_and_what_no_paper_says():
    page, truths, _ = receipts(1)[0]
    by_key = {one.key: one for one in rank_lessons([page], "receipt", {**truths, "due_date": None, "issue_date": "2031-01-01"}, "a")}
    name, due, issued = (by_key[f"receipt.{key}"] for key in ("vendor_name", "due_date", "issue_date"))
    assert len(name.right) == 1
    assert name.rules not in name.right
    assert RULES in name.options[name.rules]
    assert due.right == (len(due.options) - 1,) == (due.rules,)  # none is right, and the rules found none
    assert NONE in due.options[due.rules]
    assert issued.right == ()  # not printed
    assert not told(None, issued)
    assert rank_lessons([page_from([])], "receipt", truths) == []


@pytest.mark.parametrize(
    ("wins", "losses", "is_better"), [(5, 0, True), (4, 0, False), (0, 0, False), (7, 1, True), (6, 2, False), (0, 9, False)]
)
def test_a_few_wins_are_chance(wins, losses, is_better):
    assert is_no_chance(wins, losses) is is_better


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("total", "12.50", "12.5", True),
        ("total", "12.50", "12.51", False),
        ("total", "12.50", "twelve", False),
        ("document_number", "0042", "42", False),
        ("document_number", "INV-1", "inv 1", True),
        ("vendor_name", "Jute & Twine, Ltd.", "JUTE TWINE LTD", True),
    ],
)
def test_the_same_value(name, one, other, same):
    assert is_same(name, one, other) is same


def test_too_few_papers_teach_nothing():
    found = train_ranker(lessons_of(receipts(12)), in_use=NO_RANKER)
    assert isinstance(found, TooFew)
    assert "20 tests of 5 companies are needed" in found.reason
    assert isinstance(train_ranker([], in_use=NO_RANKER), TooFew)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"features": 1, "fields": {"a.b": {"weights": {"x": "y"}, "is_used": true}}}'])
def test_what_is_no_ranker_is_refused(data):
    with pytest.raises(StageFailed, match="cannot be read"):
        ranker_from(data)


def test_a_ranker_of_other_features_is_not_used(made):
    other = json.loads(made.data) | {"features": FEATURES + 1}
    assert ranker_from(json.dumps(other).encode()) == NO_RANKER


def test_features_of_one_company_are_learned_by_nobody():
    papers = [
        RankLesson(key="a.b", options=({"own": 1.0}, {NONE: 1.0, RULES: 1.0}), right=(0,), rules=1, is_proven=False, company="x")
    ] * 30
    assert "own" not in fitted(papers).weights
    shared = [one.model_copy(update={"company": str(n % 3)}) for n, one in enumerate(papers)]
    assert fitted(shared).weights["own"] > 0
