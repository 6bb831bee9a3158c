"""Lines and reading order from boxes alone."""

import math

import pytest

from docmill.stages.reading.layout import DirectedWord, lines_in_order
from docmill.values.geometry import Box

CHAR, HEIGHT = 10, 20


def words(text, x, y, direction=0):
    """The words of a text that begins at (x, y), each character CHAR wide, the way it runs from there."""
    out = []
    for token in text.split(" "):
        length = len(token) * CHAR
        box = {
            0: Box(x, y, x + length, y + HEIGHT),
            90: Box(x, y, x + HEIGHT, y + length),
            180: Box(x - length, y, x, y + HEIGHT),
            270: Box(x, y - length, x + HEIGHT, y),
        }[direction]
        out.append(DirectedWord(token, box, direction))
        step = length + CHAR
        x, y = x + step * (direction == 0) - step * (direction == 180), y + step * (direction == 90) - step * (direction == 270)
    return out


def read(*groups):
    shuffled = sorted((word for group in groups for word in group), key=lambda w: hash(w.text))
    return [line.text for line in lines_in_order(shuffled)]


def test_a_label_and_its_amount_stay_in_one_line():
    got = read(words("Total", 0, 0), words("9.00", 900, 3), words("Tax", 0, 40), words("1.00", 900, 38))
    assert got == ["Total 9.00", "Tax 1.00"]


def test_columns_of_prose_are_read_one_after_the_other_below_their_title():
    left = [f"the left column goes on number{i}" for i in range(5)]
    right = [f"and the right one says more{i}" for i in range(5)]
    rows = [words(text, 0, 100 + 30 * i) for i, text in enumerate(left)] + [words(text, 500, 104 + 30 * i) for i, text in enumerate(right)]
    title = words("a title over both of the columns which is rather long indeed and wide so it crosses", 0, 40)
    last = words("a foot line that crosses the gutter of the columns again and ends the run of them here", 0, 300)
    got = read(title, *rows, last)
    assert got[1:6] == left
    assert got[6:11] == right
    assert got[0].startswith("a title")
    assert got[-1].startswith("a foot")


def test_cells_of_a_table_are_no_columns():
    rows = [words(f"article {i}", 0, 30 * i) + words(f"{i}.00", 500, 30 * i) for i in range(6)]
    assert read(*rows) == [f"article {i} {i}.00" for i in range(6)]


@pytest.mark.parametrize(("direction", "x", "y", "line_x", "line_y"), [(90, 900, 0, -30, 0), (180, 900, 900, 0, -30), (270, 0, 900, 30, 0)])
def test_turned_text_is_read_in_its_own_direction(direction, x, y, line_x, line_y):
    texts = ["first line of it", "second line", "third and last line"]
    got = read(*(words(text, x + i * line_x, y + i * line_y, direction) for i, text in enumerate(texts)))
    assert got == texts


def test_turned_text_beside_the_page_comes_last():
    assert read(words("margin note", 0, 500, 270), words("the body of the page is longer", 100, 0)) == [
        "the body of the page is longer",
        "margin note",
    ]


def test_dashes_and_stops_belong_to_their_line():
    dash = [DirectedWord("-", Box(70, 9, 80, 11), 0)]
    stop = [DirectedWord(".", Box(200, 17, 203, 20), 0)]
    assert read(words("before", 0, 0), dash, words("after", 90, 0), stop) == ["before - after ."]


def test_nothing_gives_nothing():
    assert lines_in_order([]) == ()


@pytest.mark.parametrize("angle", [30, 45, 330, 8, 120, 210])
def test_lines_that_run_aslant_are_read_along_themselves(angle):
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    aslant = []
    for row, text in enumerate(("Confidential copy for Mrs. Margaret Thornbury", "of the office, never to be given away")):
        along = 0.0
        for token in text.split():
            wide = 0.6 * HEIGHT * len(token)
            middle, down = along + wide / 2, row * 1.6 * HEIGHT
            x, y = 400 + middle * cos - down * sin, 400 + middle * sin + down * cos
            across, high = (wide * abs(cos) + HEIGHT * abs(sin)) / 2, (wide * abs(sin) + HEIGHT * abs(cos)) / 2
            aslant.append(DirectedWord(token, Box(x - across, y - high, x + across, y + high), angle))
            along += wide + HEIGHT * 0.4
    got = read(
        words("a line of the page that runs as lines do and has more letters than the stamp has, many more of them indeed", 0, 0), aslant
    )
    assert got[1:] == ["Confidential copy for Mrs. Margaret Thornbury", "of the office, never to be given away"]
