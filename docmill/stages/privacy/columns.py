"""A page read column by column: engines print lines across the gutter, and then a value that goes on in the next line of its column is torn.

    Uwe         Invoice 5          Uwe            a block for each column,
    Sommer      of today      ->   Sommer         each with its own lines
                                   Invoice 5 ...

Belongs here: the second order of a page's words and the way back. Does not belong here: what is found in it (finding).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from docmill.stages.privacy.hits import Hit
from docmill.values.geometry import Box, union
from docmill.values.page import Page, Word

_GUTTER_HEIGHTS = 1.6  # a wider blank parts columns; words of one line stand closer, even in justified text
_NEXT_LINE_HEIGHTS = 2.2  # a segment further down is another block
_LEAST_LINES = 2  # lines with a gutter that make columns; one alone is a label and its value


@dataclass
class _Segment:
    """Words of one line without a gutter between them; `start` of each word counts in the page's text."""

    words: list[tuple[int, Word]]

    @property
    def box(self) -> Box:
        return union([word.box for _, word in self.words])


@dataclass(eq=False)
class _Block:
    segments: list[_Segment] = field(default_factory=list)

    def takes(self, box: Box) -> bool:
        """Whether a segment goes on below this block's last one."""
        last = self.segments[-1].box
        return (
            last.x0 < box.x1
            and box.x0 < last.x1
            and 0 <= (box.y0 + box.y1) / 2 - last.y1 < _NEXT_LINE_HEIGHTS * max(last.height, box.height)
        )


@dataclass(frozen=True)
class ColumnView:
    """The page's words block by block. `words` holds (start in `text`, start in the page's text, length) of each."""

    text: str
    words: tuple[tuple[int, int, int], ...]

    def on_page(self, hit: Hit) -> Iterator[Hit]:
        """The hit's parts as hits in the page's text: one for each run of words that stand together there."""
        run: tuple[int, int] | None = None
        for at, on_page, length in self.words:
            start, end = max(hit.start, at), min(hit.end, at + length)
            if start >= end:
                continue
            place = (on_page + start - at, on_page + end - at)
            if run and place[0] == run[1] + 1:  # one blank or line break between two words
                run = (run[0], place[1])
                continue
            if run:
                yield hit._replace(start=run[0], end=run[1])
            run = place
        if run:
            yield hit._replace(start=run[0], end=run[1])


def column_view(page: Page) -> ColumnView | None:
    """The page column by column; None when it has no columns."""
    lines = list(_segments(page))
    if sum(len(line) > 1 for line in lines) < _LEAST_LINES:
        return None
    done: list[_Block] = []
    current: list[_Block] = []
    for line in lines:
        takers = [[b for b in current if b.takes(segment.box)] for segment in line]
        following = []
        for segment, blocks in zip(line, takers, strict=True):
            # only one below one goes on: a line across two columns ends both, and two below a heading are two new ones
            goes_on = len(blocks) == 1 and sum(blocks[0] in others for others in takers) == 1
            block = blocks[0] if goes_on else _Block()
            if not goes_on:
                done.append(block)
            block.segments.append(segment)
            following.append(block)
        ended = {id(b) for blocks in takers for b in blocks} | {id(b) for b in following}
        current = [b for b in current if id(b) not in ended] + following
    return _view(done)


def _segments(page: Page) -> Iterator[list[_Segment]]:
    starts = iter(page.word_starts)
    for line in page.lines:
        segments: list[_Segment] = []
        last: Box | None = None
        for word in line.words:
            is_apart = last is None or word.box.x0 - last.x1 > _GUTTER_HEIGHTS * max(last.height, word.box.height)
            if is_apart:
                segments.append(_Segment([]))
            segments[-1].words.append((next(starts), word))
            last = word.box
        if segments:
            yield segments


def _view(blocks: list[_Block]) -> ColumnView:
    parts: list[str] = []
    places: list[tuple[int, int, int]] = []
    at = 0
    for block in blocks:
        for segment in block.segments:
            for start, word in segment.words:
                places.append((at, start, len(word.text)))
                parts.append(word.text)
                at += len(word.text) + 1
            parts.append("\n")
        parts.append("\n\n")
        at += 1
    return ColumnView(_joined(parts), tuple(places))


def _joined(parts: list[str]) -> str:
    """Words with one blank between them, a line break behind a segment, and one more behind a block."""
    text: list[str] = []
    for part in parts:
        if part == "\n":
            text[-1] = "\n"
        elif part == "\n\n":
            text.append("\n")
        else:
            text += [part, " "]
    return "".join(text)
