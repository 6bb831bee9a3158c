"""Strips that RapidOCR read become lines of words with boxes."""

from types import SimpleNamespace

import pytest

from docmill.stages.reading.rapid_answer import lines_of, strip_of


def strip(text, corners, columns=None, total=None, confidence=0.9):
    """A strip whose letters peak in the middle of even columns."""
    letters = [n for n, c in enumerate(text) if not c.isspace()]
    info = SimpleNamespace(word_cols=[columns or letters], confs=[confidence] * len(text), line_txt_len=total or len(text))
    return strip_of(text, corners, info)


def flat(x, y, width, height=20):
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def boxes(*strips, scale=(1.0, 1.0), size=(1000, 1000)):
    return [(w.text, tuple(w.box)) for line in lines_of(strips, scale, size) for w in line.words]


def test_words_lie_where_their_letters_peak():
    found = dict(boxes(strip("ab cde", flat(100, 50, 600))))
    # letters peak at 150, 250, 450, 550, 650; a word reaches one letter further, not past the middle of a space nor the strip
    assert found == {"ab": (100, 50, 350, 70), "cde": (350, 50, 700, 70)}


def test_boxes_are_those_of_the_page_image_and_inside_it():
    assert boxes(strip("ab", flat(10, 10, 100)), scale=(2.0, 3.0), size=(180, 80)) == [("ab", (20, 30, 180, 80))]


def test_columns_that_do_not_fit_are_spread_evenly():
    assert boxes(strip("abcd", flat(0, 0, 400), columns=[1, 2])) == [("abcd", (0, 0, 400, 20))]


def test_tall_strips_run_downwards():
    assert boxes(strip("ab cd", [(10, 0), (30, 0), (30, 500), (10, 500)])) == [("ab", (10, 0, 30, 250)), ("cd", (10, 250, 30, 500))]


def test_rows_of_a_skewed_page_stay_rows():
    slope = 0.04  # 32 px over the sheet, more than a line's height

    def skewed(text, x, y, width):
        corners = [(x, y), (x + width, y), (x + width, y + 20), (x, y + 20)]
        return strip(text, [(px, py + slope * px) for px, py in corners])

    rows = [("first item", "1.00"), ("second item", "2.00"), ("third item", "3.00")]
    strips = [
        s for n, (left, right) in enumerate(rows) for s in (skewed(left, 20, 100 + 26 * n, 240), skewed(right, 800, 100 + 26 * n, 90))
    ]
    lines = lines_of(strips[::-1], (1.0, 1.0), (1000, 400))
    assert [line.text for line in lines] == ["first item 1.00", "second item 2.00", "third item 3.00"]


@pytest.mark.parametrize("gap", [10, 60])
def test_prose_in_columns_is_read_column_by_column(gap):
    left = [strip(f"left column text number {n} goes on", flat(50, 100 + 30 * n, 400)) for n in range(6)]
    right = [strip(f"right column text number {n} goes on", flat(450 + gap, 100 + 30 * n, 400)) for n in range(6)]
    order = [line.text.split(" ")[0] for line in lines_of([*right, *left], (1.0, 1.0), (1000, 400))]
    assert order == ["left"] * 6 + ["right"] * 6


def test_nothing_read_is_no_line():
    assert lines_of([], (1.0, 1.0), (10, 10)) == ()
