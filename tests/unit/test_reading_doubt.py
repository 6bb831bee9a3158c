"""When a reading is believed, and what two readings of one page say of one another."""

import pytest

from docmill.stages.reading.doubt import better_of, doubt_of, is_tall, may_be_turned
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word


def page(*words: tuple[str, float], source: str = "tesseract", tall: bool = False) -> Page:
    size = (20, 60) if tall else (60, 20)
    made = tuple(Word(text=text, box=Box(0, 30 * n, size[0], 30 * n + size[1]), confidence=c) for n, (text, c) in enumerate(words))
    lines = (Line(words=made),) if made else ()
    return Page(number=1, width_px=100, height_px=500, dpi=200, lines=lines, source=source, language="en")


@pytest.mark.parametrize(
    ("read", "doubt", "turned"),
    [
        (page(("invoice", 0.95), ("total", 0.91)), None, False),
        (page(("invoice", 0.95), ("total", 0.8)), "mean confidence 0.89", False),
        (page(("invoice", 0.72)), "mean confidence 0.72", False),
        (page(("invoice", 0.72), source="rapidocr"), "mean confidence 0.72", True),
        (page(("invoice", 0.5)), "mean confidence 0.50", True),
        (page(("invoice", 0.99), ("total", 0.99), ("9", 0.99), tall=True), "most words stand on their side", True),
        (page(), "no words found", True),
    ],
)
def test_doubt(read, doubt, turned):
    assert doubt_of(read) == doubt
    assert may_be_turned(read) is turned


def test_short_words_do_not_make_a_page_tall():
    assert not is_tall(page(("I", 0.9), ("l", 0.9), (":", 0.9), tall=True))


def test_words_that_only_one_engine_saw_lose_confidence():
    first = page(("Total", 0.6), ("9.OO", 0.4))
    kept = better_of(first, page(("TOTAL", 0.99), ("9.00", 0.95), source="rapidocr"))
    assert [(w.text, w.confidence) for w in kept.words] == [("TOTAL", 0.99), ("9.00", 0.76)]
    assert kept.source == "rapidocr"
    assert kept.confidence < 0.9


def test_a_word_seen_once_confirms_once():
    kept = better_of(page(("Total", 0.6)), page(("Total", 1.0), ("Total", 1.0), source="rapidocr"))
    assert [w.confidence for w in kept.words] == [1.0, 0.8]


def test_a_second_reading_that_lost_most_of_the_page_is_not_kept():
    first = page(*[(f"word{n}", 0.85) for n in range(10)])
    kept = better_of(first, page(("word1", 0.99), source="rapidocr"))
    assert kept.source == "tesseract"
    assert [w.confidence for w in kept.words][:3] == [0.68, 0.85, 0.68]
