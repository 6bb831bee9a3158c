"""Words with boxes become lines in reading order. For text layers; OCR engines bring their own lines.

Words that stand on one height form a row; a wide gap cuts a row into segments. Rows are read from top to bottom, each from left to right,
so a label and its amount stay in one line. Where at least four rows in a run keep a common gutter with prose on both sides, they are
columns, and the left one is read first, then the right one in the same manner.
"""

import itertools
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from docmill.values.geometry import Box, union
from docmill.values.page import Line, Word

_GAP_IN_HEIGHTS: Final = 1.6  # a wider gap ends a segment; spaces between words are 0.3-0.8 of a line's height
_GUTTER_IN_HEIGHTS: Final = 0.6
_COLUMN_ROWS: Final = 4
_PROSE_CHARS: Final = 22  # mean length of a column's segments that makes them prose and not a table's cells
_TALL_IN_WIDTHS: Final = 2.5

Row = list[list[Word]]
"""Segments from left to right."""


def lines_in_order(words: Sequence[Word]) -> tuple[Line, ...]:
    """Lines in reading order.

    Args:
        words: in any order; boxes in one unit.
    """
    upright = [w for w in words if not _runs_upwards(w)]
    turned = [w for w in words if _runs_upwards(w)]
    if not upright:
        return tuple(Line(words=(w,)) for w in turned)
    height = median(max(1.0, w.box.height) for w in upright)
    rows = [_segments(row, height) for row in _rows(upright)]
    lines = [Line(words=tuple(line)) for line in _read(rows, height)]
    return (*lines, *(Line(words=(w,)) for w in turned))


def _runs_upwards(word: Word) -> bool:
    return len(word.text) > 2 and word.box.height > _TALL_IN_WIDTHS * max(1.0, word.box.width)  # noqa: PLR2004 - I, l and ( are tall anyway


def _rows(words: Iterable[Word]) -> list[list[Word]]:
    """Words that share a height, as rows from top to bottom."""
    rows: list[tuple[Box, list[Word]]] = []
    for word in sorted(words, key=lambda w: (w.box.y0 + w.box.y1, w.box.x0)):
        # only the last few rows can still be met: words come by the height of their middle
        best = max(rows[-6:], key=lambda row: _shared_height(row[0], word.box), default=None)
        if best is not None and _shared_height(best[0], word.box) > 0.5:  # noqa: PLR2004 - more than half
            best[1].append(word)
        else:
            rows.append((word.box, [word]))
    rows = [(union([w.box for w in row]), sorted(row, key=lambda w: w.box.x0)) for _, row in rows]
    return [row for _, row in sorted(rows, key=lambda row: row[0].y0 + row[0].y1)]


def _shared_height(a: Box, b: Box) -> float:
    """How much of the lower one's height the two share, 0.0-1.0; a flat dash counts when it lies inside."""
    return (min(a.y1, b.y1) - max(a.y0, b.y0)) / max(0.1, min(a.height, b.height))


def _segments(row: list[Word], height: float) -> Row:
    segments: Row = [[row[0]]]
    for last, word in itertools.pairwise(row):
        own = max(height, min(last.box.height, word.box.height))
        if word.box.x0 - last.box.x1 > _GAP_IN_HEIGHTS * own:
            segments.append([])
        segments[-1].append(word)
    return segments


def _read(rows: list[Row], height: float) -> list[list[Word]]:
    lines: list[list[Word]] = []
    at = 0
    while at < len(rows):
        gutter, end = _columns_from(rows, at, height)
        if gutter is None:
            lines.append([word for segment in rows[at] for word in segment])
            at += 1
            continue
        left, right = _split(rows[at:end], gutter)
        lines += _read(left, height) + _read(right, height)
        at = end
    return lines


def _columns_from(rows: list[Row], start: int, height: float) -> tuple[float | None, int]:
    """The gutter's x and the row after the last one of the columns that begin here; None where none begin."""
    for gap in _gaps(rows[start]):
        gutter, end = gap, start
        while end < len(rows) and (narrowed := _narrowed(gutter, rows[end], height)) is not None:
            gutter, end = narrowed, end + 1
        middle = (gutter[0] + gutter[1]) / 2
        if _are_columns(rows[start:end], middle):
            return middle, end
    return None, start


def _narrowed(gutter: tuple[float, float], row: Row, height: float) -> tuple[float, float] | None:
    """What this row leaves free of a gutter, None when it is too little."""
    shared = [(max(gutter[0], low), min(gutter[1], high)) for low, high in _gaps(row, ends=True)]
    return next((s for s in shared if s[1] - s[0] >= _GUTTER_IN_HEIGHTS * height), None)


def _gaps(row: Row, *, ends: bool = False) -> list[tuple[float, float]]:
    """The free stretches between segments; with `ends` also those before the first and after the last."""
    edges = [(union([w.box for w in s]).x0, union([w.box for w in s]).x1) for s in row]
    inner = [(a[1], b[0]) for a, b in itertools.pairwise(edges)]
    return [(-1e9, edges[0][0]), *inner, (edges[-1][1], 1e9)] if ends else inner


def _split(rows: list[Row], gutter: float) -> tuple[list[Row], list[Row]]:
    sides = [([s for s in row if s[0].box.x0 < gutter], [s for s in row if s[0].box.x0 >= gutter]) for row in rows]
    return [left for left, _ in sides if left], [right for _, right in sides if right]


def _are_columns(rows: list[Row], gutter: float) -> bool:
    """Whether both sides hold prose in enough rows."""
    for side in _split(rows, gutter):
        lengths = [sum(len(w.text) + 1 for w in segment) for row in side for segment in row]
        if len(side) < _COLUMN_ROWS or sum(lengths) / len(lengths) < _PROSE_CHARS:
            return False
    return True
