"""The parts of search that need no table: terms, fusion, filters."""

from datetime import date

import pytest

from docmill.errors import InvalidOptions
from docmill.services.search_filters import filters_from
from docmill.storage.knowledge.conditions import of_filters
from docmill.storage.knowledge.fusion import VECTOR_WEIGHT, fused
from docmill.storage.knowledge.ports import Filters
from docmill.storage.knowledge.terms import terms


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Invoice No. 17", "invoice no 17"),
        ("INV-2026/0815", "inv 2026 0815 inv20260815"),
        ("inv_2026.0815,", "inv 2026 0815 inv20260815"),
        ("anna.maier@example.org;", "anna maier example org annamaierexampleorg"),
        ("1.234,56 and 1,234.56", "1 234 56 123456 and 1 234 56 123456"),
        ("DE89 3704 0044", "de89 3704 0044"),
        ("| total | 12 |", "total 12"),
        ("experi-\nmental wings", "experimental wings"),
        ("INV-\n2026 well-known", "inv 2026 well known wellknown"),
        ("Straße ÉTÉ", "straße été"),
        ('"*+-~(:" OR ', "or"),
        ("", ""),
    ],
)
def test_terms(text, wanted):
    assert terms(text) == wanted


def test_what_waits_for_its_vector_is_ranked_by_its_words():
    assert fused({1: 0.8, 2: None, 3: None}, {2: 10.0, 3: 2.0}) == [(2, 1.0), (1, VECTOR_WEIGHT), (3, pytest.approx(0.2))]


def test_fusion_is_the_weighted_sum_of_shares_of_the_best():
    ranking = fused({1: 0.8, 2: 0.4, 3: 0.2, 4: -0.1}, {2: 10.0, 3: 5.0})
    half = (1 - VECTOR_WEIGHT) / 2
    assert dict(ranking) == pytest.approx({1: VECTOR_WEIGHT, 2: VECTOR_WEIGHT / 2 + 2 * half, 3: VECTOR_WEIGHT / 4 + half, 4: 0.0})
    assert [score for _, score in ranking] == sorted((score for _, score in ranking), reverse=True)


@pytest.mark.parametrize(
    ("cosines", "bm25", "order"),
    [
        ({}, {}, []),
        ({7: 0.0, 3: 0.0}, {}, [3, 7]),
        ({1: 0.30, 2: 0.28, 3: 0.26}, {3: 9.0, 1: 2.0}, [3, 1, 2]),  # an identifier that only one has, among look-alikes
        ({1: 0.9, 2: 0.1}, {}, [1, 2]),
    ],
)
def test_fusion_orders(cosines, bm25, order):
    assert [row for row, _ in fused(cosines, bm25)] == order


def test_filters_from_words():
    assert filters_from([]) == Filters()
    words = ["kind=invoice", "from=2026-01-01", "to=2026-12-31", "language=eng", "tag=a=b", "tag=it's", "collection=spring"]
    wanted = Filters("invoice", date(2026, 1, 1), date(2026, 12, 31), "en", ("a=b", "it's"), "spring")
    assert filters_from(words) == wanted


@pytest.mark.parametrize("word", ["kind", "kind=", "=x", "author=x", "from=yesterday", "to=2026-13-01", "language=klingon", "DROP TABLE=1"])
def test_words_that_are_no_filters(word):
    with pytest.raises(InvalidOptions):
        filters_from([word])


def test_a_filter_is_given_once():
    with pytest.raises(InvalidOptions, match="once"):
        filters_from(["kind=a", "kind=b"])


def test_conditions_quote_values():
    assert of_filters(Filters()) is None
    filters = Filters(kind="a' OR ''='", tags=("x\\' --", "b"), date_from=date(2026, 1, 2))
    assert of_filters(filters) == (
        "kind = 'a'' OR ''''=''' AND array_has(tags, 'x\\'' --') AND array_has(tags, 'b')"
        " AND coalesce(document_date, accepted_on) >= '2026-01-02'"
    )


@pytest.mark.parametrize("value", ["", "a\0b", "a\nb", "x" * 201])
def test_values_that_no_filter_can_have(value):
    for filters in (Filters(kind=value), Filters(tags=(value,)), Filters(collection=value), Filters(language=value)):
        with pytest.raises(InvalidOptions):
            of_filters(filters)
