"""Words that are printed twice to look bold or to cast a shadow: one of them is kept.

PDFium itself leaves out a piece of text that is drawn again right after itself; not a line that is drawn again after others.
"""

from collections.abc import Iterable
from typing import Final

from docmill.stages.reading.layout import DirectedWord
from docmill.values.geometry import Box

_OFFSET_PT: Final = 1.0
_OFFSET_IN_HEIGHTS: Final = 0.25  # the next word of the same text is at least a letter and a space away


def once(words: Iterable[DirectedWord], dpi: int) -> list[DirectedWord]:
    """The words without those that stand nearly where the same word does already; of such a pair the later one, which lies on top, in the first one's place.

    Args:
        words: in the order of the content, boxes in pixels.
        dpi: the resolution of the boxes.
    """
    kept: list[DirectedWord] = []
    places: dict[str, list[tuple[float, int]]] = {}
    least = _OFFSET_PT * dpi / 72
    for word in words:
        _, box, _ = word
        top, known = box.y0, places.setdefault(word.text, [])
        if known:  # a page has hundreds of words, and thirty times the same: heights are compared first
            most = max(least, _OFFSET_IN_HEIGHTS * min(box.y1 - top, box.x1 - box.x0))
            same = [at for y0, at in known if -most <= y0 - top <= most and _is_near(kept[at].box, box, most)]
            if same:
                kept[same[0]] = word
                continue
        known.append((top, len(kept)))
        kept.append(word)
    return kept


def _is_near(one: Box, other: Box, most: float) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))
