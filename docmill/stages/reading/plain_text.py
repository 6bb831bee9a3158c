"""Text as pages: at most 66 lines each, a form feed begins a new one, words stand on a grid of 12 x 24 pixels.

HTML, mail, Word and Excel come as the text that converting.py makes of them. XML e-invoices without a PDF are read as they are; nothing in
them is parsed and no entity is followed.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from docmill.errors import Damaged
from docmill.stages.reading.converting import converted
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import TEXT, XML
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

LINES_PER_PAGE: Final = 66
CELL_WIDTH_PX, CELL_HEIGHT_PX = 12, 24
DPI: Final = 144
"""Six lines to the inch, as printers had it: 66 lines are the 11 inches of a letter page."""

_COLUMNS: Final = 102  # 8.5 inches
_WRAP_COLUMNS: Final = 160
_TOKEN = re.compile(r"\S+")
_CONTROLS = {code: None for code in (*range(32), *range(0x7F, 0xA0), 0xFEFF, 0xFFFE, 0xFFFF) if code not in {9, 10, 12, 13}}
# paper feeds and line ends of every system; splitlines() would also break at separators that only data formats use
_LINE_END = re.compile(r"\r\n|\r|\n")


def count_pages(path: Path, media_type: str, limits: Limits) -> int:
    """The pages of a document of one of TEXT_TYPES.

    Raises:
        TooLarge: more than limits.max_pages, or what it unpacks to is over a limit.
        Damaged, Encrypted: it cannot be converted.
    """
    stat = path.stat()
    limits.check_bytes(stat.st_size)
    count = len(_pages(path, media_type, limits, stat.st_mtime_ns, stat.st_size)[0])
    limits.check_pages(count)
    return count


def read_text_page(path: Path, media_type: str, number: int, language: str, limits: Limits) -> Page:
    """Page `number`, with confidence 1.0 and boxes on the grid; the first one says what of the document is not in the text.

    Raises:
        Damaged: there is no such page.
        TooLarge, Encrypted: as `count_pages`.
    """
    if not 1 <= number <= count_pages(path, media_type, limits):
        raise Damaged(f"there is no page {number}", page=number)
    stat = path.stat()
    pages, notes = _pages(path, media_type, limits, stat.st_mtime_ns, stat.st_size)
    rows = pages[number - 1]
    width = max(_COLUMNS, *(len(row) for row in rows), 0)
    lines = tuple(line for at, row in enumerate(rows) if (line := _line(row, at)) is not None)
    return Page(
        number=number,
        width_px=width * CELL_WIDTH_PX,
        height_px=LINES_PER_PAGE * CELL_HEIGHT_PX,
        dpi=DPI,
        lines=lines,
        source="plain_text",
        language=language,
        reason="plain text" if media_type in {TEXT, XML} else f"text of {media_type}",
        quality_reasons=notes if number == 1 else (),
    )


@lru_cache(maxsize=1)
def _pages(path: Path, media_type: str, limits: Limits, _mtime_ns: int, _size: int) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    text, notes = converted(path, media_type, limits)
    text = text.translate(_CONTROLS)
    pages: list[tuple[str, ...]] = []
    for part in text.split("\f"):
        rows = [row for line in _LINE_END.split(part) for row in _wrapped(line.expandtabs(8).rstrip())]
        pages += [tuple(rows[i : i + LINES_PER_PAGE]) for i in range(0, len(rows), LINES_PER_PAGE)]
    while len(pages) > 1 and not any(pages[-1]):
        pages.pop()  # the form feed or line end that closes a file begins no page
    return tuple(pages), notes


def _wrapped(line: str) -> list[str]:
    """The rows of a line. It is cut by index: a file without line ends is one line, and a copy of its rest per row would take hours."""
    rows, at, end = [], 0, len(line)
    while end - at > _WRAP_COLUMNS:
        cut = line.rfind(" ", at + 1, at + _WRAP_COLUMNS + 1)
        cut = cut if cut > 0 else at + _WRAP_COLUMNS
        rows.append(line[at:cut].rstrip())
        at = cut
        while at < end and line[at].isspace():
            at += 1
    return [*rows, line[at:]]


def _line(row: str, at: int) -> Line | None:
    top, bottom = at * CELL_HEIGHT_PX, (at + 1) * CELL_HEIGHT_PX
    words = tuple(
        Word(text=m[0], box=Box(m.start() * CELL_WIDTH_PX, top, m.end() * CELL_WIDTH_PX, bottom), confidence=1.0)
        for m in _TOKEN.finditer(row)
    )
    return Line(words=words) if words else None
