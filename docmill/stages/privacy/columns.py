"""A page read column by column: engines print lines across the gutter, and then a value that goes on in the next line of its column is torn.

    Uwe         Invoice 5          Uwe            a block for each column,
    Sommer      of today      ->   Sommer         each with its own lines
                                   Invoice 5 ...

Belongs here: the second order of a page's words and the way back. Does not belong here: what is found in it (finding).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from docmill.stages.privacy.view import View, ViewWriter
from docmill.values.geometry import Box, union
from docmill.values.page import Page, Word

_GUTTER_HEIGHTS = 1.6  # a wider blank parts columns; words of one line stand closer, even in justified text
_NEXT_LINE_HEIGHTS = 2.2  # a segment further down is another block
_LEAST_LINES = 2  # lines with a gutter that make columns; one alone is a label and its value


@dataclass
class Segment:
    """Words of one line without a gutter between them; `start` of each word counts in the page's text."""

    words: list[tuple[int, Word]]

    @property
    def box(self) -> Box:
        """Around its words."""
        return union([word.box for _, word in self.words])


@dataclass(eq=False)
class _Block:
    segments: list[Segment] = field(default_factory=list)

    def takes(self, box: Box) -> bool:
        """Whether a segment goes on below this block's last one."""
        last = self.segments[-1].box
        return (
            last.x0 < box.x1
            and box.x0 < last.x1
            and 0 <= (box.y0 + box.y1) / 2 - last.y1 < _NEXT_LINE_HEIGHTS * max(last.height, box.height)
        )


def column_view(page: Page) -> View | None:
    """The page column by column; None when it has no columns."""
    lines = list(segments(page))
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


def segments(page: Page) -> Iterator[list[Segment]]:
    """The segments of each line of the page, from left to right."""
    starts = iter(page.word_starts)
    for line in page.lines:
        found: list[Segment] = []
        last: Box | None = None
        for word in line.words:
            is_apart = last is None or word.box.x0 - last.x1 > _GUTTER_HEIGHTS * max(last.height, word.box.height)
            if is_apart:
                found.append(Segment([]))
            found[-1].words.append((next(starts), word))
            last = word.box
        if found:
            yield found


def _view(blocks: list[_Block]) -> View:
    """Words with one blank between them, a line break behind a segment, and one more behind a block."""
    writer = ViewWriter()
    for block in blocks:
        for segment in block.segments:
            for number, (start, word) in enumerate(segment.words):
                writer.between(" " if number else "")
                writer.word(word.text, start)
            writer.between("\n")
        writer.between("\n")
    return writer.written()
