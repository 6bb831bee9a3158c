"""Which pixels go black, and which words stay."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from docmill.stages.privacy.masking import mask_of
from docmill.stages.privacy.redaction.labels import box_picture
from docmill.values.evidence import Span
from docmill.values.geometry import Box, union
from docmill.values.page import Line, Page, Word

BOX, LABEL = "box", "label"
STYLES = (BOX, LABEL)
"""What stands in the place of a value: a black box, or a black box with `[TYPE]` in it."""

_MARGIN = 0.15  # of the line's height: descenders and italics reach beyond what engines call a word's box
_LEAST_PX = 1.0  # anti-aliased edges, also where a neighbour leaves no room for the margin
_LETTER_SHARE = 0.4  # of a letter's width; a neighbour's box may reach a pixel into the last one
_MOSTLY = 0.75  # of a box that only OCR saw, under one that is there already
_NO_WORD = -1  # in place of a word's number: ink that the page's words don't know
_NO_WORD_BUT_CODE = -2  # the same of a QR code or bar code, whose last column may be what a reader needs

CODE: Final = "code"
"""What pages say of their source that hold what a code says."""
_SHARED_HEIGHT = 0.4  # of the lower one: commas and raised letters stand on the line as well
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
        labels: what is written in each box, in their order; empty when they are plain.
    """

    page: Page
    boxes: tuple[PixelBox, ...]
    lines: tuple[Line, ...] = ()
    labels: tuple[str, ...] = ()

    def without_words(self) -> "Burn":
        """What the gates need of it: a long document's words would fill the memory."""
        return Burn(self.page.with_lines(()), self.boxes, (), self.labels)

    @property
    def pictures(self) -> list[tuple[PixelBox, Image.Image]]:
        """Each box and what it must look like, grey."""
        labels = self.labels or ("",) * len(self.boxes)
        return [(b, box_picture(b.x1 - b.x0, b.y1 - b.y0, label)) for b, label in zip(self.boxes, labels, strict=True)]


class _Run(NamedTuple):
    """Words of one span that share a box: the box, the number of the first word on the page, the span's type."""

    box: Box
    first: int
    type: str


def plan_burn(page: Page, spans: Iterable[Span], style: str = BOX, unread: Iterable[tuple[Page, Sequence[Span]]] = ()) -> Burn:
    """Boxes for every word that a span of this page touches: whole words with a margin that stops at neighbours that stay.

    The words of one span on one line share one box, so that neither their lengths nor their heights tell what was there.

    Args:
        page: as read.
        spans: what must go of its words.
        style: one of STYLES.
        unread: what OCR read where the page has no words, as pages of the same size with spans of their own.
    """
    hidden: set[int] = set()
    runs = _hide(page, spans, hidden)
    for seen, found in unread:
        nowhere = _NO_WORD_BUT_CODE if seen.source == CODE else _NO_WORD
        runs += [run._replace(first=nowhere) for run in _hide(seen, found, set())]
    staying = np.array([word.box for i, word in enumerate(page.words) if i not in hidden]).reshape(-1, 4)
    burned = [(_whole(_with_margin(run.box, staying), page), run) for run in runs]
    burned = [(box, run) for box, run in burned if box.x0 < box.x1 and box.y0 < box.y1]
    known = [box for box, run in burned if run.first >= 0]
    burned = [(box, run) for box, run in burned if run.first != _NO_WORD or not any(_is_within(box, other) for other in known)]
    unknown = [box for box, run in burned if run.first < 0]  # what OCR made of a QR code's dots needs no box in the code's own
    burned = [(box, run) for box, run in burned if run.first < 0 or not any(_holds(other, box) for other in unknown)]
    boxes = tuple(box for box, _ in burned)
    if style != LABEL:
        return Burn(page, boxes, _visible(page, hidden, boxes, {}))
    named = {run.first: Word(text=mask_of(run.type), box=_shrunk(box), confidence=1.0) for box, run in burned if run.first >= 0}
    return Burn(page, boxes, _visible(page, hidden, boxes, named), tuple(mask_of(run.type) for _, run in burned))


def words_cut(page: Page, seen: Page, span: Span) -> list[int]:
    """The words of the page, by their numbers, that the boxes over what a second reader saw leave unreadable."""
    return sorted(_cut_by(plan_burn(page, (), BOX, [(seen, [span])]).boxes, page))


def _hide(page: Page, spans: Iterable[Span], hidden: set[int]) -> list[_Run]:
    """The runs of words that spans touch; their numbers are added to `hidden`."""
    runs: list[_Run] = []
    for span in spans:
        first, last = bisect_right(page.word_starts, span.start) - 1, bisect_left(page.word_starts, span.end)
        touched = [i for i in range(max(0, first), last) if i not in hidden and page.word_starts[i] + len(page.words[i].text) > span.start]
        hidden.update(touched)
        runs += _runs(page, touched, span.type)
    return runs


def burn(image: Image.Image, planned: Burn) -> Image.Image:
    """The image with the boxes of the plan drawn; the argument is changed and given back."""
    draw = ImageDraw.Draw(image)
    black = 0 if image.mode in {"1", "L"} else (0, 0, 0)
    for box in planned.boxes:  # all black first: where two overlap, nothing of the page may stay between their pictures
        draw.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), fill=black)
    if planned.labels:
        for box, picture in planned.pictures:
            image.paste(picture.convert(image.mode), (box.x0, box.y0))
    return image


def _with_margin(box: Box, staying: np.ndarray) -> Box:
    """The box with its margin; `staying` has a row (x0, y0, x1, y1) for each word that stays."""
    margin = max(_LEAST_PX, _MARGIN * box.height)
    left = top = right = bottom = margin
    wide = Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)
    x0, y0, x1, y1 = staying.T
    for other in map(Box._make, staying[(x0 < wide.x1) & (wide.x0 < x1) & (y0 < wide.y1) & (wide.y0 < y1)].tolist()):
        if other.y0 < box.y1 and box.y0 < other.y1:  # beside it on the line
            right = min(right, max(_LEAST_PX, other.x0 - box.x1)) if other.x0 >= box.x1 else right
            left = min(left, max(_LEAST_PX, box.x0 - other.x1)) if other.x1 <= box.x0 else left
        else:
            bottom = min(bottom, max(_LEAST_PX, other.y0 - box.y1)) if other.y0 >= box.y1 else bottom
            top = min(top, max(_LEAST_PX, box.y0 - other.y1)) if other.y1 <= box.y0 else top
    return Box(box.x0 - left, box.y0 - top, box.x1 + right, box.y1 + bottom)


def _runs(page: Page, touched: Sequence[int], entity: str) -> list[_Run]:
    """Consecutive words joined as long as they stand on one line with no more than a blank or two between them."""
    runs: list[_Run] = []
    for index in touched:
        box, last = page.words[index].box, runs[-1].box if runs else None
        if last and _share_a_line(last, box) and -last.height < box.x0 - last.x1 <= _GAP_HEIGHTS * last.height:
            runs[-1] = runs[-1]._replace(box=union([last, box]))
        else:
            runs.append(_Run(box, index, entity))
    return runs


def _share_a_line(one: Box, other: Box) -> bool:
    """Whether they stand on one height: the boxes of words that run aslant touch at a corner, and a box around all would cover half a page."""
    shared = min(one.y1, other.y1) - max(one.y0, other.y0)
    return shared > _SHARED_HEIGHT * min(one.height, other.height)


def _whole(box: Box, page: Page) -> PixelBox:
    return PixelBox(
        max(0, math.floor(box.x0)),
        max(0, math.floor(box.y0)),
        min(page.width_px, math.ceil(box.x1)),
        min(page.height_px, math.ceil(box.y1)),
    )


def _shrunk(box: PixelBox) -> Box:
    """Inside the box, so that the label's characters lie under it and under nothing else."""
    rim = min(2.0, (box.x1 - box.x0) / 4, (box.y1 - box.y0) / 4)
    return Box(box.x0 + rim, box.y0 + rim, box.x1 - rim, box.y1 - rim)


def _visible(page: Page, hidden: set[int], boxes: Sequence[PixelBox], named: dict[int, Word]) -> tuple[Line, ...]:
    """The words that stay, and the labels; a word of which a letter is under a box can't be read any more and goes as well."""
    lines, index, cut = [], 0, _cut_by(boxes, page)
    for line in page.lines:
        words = []
        for word in line.words:
            if index in named:
                words.append(named[index])
            elif index not in hidden and index not in cut:
                words.append(word)
            index += 1
        if words:
            lines.append(Line(words=tuple(words)))
    return tuple(lines)


def _is_within(box: PixelBox, other: PixelBox) -> bool:
    width, height = min(box.x1, other.x1) - max(box.x0, other.x0), min(box.y1, other.y1) - max(box.y0, other.y0)
    return min(width, height) > 0 and width * height >= _MOSTLY * (box.x1 - box.x0) * (box.y1 - box.y0)


def _holds(box: PixelBox, other: PixelBox) -> bool:
    return box.x0 <= other.x0 and box.y0 <= other.y0 and other.x1 <= box.x1 and other.y1 <= box.y1


def _cut_by(boxes: Iterable[PixelBox], page: Page) -> set[int]:
    """The words, by their numbers, of which a box hides a letter."""
    places = np.array([word.box for word in page.words]).reshape(-1, 4)
    letters = np.array([max(1, len(word.text)) for word in page.words])
    (x0, y0, x1, y1), found = places.T, set[int]()
    middle, least = (y0 + y1) / 2, _LETTER_SHARE * (x1 - x0) / letters
    for box in boxes:
        under = np.minimum(box.x1, x1) - np.maximum(box.x0, x0)
        found.update(((box.y0 <= middle) & (middle < box.y1) & (under > least)).nonzero()[0].tolist())
    return found
