"""Which pixels go black, and which words stay."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image, ImageDraw

from docmill.values.evidence import Span
from docmill.values.geometry import Box, union
from docmill.values.page import Line, Page

_MARGIN = 0.15  # of the line's height: descenders and italics reach beyond what engines call a word's box
_LEAST_PX = 1.0  # anti-aliased edges, also where a neighbour leaves no room for the margin
_GAP_HEIGHTS = 2.5  # wider blanks between words of one span are another column, and stay


class PixelBox(NamedTuple):
    """Whole pixels [x0, x1) x [y0, y1) of the upright page image."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, slots=True)
class Burn:
    """What is done to one page.

    Attributes:
        page: as read.
        boxes: what goes black.
        lines: the lines of the words that stay visible, for the text layer.
    """

    page: Page
    boxes: tuple[PixelBox, ...]
    lines: tuple[Line, ...]


def plan_burn(page: Page, spans: Iterable[Span]) -> Burn:
    """Boxes for every word that a span of this page touches: whole words with a margin that stops at neighbours that stay.

    The words of one span on one line share one box, so that neither their lengths nor their heights tell what was there.
    """
    hidden: set[int] = set()
    runs: list[Box] = []
    for span in spans:
        touched = [
            i
            for i, (word, at) in enumerate(zip(page.words, page.word_starts, strict=True))
            if at < span.end and at + len(word.text) > span.start
        ]
        hidden.update(touched)
        runs += _runs([page.words[i].box for i in touched])
    staying = [word.box for i, word in enumerate(page.words) if i not in hidden]
    pixels = tuple(b for b in (_whole(_with_margin(box, staying), page) for box in runs) if b.x0 < b.x1 and b.y0 < b.y1)
    return Burn(page, pixels, _visible(page, hidden, pixels))


def burn(image: Image.Image, boxes: Sequence[PixelBox]) -> Image.Image:
    """The image with the boxes black; the argument is changed and given back."""
    draw = ImageDraw.Draw(image)
    for box in boxes:
        draw.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), fill=0 if image.mode in {"1", "L"} else (0, 0, 0))
    return image


def _with_margin(box: Box, staying: Sequence[Box]) -> Box:
    margin = max(_LEAST_PX, _MARGIN * box.height)
    left = top = right = bottom = margin
    wide = Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)
    for other in staying:
        if not wide.overlaps(other):
            continue
        if other.y0 < box.y1 and box.y0 < other.y1:  # beside it on the line
            right = min(right, max(_LEAST_PX, other.x0 - box.x1)) if other.x0 >= box.x1 else right
            left = min(left, max(_LEAST_PX, box.x0 - other.x1)) if other.x1 <= box.x0 else left
        else:
            bottom = min(bottom, max(_LEAST_PX, other.y0 - box.y1)) if other.y0 >= box.y1 else bottom
            top = min(top, max(_LEAST_PX, box.y0 - other.y1)) if other.y1 <= box.y0 else top
    return Box(box.x0 - left, box.y0 - top, box.x1 + right, box.y1 + bottom)


def _runs(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of consecutive words joined as long as they stand on one line with no more than a blank or two between them."""
    runs: list[Box] = []
    for box in boxes:
        last = runs[-1] if runs else None
        if last and last.y0 < box.y1 and box.y0 < last.y1 and -last.height < box.x0 - last.x1 <= _GAP_HEIGHTS * last.height:
            runs[-1] = union([last, box])
        else:
            runs.append(box)
    return runs


def _whole(box: Box, page: Page) -> PixelBox:
    return PixelBox(
        max(0, math.floor(box.x0)),
        max(0, math.floor(box.y0)),
        min(page.width_px, math.ceil(box.x1)),
        min(page.height_px, math.ceil(box.y1)),
    )


def _visible(page: Page, hidden: set[int], boxes: Sequence[PixelBox]) -> tuple[Line, ...]:
    """The words that stay; one whose middle is under a box can't be read any more and goes as well."""
    lines, index = [], 0
    for line in page.lines:
        words = []
        for word in line.words:
            x, y = (word.box.x0 + word.box.x1) / 2, (word.box.y0 + word.box.y1) / 2
            if index not in hidden and not any(b.x0 <= x < b.x1 and b.y0 <= y < b.y1 for b in boxes):
                words.append(word)
            index += 1
        if words:
            lines.append(Line(words=tuple(words)))
    return tuple(lines)
