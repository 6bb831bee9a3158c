"""What of a page belongs together: paragraphs, list items, tables, and headings with what they head. Works on lines and boxes only.

Belongs here: where a block begins. Does not belong here: how much of it fits into a chunk (chunking).
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from docmill.values.page import Line

_GAP_HEIGHTS: Final = 0.5  # a gap this much of a line height wider than the page's usual one begins a paragraph
_TYPE_RATIO: Final = 1.4  # a line so much higher or lower than the one before is of another type size: a heading or its end
_CELL_HEIGHTS: Final = 1.0  # a gap between two words that is wider than this much of the line's height parts two cells
_ROW_HEIGHTS: Final = 3.0  # a wider gap between two rows, in heights of the upper one, ends a table
_HEADING_LINES: Final = 2
_HEADING_WORDS: Final = 12

_ITEM: Final = re.compile(
    r"(?:[-*+\u2022\u2023\u25aa\u25cf\u25e6\u2043\u2013\u2014]|\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivx]{1,4})[.)]|\d{1,3}(?:\.\d{1,3})+)$"
)
_SENTENCE_END: Final = (".", "!", "?", ";", ",")


def blocks(lines: Sequence[Line]) -> list[list[int]]:
    """Indices of the lines of each block, in order; none is empty. A heading is part of the block that it heads."""
    if not lines:
        return []
    parts = [[0]]
    begins = _begins(lines)
    for at in range(1, len(lines)):
        if begins[at]:
            parts.append([])
        parts[-1].append(at)
    return _with_headings(lines, parts)


def _begins(lines: Sequence[Line]) -> list[bool]:
    """For each line whether a block begins with it: after a wide gap, a jump up (a new column), in another type size, at an item's mark.

    The rows of a table, lines with wide blanks between their words, stay together where its rows stand further apart than lines of text do.
    """
    boxes, is_row = [line.box for line in lines], [_is_row(line) for line in lines]
    height = median(box.height for box in boxes)
    gaps = [below.y0 - above.y1 for above, below in pairwise(boxes)]
    usual = median(gaps) if gaps else 0.0
    begins = [True]
    for at, gap in enumerate(gaps, start=1):
        if is_row[at - 1] and is_row[at] and -height <= gap <= _ROW_HEIGHTS * boxes[at - 1].height:
            begins.append(False)
            continue
        low, high = sorted((boxes[at - 1].height, boxes[at].height))
        is_apart = gap > usual + _GAP_HEIGHTS * height or gap < -height or high > _TYPE_RATIO * max(low, 1.0)
        begins.append(is_apart or _is_item(lines[at]))
    return begins


def _is_row(line: Line) -> bool:
    # typists put two blanks behind a sentence: that parts no cells
    gaps = (right.box.x0 - left.box.x1 for left, right in pairwise(line.words) if not left.text.endswith(_SENTENCE_END))
    return max(gaps, default=0.0) > _CELL_HEIGHTS * line.box.height


def _is_item(line: Line) -> bool:
    return len(line.words) > 1 and _ITEM.match(line.words[0].text) is not None


def _with_headings(lines: Sequence[Line], parts: Sequence[list[int]]) -> list[list[int]]:
    """Every heading joined with the block behind it, and with headings between: nobody finds a heading that stands alone at a chunk's end."""
    joined: list[list[int]] = []
    is_headed = False  # whether the block last joined is text, or text with its headings
    for part in reversed(parts):
        if _is_heading(lines, part) and is_headed and part[-1] + 1 == joined[-1][0]:
            joined[-1] = [*part, *joined[-1]]
        else:
            is_headed = not _is_heading(lines, part)
            joined.append(part)
    return joined[::-1]


def _is_heading(lines: Sequence[Line], part: Sequence[int]) -> bool:
    """One or two short lines that end no sentence and are neither an item's nor a table's. Rows of a form look the same, but head no text."""
    own = [lines[at] for at in part]
    words = [word for line in own for word in line.words]
    is_short = len(own) <= _HEADING_LINES and len(words) <= _HEADING_WORDS
    return is_short and not words[-1].text.endswith(_SENTENCE_END) and not any(_is_row(line) for line in own)
