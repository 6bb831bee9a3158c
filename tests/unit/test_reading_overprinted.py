"""Words that are printed twice are kept once, at a cost that a page of one word repeated does not raise."""

import pytest

from docmill.stages.reading import overprinted
from docmill.stages.reading.layout import DirectedWord
from docmill.values.geometry import Box


def zero(x, y=10.0):
    return DirectedWord("0", Box(x, y, x + 3, y + 7), 0)


@pytest.mark.parametrize("x", [22.0, 44.4, 100.0])  # a band at 200 dpi is 22.2 px wide
@pytest.mark.parametrize("off", [-1.5, 0.0, 1.5])
def test_the_later_of_two_is_kept_also_across_squares(x, off):
    words = [zero(x), zero(300), zero(x + off, 10 + off), zero(300)]  # the second pair: without one in a square nothing is compared
    assert list(overprinted.once(words, 200)) == [words[2], words[1]]


def test_one_word_a_thousand_times_at_one_height_is_compared_with_its_neighbours_alone(monkeypatch):
    asked = []
    is_near = overprinted._is_near
    monkeypatch.setattr(overprinted, "_is_near", lambda *args: asked.append(1) or is_near(*args))
    words = [zero(5.0 * at) for at in range(1000)]
    assert list(overprinted.once([*words, zero(1.0)], 200)) == [zero(1.0), *words[1:]]
    assert len(asked) < 20_000
