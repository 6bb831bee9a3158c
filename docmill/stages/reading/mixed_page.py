"""A page whose text layer is honest but does not say all that the page shows: its words, and between them those that only an engine sees.

Belongs here: what is kept of two readings of one page. Does not belong here: which pages are read twice (drawn_letters.py).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from docmill.stages.reading.layout import DirectedWord, lines_in_order
from docmill.stages.reading.text_layer import MOSTLY, TextLayer
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

_SURE: Final = 0.7  # confidence; what engines make of photos and charts has less
_LETTERS_LEAST: Final = 40  # letters and figures, some eight words: less is a logo or labels
_SHARE_LEAST: Final = 0.2  # of the layer's characters
_TURNED_SHARE: Final = 2.0


def mixed_page(layer: TextLayer, by_layer: Page, by_engine: Page) -> Page:
    """What is kept: the layer's reading where the engine saw hardly more, else the words of both in one order.

    An invisible layer that misses much was a failed OCR, and all of it is the engine's; so is a page that the engine had to turn.

    Args:
        layer: of the page.
        by_layer: the page as its text layer says.
        by_engine: the page as an engine read its image, at the same resolution.
    """
    if by_engine.turned_deg:
        return by_engine if _letters(by_engine.words) > _TURNED_SHARE * layer.chars else by_layer
    is_invisible = layer.invisible_share > MOSTLY
    others = _unknown(by_layer.words, by_engine.words) if is_invisible else _others([word.box for word in layer.words], by_engine.words)
    if _letters(others) < max(_LETTERS_LEAST, _SHARE_LEAST * layer.chars):
        return by_layer
    if is_invisible:
        return by_engine
    return by_engine.with_lines(_together(layer.words, others))


def _letters(words: Iterable[Word]) -> int:
    """Letters and figures of the words that are surely some."""
    counts = (sum(c.isalnum() for c in word.text) for word in words if word.confidence >= _SURE)
    return sum(count for count in counts if count > 1)


def _others(known: list[Box], words: Iterable[Word]) -> list[Word]:
    """The words that stand where no known box is."""
    return [word for word in words if not any(is_same_place(word.box, box) for box in known)]


def _unknown(known: Iterable[Word], words: Iterable[Word]) -> list[Word]:
    """The words that are none of the known ones, wherever these stand: OCR programs do not lay every word on its print."""
    unused = Counter(word.text.casefold() for word in known)
    found = []
    for word in words:
        if unused[word.text.casefold()] > 0:
            unused[word.text.casefold()] -= 1
        else:
            found.append(word)
    return found


def is_same_place(one: Box, other: Box) -> bool:
    """Whether the middle of one of two boxes lies in the other."""
    return _has_middle(one, other) or _has_middle(other, one)


def _has_middle(outer: Box, inner: Box) -> bool:
    x, y = (inner.x0 + inner.x1) / 2, (inner.y0 + inner.y1) / 2
    return outer.x0 <= x <= outer.x1 and outer.y0 <= y <= outer.y1


def _together(known: Iterable[DirectedWord], others: Iterable[Word]) -> tuple[Line, ...]:
    sure = {(word.text, word.box): word.confidence for word in others}
    lines = lines_in_order([*known, *(DirectedWord(text, box, 0) for text, box in sure)])
    return tuple(
        Line(words=tuple(word.model_copy(update={"confidence": sure.get((word.text, word.box), 1.0)}) for word in line.words))
        for line in lines
    )
