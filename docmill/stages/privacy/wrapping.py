"""Prose without its line ends: a number, an address or a card that goes on in the next line is one again.

    ... can be reached at 0151           ... can be reached at 0151 2345 6789 or by mail to margaret.thornbury@...
    2345 6789 or by mail to     ->
    margaret.thorn-
    bury@...

Belongs here: which line goes on in the next. Does not belong here: what is found in it (finding).
"""

from collections.abc import Sequence

from docmill.stages.privacy.columns import Segment, segments
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.view import View, ViewWriter
from docmill.values.page import Page

_APART_HEIGHTS = 1.5  # between two lines of one paragraph
_INDENT_HEIGHTS = 4.0
_BLANK_HEIGHTS = 0.3


def wrapped_view(page: Page) -> View | None:
    """The page with a blank, or nothing behind a hyphen, where a line goes on in the next; None when none does."""
    lines = list(segments(page))
    goes_on = [_goes_on(lines, at) for at in range(len(lines))]
    if not any(goes_on):
        return None
    writer = ViewWriter()
    for line, is_open in zip(lines, goes_on, strict=True):
        words = [pair for segment in line for pair in segment.words]
        for start, word in words[:-1]:
            writer.word(word.text, start)
            writer.between(" ")
        start, last = words[-1]
        is_broken = is_open and len(last.text) > 1 and last.text.endswith("-")
        # a hyphen behind a digit belongs to the number
        writer.word(last.text[:-1] if is_broken and last.text[-2].isalpha() else last.text, start)
        if not is_broken:
            writer.between(" " if is_open else "\n")
    return writer.written()


def over_lines(hit: Hit, page: Page) -> bool:
    """Whether the hit, on the page, goes over the end of a line."""
    return "\n" in page.text[hit.start : hit.end]


def _goes_on(lines: Sequence[Sequence[Segment]], at: int) -> bool:
    """Whether this line is of one segment, and the first word of the next one had no room behind it."""
    if at + 1 >= len(lines) or len(lines[at]) != 1 or len(lines[at + 1]) != 1:
        return False
    this, following = lines[at][0].box, lines[at + 1][0].box
    height = max(this.height, following.height)
    if not -height < following.y0 - this.y1 < _APART_HEIGHTS * height or abs(following.x0 - this.x0) > _INDENT_HEIGHTS * height:
        return False
    first = lines[at + 1][0].words[0][1].box
    edge = max(line[0].box.x1 for line in lines[max(0, at - 2) : at + 3] if len(line) == 1)
    return edge - this.x1 < first.width + _BLANK_HEIGHTS * height
