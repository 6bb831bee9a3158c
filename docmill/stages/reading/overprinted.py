"""Words that are printed twice to look bold or to cast a shadow: one of them is kept.

PDFium itself leaves out a piece of text that is drawn again right after itself; not a line that is drawn again after others.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from docmill.stages.reading.layout import DirectedWord
from docmill.values.geometry import Box

_OFFSET_PT: Final = 1.0
_BAND_PT: Final = 8.0  # words are looked up by text and square of the page, for a page has the same word thirty times
_OFFSET_IN_HEIGHTS: Final = 0.25  # the next word of the same text is at least a letter and a space away


def once(words: Sequence[DirectedWord], dpi: int) -> Sequence[DirectedWord]:
    """The words without those that stand nearly where the same word does already; of such a pair the later one, which lies on top, in the first one's place.

    Args:
        words: in the order of the content, boxes in pixels.
        dpi: the resolution of the boxes.
    """
    band = _BAND_PT * dpi / 72
    # a page has hundreds of words, and hardly ever one twice in one square: then nothing else is asked
    if len({(text, box[0] // band, box[1] // band) for text, box, _ in words}) == len(words):
        return words
    return _once(words, band, _OFFSET_PT * dpi / 72)


def _once(words: Iterable[DirectedWord], band: float, least: float) -> list[DirectedWord]:
    kept: list[DirectedWord] = []
    places: dict[tuple[str, int, int], set[int]] = {}
    for word in words:
        text, box, _ = word
        row, column = int(box[1] // band), int(box[0] // band)
        # what is near lies at most half a band away: in the same square or in one beside it
        rows, columns = (row, _beside(box[1], row, band)), (column, _beside(box[0], column, band))
        near = [(one, at) for one in rows for at in sorted({at for other in columns for at in places.get((text, one, other), ())})]
        if near:
            most = min(band / 2, max(least, _OFFSET_IN_HEIGHTS * min(box.height, box.width)))
            same = next(((one, at) for one, at in near if _is_near(kept[at].box, box, most)), None)
            if same is not None:
                kept[same[1]] = word
                places.setdefault((text, same[0], column), set()).add(same[1])  # the later one may stand in the next square
                continue
        places.setdefault((text, row, column), set()).add(len(kept))
        kept.append(word)
    return kept


def _beside(place: float, band_at: int, band: float) -> int:
    """The band nearer to a place than all others but its own."""
    return band_at + 1 if place / band - band_at > 0.5 else band_at - 1  # noqa: PLR2004 - the middle


def _is_near(one: Box, other: Box, most: float) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))
