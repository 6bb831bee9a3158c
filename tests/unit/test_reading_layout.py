"""Lines and reading order from boxes alone."""

import itertools
import math
import random

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
    """The lines, which are the same in whatever order the words come."""
    placed = [word for group in groups for word in group]
    found = []
    for seed in range(8):
        shuffled = random.Random(seed).sample(placed, len(placed))  # noqa: S311
        found.append([line.text for line in lines_in_order(shuffled)])
    assert found == found[:1] * len(found)
    return found[0]


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
    line = [*words("before", 0, 0), *dash, *words("after", 90, 0), *stop]
    for content in itertools.permutations(line):
        assert [line.text for line in lines_in_order(content)] == ["before - after ."], [word.text for word in content]


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


def ink(texts, x, y, slope=0.0):
    """The words of (text, points, raised by) from (x, y) on, in boxes of their ink: 'was' is half as high as 'for'."""
    out = []
    for text, size, raised in texts:
        for token in text.split():
            wide = 0.5 * size * len(token)
            foot = y + slope * x - raised + (0.2 * size if set(token) & set("gjpqy,") else 0)
            top = y + slope * x - raised - (0.5 if set(token) <= set("acemnorsuvwxz") else 0.75) * size
            out.append(DirectedWord(token, Box(x, top, x + wide, foot), 0))
            x += wide + 0.3 * size
    return out


def in_content_order(*groups):
    return [line.text for line in lines_in_order([word for group in groups for word in group])]


@pytest.mark.parametrize("slope", [0.009, 0.035, -0.035])
def test_lines_that_slope_are_not_torn(slope):
    texts = [f"a sloping line that is long enough to climb well above the next one number {i} and its end{i}" for i in range(4)]
    assert in_content_order(*(ink([(text, 20, 0)], 50, 100 + 28 * i, slope) for i, text in enumerate(texts))) == texts


def test_what_is_raised_tears_no_line():
    brand = [("Brand", 20, 0), ("TM", 12, 8), ("was once more a name we owe to", 20, 0)]
    day = [("On the 5", 20, 0), ("th", 13, 7), ("of March we saw a new one in our area", 20, 0)]
    got = in_content_order(ink(day, 50, 100), ink(brand, 50, 128), ink([("An ordinary line follows", 20, 0)], 50, 156))
    assert got == [
        "On the 5 th of March we saw a new one in our area",
        "Brand TM was once more a name we owe to",
        "An ordinary line follows",
    ]


@pytest.mark.parametrize("lower", [4, 6, 10, 14])
def test_columns_whose_lines_are_out_of_step_are_read_one_after_the_other(lower):
    left = [f"on every proposal that had been left{i}" for i in range(6)]
    right = [f"across the river group of engineers right{i}" for i in range(6)]
    rows = [
        group
        for i in range(6)
        for group in (ink([(left[i], 20, 0)], 50, 100 + 28 * i), ink([(right[i], 20, 0)], 600, 100 + 28 * i + lower))
    ]
    assert in_content_order(*rows) == left + right


def test_columns_with_a_narrow_gutter_are_told_apart_by_the_content():
    left = [f"on every proposal that had been left{i}" for i in range(6)]
    right = [f"across the river group of engineers right{i}" for i in range(6)]
    edge = max(word.box.x1 for text in left for word in ink([(text, 20, 0)], 50, 0))
    columns = [ink([(text, 20, 0)], x, 100 + 28 * i) for texts, x in ((left, 50), (right, edge + 14)) for i, text in enumerate(texts)]
    assert in_content_order(*columns) == left + right


def test_what_is_written_into_the_gap_of_a_form_stays_in_the_gap():
    form = [
        DirectedWord("Name:", Box(0, 0, 50, 20), 0),
        DirectedWord("." * 20, Box(60, 16, 260, 20), 0),
        DirectedWord("Date:", Box(270, 0, 320, 20), 0),
    ]
    assert in_content_order(form, words("Osborne", 100, -2)) == [f"Name: {'.' * 20} Osborne Date:"]


def right_to_left(text, x, y):
    """The words of a text that begins at x and runs to the left."""
    out = []
    for token in text.split():
        out.append(DirectedWord(token, Box(x - len(token) * CHAR, y, x, y + HEIGHT), 0))
        x -= (len(token) + 1) * CHAR
    return out


def test_hebrew_is_read_from_right_to_left_with_latin_phrases_in_their_own_way():
    invoice = "\u05d7\u05e9\u05d1\u05d5\u05e0\u05d9\u05ea \u05de\u05e1\u05e4\u05e8 48213"
    thanks = " ".join(5 * ["\u05ea\u05d5\u05d3\u05d4"])
    sender = f"\u05de\u05d0\u05ea Hartmann Brothers Ltd {thanks}"
    mirrored = right_to_left(sender.replace("Hartmann Brothers Ltd", "LLL BBBBBBBB HHHHHHHH"), 900, 40)
    names = {"LLL": "Ltd", "BBBBBBBB": "Brothers", "HHHHHHHH": "Hartmann"}
    shown = [word._replace(text=names.get(word.text, word.text)) for word in mirrored]
    assert read(right_to_left(invoice, 900, 0), shown) == [invoice, sender]


def test_a_hebrew_phrase_in_an_english_line_is_read_its_own_way():
    line = (
        words("the words", 0, 0)
        + right_to_left("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", 200, 0)
        + words("mean peace to the world", 210, 0)
    )
    assert read(line) == ["the words \u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd mean peace to the world"]


def test_upright_ideographs_that_stand_on_one_another_are_lines_from_right_to_left():
    texts = ["\u8acb\u6c42\u66f8\u756a\u53f7", "\u5408\u8a08\u91d1\u984d\u306f\u5343\u5186", "\u304a\u652f\u6255"]
    columns = [DirectedWord(text, Box(900 - 40 * i, 100, 920 - 40 * i, 100 + 22 * len(text)), 0) for i, text in enumerate(texts)]
    assert in_content_order(reversed(columns)) == texts


def test_level_lines_are_not_taken_for_sloping_ones():
    label, amount = "goods and services of all our people", "4.00"
    rows = [ink([(label, 20, 0)], 50, 100 + 28 * i) + ink([(amount, 20, 0)], 900, 100 + 28 * i) for i in range(6)]
    assert in_content_order(*rows) == [f"{label} {amount}"] * 6
