"""Long sheets in bands: RapidOCR reduces what it looks at to 960 px on the longer side, and the letters of a till roll of two metres vanish.

Belongs here: where to cut, and which lines of which band count. Does not belong here: reading a band (rapid).
"""

from collections.abc import Sequence
from typing import Final

from docmill.stages.reading.rapid_answer import Strip

_LONG: Final = 4.0
"""Height in widths from which a sheet is cut. Up to 5.5, letters of a thirtieth of the width were still read whole."""

_BAND: Final = 3.0
_OVERLAP: Final = 0.4  # of the width, some eight lines: each stands whole in at least one band
_SAME: Final = 0.5  # of a line's height, by which two readings of one line may lie apart


def bands_of(width: int, height: int) -> list[tuple[int, int]]:
    """Upper and lower edges of the bands in which a picture of this size is read, in pixels, overlapping; one band for most."""
    if height <= _LONG * max(1, width):
        return [(0, height)]
    band, step = round(_BAND * width), max(1, round((_BAND - _OVERLAP) * width))
    tops = list(range(0, max(1, height - band + step), step))
    return [(top, min(height, top + band)) for top in tops]


def joined(read: Sequence[Sequence[Strip]], bands: Sequence[tuple[int, int]]) -> list[Strip]:
    """The lines of all bands, each once.

    Args:
        read: the lines of each band, corners in pixels of the whole picture.
        bands: as `bands_of` gave them.
    """
    kept: list[Strip] = []
    for n, strips in enumerate(read):
        first = (bands[n][0] + bands[n - 1][1]) / 2 if n else float("-inf")
        end = (bands[n + 1][0] + bands[n][1]) / 2 if n + 1 < len(bands) else float("inf")
        near = [strip for strip in kept if _middle(strip) > first - _height(strip)]
        for strip in strips:
            middle, slack = _middle(strip), _SAME * _height(strip)
            if first - slack <= middle < end + slack and not any(_is_same(strip, other) for other in near):
                kept.append(strip)
    return kept


def _is_same(one: Strip, other: Strip) -> bool:
    (x0, x1), (u0, u1) = _span(one), _span(other)
    return abs(_middle(one) - _middle(other)) <= _SAME * max(_height(one), _height(other)) and min(x1, u1) > max(x0, u0)


def _span(strip: Strip) -> tuple[float, float]:
    xs = [x for x, _ in strip.corners]
    return min(xs), max(xs)


def _height(strip: Strip) -> float:
    ys = [y for _, y in strip.corners]
    return max(ys) - min(ys)


def _middle(strip: Strip) -> float:
    ys = [y for _, y in strip.corners]
    return (min(ys) + max(ys)) / 2
