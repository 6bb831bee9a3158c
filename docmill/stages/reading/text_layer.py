"""The text layer of a PDF page: its words with boxes in pixels of the upright page image, and what is needed to judge it.

How characters become words is text_runs.py's, what is drawn is page_drawing.py's, which words nobody sees hidden_text.py's, what is read beside them
drawn_letters.py's, order and lines are layout.py's, the verdict is judgement.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged
from docmill.stages.reading.drawn_letters import shows_other_letters
from docmill.stages.reading.hidden_text import unseen_words
from docmill.stages.reading.layout import DirectedWord
from docmill.stages.reading.overprinted import once
from docmill.stages.reading.page_drawing import drawing_of
from docmill.stages.reading.pdf_file import geometry_of
from docmill.stages.reading.text_runs import codes_of, words_of
from docmill.values.geometry import Box

MOSTLY: Final = 0.5
"""Share from which most of a page's text is."""

_MAPPINGS_ASKED: Final = 500
_SPACE: Final = ord(" ")


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What the page's content says.

    Attributes:
        words: in the order of the content, visible part of the page only.
        unmapped_chars: characters without a Unicode meaning; on pages of more than 500 reckoned from 500 and more of them.
        chars: all characters that are no space.
        invisible_share: share of text objects that are drawn invisible (as OCR programs lay them under a scan), 0.0-1.0.
        image_share: share of the page that its images cover together, 0.0-1.0.
        is_blank: the page draws nothing at all.
        hidden_share: share of words that are written and yet not to be seen, 0.0-1.0; looked for only where the drawing is suspicious and most
            of the text is not invisible anyway. Where it is at most half, these words are left out of `words`.
        hidden_words: how many were left out.
        shows_other_letters: whether the page seems to show letters that are none of its text, as pictures, outlines or a pattern.
    """

    words: tuple[DirectedWord, ...]
    unmapped_chars: int
    chars: int
    invisible_share: float
    image_share: float
    is_blank: bool
    hidden_share: float = 0.0
    hidden_words: int = 0
    shows_other_letters: bool = False


def text_layer_of(page: pdfium.PdfPage, dpi: int) -> TextLayer:
    """The page's words at a resolution, and the facts that judge them.

    Raises:
        Damaged: the page's content cannot be parsed.
    """
    geometry = geometry_of(page)
    try:
        textpage = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise Damaged("the page's text cannot be parsed") from error
    try:
        handle, count = textpage.raw, max(0, raw.FPDFText_CountChars(textpage))
        unmapped, codes = _unmapped(handle, count), codes_of(handle, count)
        chars = len([code for code in codes if code > _SPACE])
        words = tuple(once(tuple(_visible(words_of(handle, codes, geometry, dpi), geometry.size_px(dpi))), dpi))
    finally:
        textpage.close()
    drawing = drawing_of(page, geometry)
    invisible, hidden = drawing.invisible_share, set[int]()
    if words and invisible <= MOSTLY:
        hidden = unseen_words(page, drawing, geometry, [word.box for word in words], dpi)
    hidden_share = len(hidden) / max(1, len(words))
    if hidden and hidden_share <= MOSTLY:
        words = tuple(word for at, word in enumerate(words) if at not in hidden)
    others = bool(words) and hidden_share <= MOSTLY and shows_other_letters(page, drawing, geometry, [word.box for word in words], dpi)
    return TextLayer(
        words,
        unmapped,
        chars,
        invisible,
        drawing.image_share,
        is_blank=not drawing.is_drawn,
        hidden_share=hidden_share,
        hidden_words=len(hidden) if hidden_share <= MOSTLY else 0,
        shows_other_letters=others,
    )


def _unmapped(handle: object, count: int) -> int:
    asked = range(0, count, max(1, count // _MAPPINGS_ASKED))
    found = sum(bool(raw.FPDFText_HasUnicodeMapError(handle, i) == 1) for i in asked)
    return round(found * count / max(1, len(asked)))


def _visible(words: Iterator[DirectedWord], size_px: tuple[int, int]) -> Iterator[DirectedWord]:
    width, height = size_px
    for word in words:
        x0, y0, x1, y1 = word.box
        if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:  # nearly always
            yield word
        elif 0 <= (x0 + x1) / 2 <= width and 0 <= (y0 + y1) / 2 <= height:
            inside = Box(max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1))
            yield word._replace(box=inside)
