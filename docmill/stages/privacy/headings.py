"""Tables with the heading of its column before each cell: far below `Date of birth` a date is still a date of birth.

    Name             Date of birth        Name: Ada Byron
    Ada Byron        10.12.1815     ->    Date of birth: 10.12.1815
    Mary Somerville  26.12.1780           Name: Mary Somerville ...

Belongs here: which cell stands under which heading. Does not belong here: what is found in it (finding).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from docmill.stages.privacy.columns import Segment, segments
from docmill.stages.privacy.patterns.pattern import BEFORE
from docmill.stages.privacy.view import View, ViewWriter
from docmill.values.page import Page

_MOST_WORDS = 5  # of a heading
_NEXT_ROW_HEIGHTS = 8.0  # what stands further down belongs to no table above it
_FLUSH_HEIGHTS = 0.5  # between the left edges of a cell and its heading
_BESIDE_HEIGHTS = 3.0  # what a cell may stand away from its heading

# a table of people: in one of articles `Name` is the article's
_OF_PEOPLE = re.compile(
    r"\b(?:birth|born|d\.?o\.?b|age|ssn|social|passport|iban|e-?mail|mail|phone|tel|mobile|gender|sex|address|surname|(?:first|last|full|family)[ ]?name"
    r"|geburts\w*|geb|vorname|nachname|anschrift|telefon|prénom|naissance|apellidos?|nacimiento|cognome|nascita)\b",
    re.IGNORECASE,
)


def headed_views(page: Page) -> Iterator[tuple[View, bool]]:
    """Each table's cells, one in a line behind their headings, and whether its headings tell that it is one of people."""
    heads: Sequence[Segment] = ()
    cells: list[tuple[Segment, Segment]] = []
    bottom = 0.0
    for line in segments(page):
        height = max(segment.box.height for segment in line)
        is_near = heads and -height < line[0].box.y0 - bottom < _NEXT_ROW_HEIGHTS * height
        if heads and not is_near:
            yield from _view(heads, cells)
            heads, cells = (), []
        if not heads and _is_head(line):
            heads = line
        elif heads:
            parts = [part for segment in line for part in (_split(segment, heads) if len(line) > 1 else [segment])]
            cells += [(head, part) for part in parts if (head := _head_of(part, heads)) is not None]
        bottom = max(segment.box.y1 for segment in line)
    yield from _view(heads, cells)


def _view(heads: Sequence[Segment], cells: Iterable[tuple[Segment, Segment]]) -> Iterator[tuple[View, bool]]:
    writer, is_empty = ViewWriter(), True
    for head, cell in cells:
        writer.between(_text(head).rstrip(".") + ": ")
        for number, (start, word) in enumerate(cell.words):
            writer.between(" " if number else "")
            writer.word(word.text, start)
        writer.between("\n" + " " * BEFORE + "\n")  # no heading is the context of another's cell
        is_empty = False
    if not is_empty:
        yield writer.written(), any(_OF_PEOPLE.search(_text(head)) for head in heads)


def _text(segment: Segment) -> str:
    return " ".join(word.text for _, word in segment.words)


def _is_head(line: Sequence[Segment]) -> bool:
    texts = [_text(segment) for segment in line]
    return len(line) > 1 and all(len(text.split()) <= _MOST_WORDS and not re.search(r"[\d:]", text) for text in texts)


def _split(cell: Segment, heads: Sequence[Segment]) -> list[Segment]:
    """The cells in a segment: a long one reaches close to its neighbour, which begins where its own heading does."""
    parts = [Segment([])]
    for start, word in cell.words:
        begins = any(abs(head.box.x0 - word.box.x0) < _FLUSH_HEIGHTS * cell.box.height for head in heads)
        if begins and parts[-1].words:
            parts.append(Segment([]))
        parts[-1].words.append((start, word))
    return parts


def _head_of(cell: Segment, heads: Sequence[Segment]) -> Segment | None:
    """The heading that the cell stands under; None when it stands under none, or goes over several (a line of text)."""
    box = cell.box
    above = [head for head in heads if head.box.x0 < box.x1 and box.x0 < head.box.x1]
    if len(above) == 1:
        return above[0]
    if above:
        return None
    nearest = min(heads, key=lambda head: max(head.box.x0 - box.x1, box.x0 - head.box.x1))
    is_near = max(nearest.box.x0 - box.x1, box.x0 - nearest.box.x1) < _BESIDE_HEIGHTS * box.height
    return nearest if is_near else None
