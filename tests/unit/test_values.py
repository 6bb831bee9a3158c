"""Options, languages, pages, outcomes."""

import pytest
from pydantic import ValidationError

from docmill.errors import InvalidOptions
from docmill.values.geometry import Box, union
from docmill.values.languages import TESSERACT_NAMES, language_code
from docmill.values.options import MillOptions
from docmill.values.outcome import CHECK_FAILED, OutcomeName, Problem, judge
from docmill.values.page import Line, Page, Word


@pytest.mark.parametrize(("given", "code"), [("en", "en"), ("eng", "en"), (" DE ", "de"), ("deu", "de"), ("chi_sim", "zh")])
def test_languages_are_iso_639_1_with_aliases(given, code):
    assert language_code(given) == code
    assert MillOptions(language=given).language == code


@pytest.mark.parametrize("given", ["", "xx", "english", "e"])
def test_unknown_languages_are_refused_naming_the_known(given):
    with pytest.raises(InvalidOptions) as caught:
        language_code(given)
    assert "de, " in caught.value.message
    assert all(code in caught.value.message for code in TESSERACT_NAMES)


@pytest.mark.parametrize(
    "bad",
    [
        {"language": "xx"},
        {"engine": "magic"},
        {"confidence_threshold": 1.5},
        {"entities": ["NOBODY"]},
        {"kind": "In voice"},
        {"colour": "red"},
    ],
)
def test_bad_options_are_refused(bad):
    with pytest.raises(ValidationError):
        MillOptions(**bad)


def test_digest_ignores_force_and_the_order_of_entities():
    assert MillOptions(force=True).digest() == MillOptions().digest()
    assert MillOptions(entities=["person", "URL"]).digest() == MillOptions(entities=["URL", "PERSON"]).digest()
    assert MillOptions(redact=True).digest() != MillOptions().digest()


def page_of(*lines):
    made, y = [], 0
    for line in lines:
        words = tuple(Word(text=w, box=Box(n * 50, y, n * 50 + 40, y + 10), confidence=0.5) for n, w in enumerate(line.split()))
        made.append(Line(words=words))
        y += 20
    return Page(number=1, width_px=500, height_px=500, dpi=100, lines=tuple(made), source="test", language="en")


def test_spans_of_the_canonical_text_find_their_words():
    page = page_of("To Ada Lovelace", "London, 1843")
    assert page.text == "To Ada Lovelace\nLondon, 1843"
    cases = {
        "Ada Lovelace": ["Ada", "Lovelace"],
        "London": ["London,"],
        "1843": ["1843"],
        "lace\nLon": ["Lovelace", "London,"],
        "T": ["To"],
    }
    for needle, words in cases.items():
        at = page.text.index(needle)
        assert [w.text for w in page.words_in(at, at + len(needle))] == words
    assert page.words_in(2, 3) == ()  # the space between words belongs to none
    assert page.words_in(0, len(page.text)) == page.words


def test_confidence_is_weighted_by_length():
    words = (Word(text="a", box=Box(0, 0, 1, 1), confidence=0.0), Word(text="bcd", box=Box(0, 0, 1, 1), confidence=1.0))
    assert Line(words=words).confidence == 0.75
    assert page_of().confidence == 0.0


def test_union_and_overlap():
    assert union([Box(0, 5, 10, 10), Box(5, 0, 7, 20)]) == Box(0, 0, 10, 20)
    assert Box(0, 0, 10, 10).overlaps(Box(9, 9, 20, 20))
    assert not Box(0, 0, 10, 10).overlaps(Box(10, 0, 20, 10))
    with pytest.raises(ValueError, match="no boxes"):
        union([])


DOUBT = Problem(code=CHECK_FAILED, stage="validate", message="m")
LOSS = Problem(code="timed_out", stage="read", message="m", page=2)


@pytest.mark.parametrize(
    ("problems", "done", "name"),
    [
        ((), True, OutcomeName.COMPLETED),
        ((DOUBT,), True, OutcomeName.NEEDS_REVIEW),
        ((LOSS,), True, OutcomeName.PARTIAL),
        ((DOUBT, LOSS), True, OutcomeName.PARTIAL),
        ((LOSS,), False, OutcomeName.FAILED),
        ((), False, OutcomeName.FAILED),
    ],
)
def test_a_result_with_problems_is_never_completed(problems, done, name):
    assert judge(problems, something_done=done).name is name


def test_options_are_the_same_after_a_round_trip_through_json():
    assert MillOptions.model_validate_json(MillOptions().model_dump_json()).digest() == MillOptions().digest()
