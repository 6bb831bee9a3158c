"""Tables among the lines of a page: rows one after another whose cells stand in common columns. Works on words and boxes only.

Part of formats.py. Rather no table than a wrong one: prose in columns, or a row that does not fit, ends or spoils it.
"""

import itertools
from collections.abc import Sequence
from statistics import median
from typing import Final, NamedTuple

from docmill.values.geometry import Box, union
from docmill.values.page import Line, Word

_LEAST_ROWS: Final = 3
_LEAST_COLUMNS: Final = 2
_CELL_GAP: Final = 1.0  # in heights of a line; blanks between words are 0.3-0.8
_ROW_GAP: Final = 3.0  # a wider gap between two rows ends a table
_PROSE_CHARS: Final = 45  # a median cell that is longer is a column of prose


class Table(NamedTuple):
    """Rows of cells; all rows have the same length, an empty cell is "". `first` and `last` are indices of the page's lines."""

    first: int
    last: int
    box: Box
    rows: list[list[str]]


class _Cell(NamedTuple):
    left: float
    right: float
    text: str


class _Column(NamedTuple):
    """From where to where a column reaches, and which rows have a cell in it, a bit for each."""

    left: float
    right: float
    rows: int


def tables_of(lines: Sequence[Line]) -> list[Table]:
    """The tables of a page, from top to bottom; they share no line."""
    found, at = [], 0
    cells = [_cells(line) for line in lines]
    while at < len(lines):
        end = at
        while end < len(lines) and len(cells[end]) >= _LEAST_COLUMNS and (end == at or _follows(lines[end - 1], lines[end])):
            end += 1
        table = _longest(lines, cells, at, end)
        found += [table] if table else []
        at = table.last + 1 if table else max(end, at + 1)
    return found


def _longest(lines: Sequence[Line], cells: Sequence[list[_Cell]], first: int, end: int) -> Table | None:
    """The first table of a run of lines; one whose head does not fit its columns begins below the head."""
    for start in range(first, end - _LEAST_ROWS + 1):
        stop = start
        columns: list[_Column] = []
        # columns only grow together as rows are added, so the first row that does not fit ends the table
        while stop < end and (wider := _joined(columns, cells[stop], stop - start)) is not None:
            columns, stop = wider, stop + 1
        stop = max(stop, start + 1)
        rows = _placed(cells[start:stop]) if stop - start >= _LEAST_ROWS else None
        if rows and _is_table(rows):
            return Table(start, stop - 1, union([line.box for line in lines[start:stop]]), rows)
    return None


def _joined(columns: list[_Column], row: list[_Cell], number: int) -> list[_Column] | None:
    """The columns with one more row; None where two cells of a row share one, or there is only one."""
    spans = sorted([*columns, *(_Column(cell.left, cell.right, 1 << number) for cell in row)])
    joined = [spans[0]]
    for span in spans[1:]:
        last = joined[-1]
        if span.left > last.right:
            joined.append(span)
        elif span.rows & last.rows:
            return None
        else:
            joined[-1] = _Column(last.left, max(last.right, span.right), last.rows | span.rows)
    return joined if len(joined) >= _LEAST_COLUMNS else None


def _placed(rows: Sequence[list[_Cell]]) -> list[list[str]] | None:
    """The cells in common columns; None where two cells of a row share one, or there is only one."""
    columns = _merged(sorted((cell.left, cell.right) for row in rows for cell in row))
    if len(columns) < _LEAST_COLUMNS:
        return None
    placed = []
    for row in rows:
        at = [next(n for n, (_, right) in enumerate(columns) if cell.left <= right) for cell in row]
        if len(set(at)) < len(at):
            return None
        texts = dict(zip(at, (cell.text for cell in row), strict=True))
        placed.append([texts.get(n, "") for n in range(len(columns))])
    return placed


def _is_table(rows: Sequence[Sequence[str]]) -> bool:
    """Whether cells are short and most are filled."""
    texts = [text for row in rows for text in row if text]
    return median(map(len, texts)) <= _PROSE_CHARS and len(texts) * 2 > len(rows) * len(rows[0])


def _merged(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    merged = [spans[0]]
    for left, right in spans[1:]:
        if left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _cells(line: Line) -> list[_Cell]:
    if not line.words:
        return []
    height = max(1.0, median(word.box.height for word in line.words))
    groups: list[list[Word]] = [[line.words[0]]]
    for last, word in itertools.pairwise(line.words):
        if word.box.x0 - last.box.x1 >= _CELL_GAP * height:
            groups.append([])
        elif word.box.x0 < last.box.x0:
            return []  # not from left to right
        groups[-1].append(word)
    return [_Cell(words[0].box.x0, words[-1].box.x1, " ".join(word.text for word in words)) for words in groups]


def _follows(last: Line, line: Line) -> bool:
    height = max(1.0, last.box.height, line.box.height)
    return line.box.y0 - last.box.y0 >= 0 and line.box.y0 - last.box.y1 < _ROW_GAP * height
