"""Words with boxes become lines in reading order. For text layers and engines that find words only; Tesseract and Vision bring their own lines.

Words that stand on one height form a row; a wide gap cuts a row into segments. Rows are read from top to bottom, each from left to right,
so a label and its amount stay in one line. Where at least four rows in a run keep a common gutter with prose on both sides, they are
columns, and the left one is read first, then the right one in the same manner. Lines of columns need not stand at one height.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from statistics import median
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from docmill.stages.reading import writing
from docmill.stages.reading.line_runs import place_of, runs_of, slope_of
from docmill.values.geometry import Box
from docmill.values.page import Line

GAP_IN_HEIGHTS: Final = 1.6  # a wider gap ends a segment; spaces between words are 0.3-0.8 of a line's height
_GUTTER_IN_HEIGHTS: Final = 0.6
_COLUMN_ROWS: Final = 4
_BESIDE_IN_HEIGHTS: Final = 1.1  # lines of one column are farther apart: their boxes are those of the ink
_DOWNWARDS: Final = 90
_LETTER_WIDTH: Final = 0.6  # of a letter's height, on average
_PROSE_CHARS: Final = 22  # mean length of a column's segments that makes them prose and not a table's cells


class Placed(NamedTuple):
    """Where a word stands when its text runs from left to right, how many characters it has, and which word it is."""

    box: Box
    chars: int
    key: int


class DirectedWord(NamedTuple):
    """A word, its box on the upright page image, and how it runs there: 0 left to right, 90 downwards, 180 upside down, 270 upwards, others aslant."""

    text: str
    box: Box
    direction_deg: int


Row = list[list[Placed]]
"""Segments from left to right."""
Gap = tuple[float, float]
"""From one x to another."""

_LINES: Final = TypeAdapter(tuple[Line, ...])
"""Makes all lines of a page in one call: a call a word would take longer than finding its place."""


def lines_in_order(words: Iterable[DirectedWord]) -> tuple[Line, ...]:
    """Lines in reading order: those of the direction that most letters have, then those of the others. Their words have confidence 1.0.

    Args:
        words: in the order of the content where it is known: what follows there and on the paper is one line. Any other is read by its places alone.
    """
    by_direction: defaultdict[int, list[DirectedWord]] = defaultdict(list)
    for word in words:
        stacked = word.text >= writing.IDEOGRAPHS_FROM and word.direction_deg == 0 and writing.is_stacked(word.text, word.box)
        by_direction[_DOWNWARDS if stacked else word.direction_deg].append(word)
    groups = sorted(by_direction.items(), key=lambda group: -sum(len(w.text) for w in group[1]))
    return _LINES.validate_python([line for direction_deg, group in groups for line in _lines(group, direction_deg)])


def _lines(words: Sequence[DirectedWord], direction_deg: int) -> list[dict[str, object]]:
    # rows and columns are found as if the words ran from left to right; the words themselves keep their boxes
    boxes = [_turned(word, direction_deg) for word in words] if direction_deg else [word.box for word in words]
    made = [{"text": word.text, "box": word.box, "confidence": 1.0} for word in words]
    return [{"words": [made[key] for key in line]} for line in _ordered_words([word.text for word in words], boxes)]


def _ordered_words(texts: Sequence[str], boxes: list[Box]) -> list[list[int]]:
    """The indices of words line by line in reading order, which runs the way that most of their letters do."""
    if not writing.has_right_to_left(texts):  # nearly always
        return _ordered_runs(texts, boxes)
    rtl = writing.is_mostly_right_to_left(texts)
    if rtl:  # in a mirror they run from left to right
        boxes = [Box(-box.x1, box.y0, -box.x0, box.y1) for box in boxes]
    return [writing.with_foreign_turned(texts, line, right_to_left=rtl) for line in _ordered_runs(texts, boxes)]


def _ordered_runs(texts: Sequence[str], boxes: Sequence[Box]) -> list[list[int]]:
    height = _height_of(boxes)
    runs = runs_of(boxes, height, GAP_IN_HEIGHTS)
    slope = slope_of(boxes, runs)
    placed = [Placed(place_of(boxes, run, slope), sum(len(texts[i]) + 1 for i in run) - 1, key) for key, run in enumerate(runs)]
    lines: list[list[int]] = []
    for line in ordered_keys(placed, height=height, gap_in_heights=_GUTTER_IN_HEIGHTS):  # what was jumped may be a gutter
        keys = [i for key in line for i in runs[key]]
        if any(placed[a].box.x1 > placed[b].box.x0 for a, b in itertools.pairwise(line)):
            keys.sort(key=lambda i: boxes[i].x0)  # something is written into a gap of the run: a form that is filled in
        lines.append(keys)
    return lines


def _height_of(boxes: Sequence[Box]) -> float:
    return median(max(1.0, box.height) for box in boxes)


def ordered_keys(placed: Sequence[Placed], *, gap_in_heights: float = GAP_IN_HEIGHTS, height: float | None = None) -> list[list[int]]:
    """The keys of words, or of runs of words, that run from left to right, line by line in reading order.

    Args:
        placed: in any order.
        gap_in_heights: a wider gap ends a segment, in heights of a line.
        height: of a line; None for that of the middle one of `placed`.
    """
    if not placed:
        return []
    if height is None:
        height = _height_of([word.box for word in placed])
    rows = [_segments(row, height, gap_in_heights) for row in _rows(placed)]
    return [[word.key for word in line] for line in _read(rows, height)]


def _turned(word: DirectedWord, direction_deg: int) -> Box:
    box = word.box
    match direction_deg:
        case 90:
            return Box(box.y0, -box.x1, box.y1, -box.x0)
        case 180:
            return Box(-box.x1, -box.y1, -box.x0, -box.y0)
        case 270:
            return Box(-box.y1, box.x0, -box.y0, box.x1)
        case _:
            return _straightened(word, math.radians(direction_deg))


def _straightened(word: DirectedWord, angle: float) -> Box:
    """Where a word that runs aslant would stand. Its upright box says where its middle is; its size is reckoned from its letters.

    A word of width w and height h at an angle has an upright box as wide and high together as (w + h)(|cos| + |sin|).
    """
    box, cos, sin = word.box, math.cos(angle), math.sin(angle)
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    along, down = x * cos + y * sin, y * cos - x * sin
    wide = _LETTER_WIDTH * len(word.text)  # in heights
    height = (box.width + box.height) / ((wide + 1) * (abs(cos) + abs(sin)))
    return Box(along - wide * height / 2, down - height / 2, along + wide * height / 2, down + height / 2)


def _rows(words: Iterable[Placed]) -> list[list[Placed]]:
    """Words that share a height, as rows from top to bottom."""
    rows: list[tuple[float, float, list[Placed]]] = []
    for word in sorted(words, key=lambda w: (w.box.y0 + w.box.y1, w.box.x0)):
        best = _row_of(word.box, rows)
        if best is not None:
            best.append(word)
        else:
            rows.append((word.box.y0, word.box.y1, [word]))
    found = [sorted(row, key=attrgetter("box.x0")) for _, _, row in rows]
    return sorted(found, key=lambda row: min(w.box.y0 for w in row) + max(w.box.y1 for w in row))


def _row_of(box: Box, rows: list[tuple[float, float, list[Placed]]]) -> list[Placed] | None:
    """The row that shares most of the lower one's height with a box, and more than half; a flat dash counts when it lies inside.

    Args:
        box: of a word.
        rows: top and bottom of each row's first word, and its words.
    """
    _, top, _, bottom = box
    height = bottom - top
    best, most = None, 0.5
    # only the last few rows can still be met: words come by the height of their middle
    for row_top, row_bottom, row in rows[-6:]:
        if row_bottom > top and row_top < bottom:
            shared = min(row_bottom, bottom) - max(row_top, top)
            share = shared / max(0.1, min(height, row_bottom - row_top))
            if share > most:
                best, most = row, share
    return best


def _segments(row: list[Placed], height: float, gap_in_heights: float) -> Row:
    segments: Row = [[row[0]]]
    least = gap_in_heights * height
    for last, word in itertools.pairwise(row):
        gap = word.box.x0 - last.box.x1
        if gap > least and gap > gap_in_heights * min(last.box.height, word.box.height):
            segments.append([])
        segments[-1].append(word)
    return segments


def _read(rows: list[Row], height: float) -> list[list[Placed]]:
    lines: list[list[Placed]] = []
    free, prose = [_free(row) for row in rows], _prose_below(rows)
    at = 0
    while at < len(rows):
        gutter, end = _columns_from(rows, free, prose[at], at, height)
        if gutter is None:
            lines.append([word for segment in rows[at] for word in segment])
            at += 1
            continue
        left, right = _split(rows[at:end], gutter)
        lines += _read(left, height) + _read(right, height)
        at = end
    return lines


def _columns_from(rows: list[Row], free: list[list[Gap]], prose: Gap, start: int, height: float) -> tuple[float | None, int]:
    """The gutter's x and the row after the last one of the columns that begin here; None where none begin.

    Args:
        rows: all of them.
        free: what each leaves free.
        prose: where the first and the last segment of prose begin, here or below.
        start: the row where columns may begin.
        height: of a line.
    """
    for gap in [*free[start][1:-1], *_gap_beside(rows, free, start, height)]:
        if not (prose[0] < gap[1] and prose[1] >= gap[0]):
            continue  # no prose on one side; tables are full of such gaps, and each would be followed down the page from every row
        gutter, end = gap, start
        while end < len(rows) and (narrowed := _narrowed(gutter, free[end], height)) is not None:
            gutter, end = narrowed, end + 1
        middle = (gutter[0] + gutter[1]) / 2
        if _are_columns(rows[start:end], middle):
            return middle, end
    return None, start


def _gap_beside(rows: list[Row], free: list[list[Gap]], start: int, height: float) -> list[Gap]:
    """The free stretch between this row and the next, where that stands beside it and a bit lower: columns whose lines are out of step."""
    if start + 1 == len(rows):
        return []
    a, b = rows[start : start + 2]
    lower = (b[0][0].box.y0 + b[0][0].box.y1 - a[0][0].box.y0 - a[0][0].box.y1) / 2
    if lower > _BESIDE_IN_HEIGHTS * height:
        return []
    (a_left, a_right), (b_left, b_right) = ((gaps[0][1], gaps[-1][0]) for gaps in free[start : start + 2])
    between = [(a_right, b_left), (b_right, a_left)]
    return [gap for gap in between if gap[0] < gap[1]]


def _narrowed(gutter: Gap, free: list[Gap], height: float) -> Gap | None:
    """What a row leaves free of a gutter, None when it is too little."""
    shared = ((max(gutter[0], low), min(gutter[1], high)) for low, high in free)
    return next((s for s in shared if s[1] - s[0] >= _GUTTER_IN_HEIGHTS * height), None)


def _free(row: Row) -> list[Gap]:
    """The free stretches of a row: before its first segment, between them, and after the last one; words stand by their left edges."""
    edges = [(segment[0].box.x0, max(word.box.x1 for word in segment)) for segment in row]
    inner = [(a[1], b[0]) for a, b in itertools.pairwise(edges)]
    return [(-1e9, edges[0][0]), *inner, (edges[-1][1], 1e9)]


def _prose_below(rows: list[Row]) -> list[Gap]:
    """For each row where the first and the last segment begin that are long enough for prose, of its own and of those below."""
    first, last = math.inf, -math.inf
    found = []
    for row in reversed(rows):
        for segment in row:
            if _length(segment) >= _PROSE_CHARS:
                first, last = min(first, segment[0].box.x0), max(last, segment[0].box.x0)
        found.append((first, last))
    return found[::-1]


def _length(segment: list[Placed]) -> int:
    return sum(word.chars + 1 for word in segment)


def _split(rows: list[Row], gutter: float) -> tuple[list[Row], list[Row]]:
    sides = [([s for s in row if s[0].box.x0 < gutter], [s for s in row if s[0].box.x0 >= gutter]) for row in rows]
    return [left for left, _ in sides if left], [right for _, right in sides if right]


def _are_columns(rows: list[Row], gutter: float) -> bool:
    """Whether both sides hold prose in enough rows."""
    for side in _split(rows, gutter):
        lengths = [_length(segment) for row in side for segment in row]
        if len(side) < _COLUMN_ROWS or sum(lengths) / len(lengths) < _PROSE_CHARS:
            return False
    return True
