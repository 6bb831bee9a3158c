"""The contrast of a page image: how far ink and paper are apart, and pulling them apart where they are close.

RapidOCR's models lose words on faded and on dark copies, Tesseract chooses thresholds of its own and does not (docs/reading.md has the figures).
"""

from collections.abc import Sequence
from typing import Final

from PIL import Image

PALE: Final = 128
"""Grey values, of 255, between ink and paper below which a picture is stretched."""

_INK, _PAPER = 0.005, 0.95  # shares of the pixels that are darker: few are ink, and the brightest may be a flash

_DARK_PAPER: Final = 8  # times nearer the middle pixel is to the darkest than to the lightest; a flash on a dark copy leaves about 5


def levels_of(grey: Image.Image) -> tuple[int, int]:
    """The grey values of ink and of paper (mode L), the darker one first: on dark paper that is the paper."""
    shades = grey.histogram()
    low, high = level_of(shades, _INK), level_of(shades, _PAPER)
    if high - low < PALE:
        # light letters on dark paper may be fewer than the brightest pixels that are left out
        most, light = level_of(shades, 0.5), level_of(shades, 1 - _INK)
        if (most - low) * _DARK_PAPER < light - most:
            return level_of(shades, 1 - _PAPER), light
    return low, high


def stretched(picture: Image.Image) -> Image.Image:
    """The picture (mode RGB), or a copy with ink at 0 and paper at 255 where the two are closer than PALE; a blank page stays."""
    ink, paper = levels_of(picture.convert("L"))
    if not 0 < paper - ink < PALE:
        return picture
    return picture.point([min(255, max(0, round((value - ink) * 255 / (paper - ink)))) for value in range(256)] * 3)


def level_of(histogram: Sequence[int], share: float) -> int:
    """The lowest level that at least this share of the pixels do not exceed."""
    wanted, seen = share * sum(histogram), 0
    for level, count in enumerate(histogram):
        seen += count
        if seen >= wanted:
            return level
    return len(histogram) - 1
