"""Pieces of printed lines: what stands together in one column. The ground on which names and addresses are looked for."""

from dataclasses import dataclass

from docmill.stages.understanding.layout import Hit, hit
from docmill.values.geometry import Box
from docmill.values.page import Page

WIDE_GAP = 1.6
"""A gap of so many word heights parts two columns that stand in one line."""

_TEXT_GAP = 0.9
"""The same of plain text, whose characters are all half as wide as high: two spaces part columns."""

_SEPARATORS = frozenset({"|", "●", "•", "·", "■"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words without a wide gap. `rank` counts pieces in reading order from 0."""

    seen: Hit
    rank: int

    @property
    def text(self) -> str:
        """As printed, signs between columns left out."""
        return self.seen.text.strip(" |●•·■\t")

    @property
    def box(self) -> Box:
        """In pixels."""
        return self.seen.box


def pieces_of(page: Page, *, split_at_signs: bool = True) -> list[Piece]:
    """Every piece of a page in reading order.

    Args:
        page: as read.
        split_at_signs: whether a bullet or a bar parts pieces too.
    """
    pieces: list[Piece] = []
    index, wide_gap = 0, _TEXT_GAP if page.source == "plain_text" else WIDE_GAP
    for line in page.lines:
        start = index
        for offset, word in enumerate(line.words):
            after = line.words[offset + 1] if offset + 1 < len(line.words) else None
            index += 1
            is_sign = word.text in _SEPARATORS
            if after is None or after.box.x0 - word.box.x1 > wide_gap * max(1.0, word.box.height) or (split_at_signs and is_sign):
                found = hit(page, page.word_starts[start], page.word_starts[index - 1] + len(word.text))
                if found and any(c.isalnum() for c in found.text):
                    pieces.append(Piece(found, len(pieces)))
                start = index
    return pieces


def merged(first: Hit, last: Hit) -> Hit:
    """One hit from the beginning of `first` to the end of `last`, boxed around these two alone."""
    box = Box(
        min(first.box.x0, last.box.x0), min(first.box.y0, last.box.y0), max(first.box.x1, last.box.x1), max(first.box.y1, last.box.y1)
    )
    return Hit(first.page, min(first.start, last.start), max(first.end, last.end), box)
