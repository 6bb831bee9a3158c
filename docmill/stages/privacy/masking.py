"""Pages without the personal words: each span becomes one word `[TYPE]`, and the page stays a valid page."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from docmill.values.evidence import Span
from docmill.values.geometry import union
from docmill.values.page import Line, Page, Word


class _Place(NamedTuple):
    """One word of the page: its line, where it starts in the canonical text, and itself."""

    line: int
    start: int
    word: Word

    @property
    def end(self) -> int:
        return self.start + len(self.word.text)


def mask_pages(pages: Iterable[Page], spans: Iterable[Span]) -> Iterator[Page]:
    """One after another, the pages with every word that a span touches replaced.

    A span over several words, or lines, becomes one mask at the place of its first word; the mask's box is around the span's words on that
    line. Characters of a touched word that are outside the span stay: `(06/13/1995)` becomes `([BIRTH_DATE])`.
    """
    by_page: dict[int, list[Span]] = {}
    for span in sorted(spans, key=lambda s: (s.page, s.start, -s.end)):  # of two at one place the longer one names both
        by_page.setdefault(span.page, []).append(span)
    for page in pages:
        yield _masked(page, by_page[page.number]) if page.number in by_page else page


def mask_of(entity: str) -> str:
    """What stands in the place of a value."""
    return f"[{entity}]"


def _masked(page: Page, spans: list[Span]) -> Page:
    kept: list[tuple[int, Word]] = []
    for run, touching in _runs(_places(page), spans):
        if touching:
            kept.append((run[0].line, _mask_word(page.text, run, touching)))
        else:
            kept += [(place.line, place.word) for place in run]
    lines = tuple(Line(words=tuple(word for _, word in words)) for _, words in groupby(kept, key=lambda item: item[0]))
    return page.with_lines(lines)


def _places(page: Page) -> list[_Place]:
    numbered = ((index, word) for index, line in enumerate(page.lines) for word in line.words)
    return [_Place(index, start, word) for (index, word), start in zip(numbered, page.word_starts, strict=True)]


def _runs(places: list[_Place], spans: list[Span]) -> Iterator[tuple[list[_Place], list[Span]]]:
    """Words in order: those no span touches one by one, those that spans tie together as one run with these spans (sorted by start)."""
    run: list[_Place] = []
    tied: list[Span] = []
    ahead = list(reversed(spans))
    for place in places:
        if run and place.start >= max(span.end for span in tied):
            yield run, tied
            run, tied = [], []
        while ahead and ahead[-1].start < place.end:
            tied = [*tied, ahead.pop()]
        if tied:
            run.append(place)
        else:
            yield [place], []
    if run:
        yield run, tied


def _mask_word(text: str, run: list[_Place], spans: list[Span]) -> Word:
    at, parts = run[0].start, list[str]()
    for span in spans:
        if span.end > at:
            parts += [text[at : max(at, span.start)], mask_of(span.type)]
            at = span.end
    parts.append(text[at : run[-1].end])
    boxes = [place.word.box for place in run if place.line == run[0].line]
    return Word(text="".join("".join(parts).split()), box=union(boxes), confidence=min(place.word.confidence for place in run))
