"""Pages as Markdown: headings where a line's letters clearly stand out, tables, paragraphs where the page leaves a gap.

Part of formats.py.
"""

import re
from collections.abc import Sequence
from statistics import median
from typing import Final

from docmill.stages.reading.tables import Table, tables_of
from docmill.values.page import Line, Page

_HEADING: Final = 1.35  # so many times the height of ordinary letters
_TITLE: Final = 1.9
_MOST_HEADING_WORDS: Final = 14
_PARAGRAPH_GAP: Final = 0.9  # in heights of ordinary letters
_EVERYWHERE = re.compile(r"([\\`*_\[\]<>|~])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_AT_START = re.compile(r"^(#{1,6}(?=\s|$)|[+=-]+(?=\s|$)|\d{1,9}(?=[.)](?:\s|$)))")


def markdown_of(pages: Sequence[Page]) -> str:
    """CommonMark with GitHub's tables of all pages, a thematic break between them. What Markdown would take for markup is escaped."""
    return "\n\n---\n\n".join(_page(page) for page in pages) + "\n"


def _page(page: Page) -> str:
    if not page.lines:
        return ""
    heights = [w.box.height for line in page.lines for w in line.words for _ in w.text]
    ordinary = max(1.0, median(heights))
    out: list[str] = []
    last: Line | None = None
    tables = {at: table for table in tables_of(page.lines) for at in range(table.first, table.last + 1)}
    for at, line in enumerate(page.lines):
        if at in tables:
            if at == tables[at].first:
                out += ["\n\n" * bool(out), _table(tables[at])]
            last = None
            continue
        if last is None and out:
            out.append("\n\n")
        level = _heading_level(line, ordinary)
        if last is not None:
            gap = line.box.y0 - last.box.y1
            together = not level and not _heading_level(last, ordinary) and -ordinary < gap < _PARAGRAPH_GAP * ordinary
            out.append("\n" if together else "\n\n")
        out.append("#" * level + " " * bool(level) + escaped(line.text))
        last = line
    return "".join(out)


def _table(table: Table) -> str:
    """GitHub Flavored Markdown, 4.10; it knows no table without a head, so the first row is it."""
    head, *body = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in table.rows]
    return "\n".join([head, "|" + " --- |" * len(table.rows[0]), *body])


def _heading_level(line: Line, ordinary: float) -> int:
    """1 or 2 for a heading, 0 for ordinary text."""
    if len(line.words) > _MOST_HEADING_WORDS or sum(c.isalpha() for c in line.text) < 3:  # noqa: PLR2004 - a big number is no heading
        return 0
    height = median([w.box.height for w in line.words for _ in w.text]) / ordinary
    return 1 if height >= _TITLE else 2 if height >= _HEADING else 0


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    text = _ENTITY.sub("&amp;", _EVERYWHERE.sub(r"\\\1", text))
    return _AT_START.sub(lambda m: m[0] + "\\" if m[0].isdigit() else "\\" + m[0], text)
