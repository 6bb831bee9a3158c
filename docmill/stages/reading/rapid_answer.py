"""How an answer of RapidOCR becomes lines of words.

The recogniser reads a strip (one detected line, straightened) as a row of columns and says for each character in which column it peaks. Word
boxes are estimated from these columns; they reach a letter further than the peaks, but never beyond the middle of the space between two words.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from docmill.stages.reading.layout import Placed, ordered_keys
from docmill.values.geometry import Box
from docmill.values.page import Line, Word

Point = tuple[float, float]

TALL: Final = 1.5  # a strip so many times taller than wide was turned by 90 degrees before it was read
_WIDE: Final = 3.0  # only strips so many times wider than tall say how much the page is skewed
_MARGIN: Final = 0.2  # the detector leaves so much paper around a line, in heights of the line
_GAP_IN_HEIGHTS: Final = 0.5  # the detector has told lines of neighbouring columns apart already


class Letter(NamedTuple):
    """A character, where along its strip its middle lies (0.0-1.0), and how sure the recogniser is (0.0-1.0)."""

    text: str
    at: float
    confidence: float


class Strip(NamedTuple):
    """The words of one detected line and its corners: top-left, top-right, bottom-right, bottom-left, in pixels."""

    words: list[list[Letter]]
    corners: list[Point]


def strip_of(text: str, corners: Sequence[Sequence[float]], info: Any) -> Strip:
    """A strip from what the recogniser says of it.

    Args:
        text: as read.
        corners: four (x, y).
        info: its WordInfo: the columns of all characters but spaces, `confs` of all characters, `line_txt_len` columns in all.
    """
    columns = list(itertools.chain.from_iterable(info.word_cols))
    letters = [c for c in text if not c.isspace()]
    width = max(1.0, float(info.line_txt_len))
    if len(columns) == len(letters):
        places = [min(1.0, (column + 0.5) / width) for column in columns]
    else:
        places = [(n + 0.5) / len(letters) for n in range(len(letters))]
    words: list[list[Letter]] = []
    at = iter(places)
    for is_space, run in itertools.groupby(zip(text, info.confs, strict=False), key=lambda pair: pair[0].isspace()):
        if not is_space:
            words.append([Letter(c, next(at), min(1.0, max(0.0, float(confidence)))) for c, confidence in run])
    return Strip(words, [(float(x), float(y)) for x, y in corners])


def lines_of(strips: Sequence[Strip], scale: tuple[float, float], size_px: tuple[int, int]) -> tuple[Line, ...]:
    """Lines in reading order.

    Args:
        strips: in any order.
        scale: from the strips' pixels to those of the page image, along x and y.
        size_px: width and height of the page image.
    """
    scaled = [Strip(strip.words, [(x * scale[0], y * scale[1]) for x, y in strip.corners]) for strip in strips]
    slopes = [slope for strip in scaled if (slope := _slope(strip)) is not None]
    slope = median(slopes) if slopes else 0.0
    placed = [_straight(strip, key, slope) for key, strip in enumerate(scaled)]
    order = ordered_keys(placed, gap_in_heights=_GAP_IN_HEIGHTS)
    return tuple(Line(words=tuple(word for key in line for word in _words(scaled[key], size_px))) for line in order)


def _sides(strip: Strip) -> tuple[float, float]:
    return math.dist(strip.corners[0], strip.corners[1]), math.dist(strip.corners[0], strip.corners[3])


def _slope(strip: Strip) -> float | None:
    """How far the strip sinks per pixel to the right; None where it is too short to say."""
    top, side = _sides(strip)
    (x0, y0), (x1, y1) = strip.corners[:2]
    return (y1 - y0) / (x1 - x0) if top >= _WIDE * side and x1 > x0 else None


def _straight(strip: Strip, key: int, slope: float) -> Placed:
    """Where the strip would stand if the page were not skewed."""
    xs, ys = zip(*strip.corners, strict=True)
    middle = (min(ys) + max(ys)) / 2 - slope * (min(xs) + max(xs)) / 2
    top, side = _sides(strip)
    half = (max(ys) - min(ys) if side >= TALL * top else side) / 2
    inset = min(_MARGIN * min(top, side), (max(xs) - min(xs)) / 4)
    return Placed(Box(min(xs) + inset, middle - half, max(xs) - inset, middle + half), sum(len(word) + 1 for word in strip.words) - 1, key)


def _words(strip: Strip, size_px: tuple[int, int]) -> Iterator[Word]:
    top, side = _sides(strip)
    for letters, (start, end) in zip(strip.words, _extents(strip.words), strict=True):
        box = _box(strip.corners, start, end, size_px, is_tall=side >= TALL * top)
        confidence = sum(letter.confidence for letter in letters) / len(letters)
        yield Word(text="".join(letter.text for letter in letters), box=box, confidence=round(confidence, 4))


def _extents(words: Sequence[Sequence[Letter]]) -> list[tuple[float, float]]:
    """From where to where each word reaches along its strip, 0.0-1.0."""
    pitches = [b.at - a.at for word in words for a, b in itertools.pairwise(word)]
    pitch = median(pitches) if pitches else 1 / max(1, len(words) + 1)
    middles = [(a[-1].at + b[0].at) / 2 for a, b in itertools.pairwise(words)]
    bounds = [0.0, *middles, 1.0]
    return [
        (max(before, word[0].at - pitch), min(after, word[-1].at + pitch))
        for word, (before, after) in zip(words, itertools.pairwise(bounds), strict=True)
    ]


def _box(corners: Sequence[Point], start: float, end: float, size_px: tuple[int, int], *, is_tall: bool) -> Box:
    first, second = ((0, 3), (1, 2)) if is_tall else ((0, 1), (3, 2))
    points = [_between(corners[a], corners[b], share) for a, b in (first, second) for share in (start, end)]
    xs = [min(max(0.0, x), float(size_px[0])) for x, _ in points]
    ys = [min(max(0.0, y), float(size_px[1])) for _, y in points]
    return Box(min(xs), min(ys), max(xs), max(ys)).rounded()


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
