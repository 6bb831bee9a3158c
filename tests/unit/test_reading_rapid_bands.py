"""Where long sheets are cut, and that each line counts once."""

import itertools

import pytest

from docmill.stages.reading.rapid_answer import Letter, Strip
from docmill.stages.reading.rapid_bands import bands_of, joined


def line(top: float, text: str = "a", left: float = 10, height: float = 20) -> Strip:
    right, bottom = left + 100, top + height
    return Strip([[Letter(text, 0.5, 0.9)]], [(left, top), (right, top), (right, bottom), (left, bottom)])


@pytest.mark.parametrize("height", [1, 600, 2400])
def test_most_sheets_are_one_band(height):
    assert bands_of(600, height) == [(0, height)]


@pytest.mark.parametrize("height", [2401, 3000, 5000, 20_000, 20_001])
def test_bands_overlap_and_leave_nothing_out(height):
    bands = bands_of(600, height)
    assert len(bands) > 1
    assert (bands[0][0], bands[-1][1]) == (0, height)
    for (_, end), (top, _) in itertools.pairwise(bands):
        assert end - top >= 200
    assert all(200 < end - top <= 1800 for top, end in bands)


@pytest.mark.parametrize("shift", [-3, 0, 3])
def test_each_line_counts_once(shift):
    bands = bands_of(600, 5000)
    tops = range(0, 4900, 25)
    read = [
        [line(top + shift * n, str(top)) for top in tops if upper <= top + shift * n and top + 20 + shift * n <= lower]
        for n, (upper, lower) in enumerate(bands)
    ]
    assert sorted(int(one.words[0][0].text) for one in joined(read, bands)) == list(tops)


def test_two_words_of_one_height_both_count():
    bands = bands_of(600, 5000)
    middle = (bands[0][1] + bands[1][0]) / 2
    both = [line(middle - 10, "left"), line(middle - 10, "right", left=300)]
    assert [one.words[0][0].text for one in joined([both, both], bands)] == ["left", "right"]
