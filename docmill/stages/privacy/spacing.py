"""Letter-spaced print closed up: `M a r g a r e t   T h o r n b u r y` is `Margaret Thornbury` to whoever reads it, and no name to any engine.

Belongs here: which words are letters of one, and a text in which they stand together. Does not belong here: what is found in it (finding).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from docmill.stages.privacy.view import View, ViewWriter
from docmill.values.page import Page

LEAST_LETTERS: Final = 6
"""Single letters or digits that must stand in a row; fewer are initials, or the marks in a table."""

_SHORT, _LEAST_PIECES, _MEAN_CHARS = 4, 4, 2.6  # where engines leave a few letters together: `Ma rga ret`
_WORD_GAP = 1.5  # of the gap that is usual between the letters; a wider one ends a word
_TOKEN = re.compile(r"\S+")
_LONE = re.compile(rf"(?<!\S)\S(?:[ \u00a0]{{1,3}}\S){{{LEAST_LETTERS - 1},}}(?!\S)")


class _Piece(NamedTuple):
    """What stands between two blanks: where it starts in the text, itself, and the gap before it on its line (characters or pixels)."""

    start: int
    text: str
    gap: float


def is_letter_spaced(text: str) -> bool:
    """Whether single letters or digits stand in a row."""
    return bool(_LONE.search(text))


def closed_text(text: str) -> View:
    """The text with letter-spaced words closed up; a wider gap between two letters ends a word."""
    at, lines = 0, list[list[_Piece]]()
    for line in text.split("\n"):
        found = list(_TOKEN.finditer(line))
        ends = [0, *(match.end() for match in found)]
        lines.append([_Piece(at + m.start(), m[0], m.start() - end) for m, end in zip(found, ends, strict=False)])
        at += len(line) + 1
    return _closed(lines)


def closed_page(page: Page) -> View | None:
    """The page with letter-spaced words closed up, by the gaps between their boxes; None when it has none."""
    starts, lines = iter(page.word_starts), list[list[_Piece]]()
    for line in page.lines:
        edges = [0.0, *(word.box.x1 for word in line.words)]  # the gap before a line's first word says nothing
        lines.append([_Piece(next(starts), w.text, max(0.0, w.box.x0 - edge)) for w, edge in zip(line.words, edges, strict=False)])
    return _closed(lines) if any(_runs(line) for line in lines) else None


def _closed(lines: Iterable[Sequence[_Piece]]) -> View:
    writer = ViewWriter()
    for line in lines:
        tight = {i for run in _runs(line) for i in _inside_words(line, run)}
        for index, piece in enumerate(line):
            writer.between(" " if index and index not in tight else "")
            writer.word(piece.text, piece.start)
        writer.between("\n")
    return writer.written()


def _runs(line: Sequence[_Piece]) -> list[range]:
    """Pieces that are letters of words: many single ones, or some short ones of few letters on average."""
    found, first = [], 0
    for end in range(len(line) + 1):
        if end < len(line) and len(line[end].text) <= _SHORT:
            continue
        run = range(first, end)
        if (
            len(run) >= _LEAST_PIECES
            and sum(len(line[i].text) for i in run) <= _MEAN_CHARS * len(run)
            and any(_is_one(line[i]) for i in run)
        ):
            found.append(run)
        first = end + 1
    return found


def _is_one(piece: _Piece) -> bool:
    return len(piece.text) == 1


def _inside_words(line: Sequence[_Piece], run: range) -> Iterator[int]:
    """The pieces that go on with the word before them."""
    usual = median(line[i].gap for i in run[1:])
    for before, i in pairwise(run):
        begins_word = line[before].text[-1].islower() and line[i].text[0].isupper()
        if line[i].gap <= _WORD_GAP * usual and not begins_word:
            yield i
