"""Columns: what the engines print across the gutter is read down each column too, and found on the page where it stands."""

import pytest

from docmill.stages.privacy.columns import column_view
from docmill.stages.privacy.finding import find_spans
from docmill.stages.privacy.hits import Hit
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word


def page(*rows: tuple[tuple[int, str], ...]) -> Page:
    """Rows of (x of the segment, its words); 8 px a character, 12 px high, 20 px from row to row."""
    lines = []
    for row, segments in enumerate(rows):
        words = []
        for x, text in segments:
            at = float(x)
            for word in text.split():
                words.append(Word(text=word, box=Box(at, 20.0 * row, at + 8 * len(word), 20.0 * row + 12), confidence=1.0))
                at += 8 * len(word) + 5
        lines.append(Line(words=tuple(words)))
    return Page(number=1, width_px=800, height_px=600, dpi=100, lines=tuple(lines), source="tesseract", language="en")


LETTERHEAD = page(
    ((0, "Herr"), (300, "Invoice 5")),
    ((0, "Zoltan Qwrtz"), (300, "of today for 17")),
    ((0, "Lange Gasse 7"), (300, "boxes of nails")),
    ((0, "80333 Wien"), (300, "and screws")),
)


def test_blocks_are_read_one_after_the_other() -> None:
    view = column_view(LETTERHEAD)
    assert view is not None
    assert view.text == "Herr\nZoltan Qwrtz\nLange Gasse 7\n80333 Wien\n\nInvoice 5\nof today for 17\nboxes of nails\nand screws\n\n"
    for at, on_page, length in view.words:
        assert view.text[at : at + length] == LETTERHEAD.text[on_page : on_page + length]


@pytest.mark.parametrize(
    "plain",
    [
        page(),
        page(((0, "one column of words"),), ((0, "and another line"),)),
        page(((0, "Total"), (400, "5.00"))),
        page(((0, "a"), (12, "b")), ((0, "c"), (12, "d"))),
    ],
)
def test_pages_without_columns_have_no_second_reading(plain: Page) -> None:
    assert column_view(plain) is None


def test_a_hit_over_two_lines_of_a_column_becomes_two_on_the_page() -> None:
    view = column_view(LETTERHEAD)
    assert view is not None
    start = view.text.index("Gasse 7")
    hit = Hit(start, view.text.index(" Wien"), "ADDRESS", 0.8, "pattern:x")
    assert [LETTERHEAD.text[h.start : h.end] for h in view.on_page(hit)] == ["Gasse 7", "80333"]


def test_values_torn_by_the_gutter_are_found() -> None:
    torn = page(
        ((0, "the card 4111 1111"), (300, "is the one that")),
        ((0, "1111 1111 of March"), (300, "we spoke about")),
        ((0, "mail of the clerk"), (300, "at the office")),
    )
    spans, _ = find_spans([torn], language="de", entities=["CREDIT_CARD"])
    assert [torn.text[s.start : s.end] for s in spans] == ["4111 1111", "1111 1111"]
    assert [len(s.boxes) for s in spans] == [2, 2]


def test_a_line_across_both_columns_ends_them() -> None:
    mixed = page(
        ((0, "left one"), (300, "right one")),
        ((0, "left two"), (300, "right two")),
        ((0, "a line that runs over the whole width of the page as headings do"),),
        ((0, "left three"), (300, "right three")),
    )
    view = column_view(mixed)
    assert view is not None
    assert view.text.index("right two") < view.text.index("a line that")
    assert "heading" in view.text
