"""The text layer of a PDF page: its words with boxes in pixels of the upright page image, and what is needed to judge it.

Words come from PDFium's characters. Order and lines are layout.py's, the verdict is judgement.py's.
"""

import ctypes
import itertools
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged
from docmill.stages.reading.pdf_file import PageGeometry, geometry_of
from docmill.values.geometry import Box, union
from docmill.values.page import Word

# PDFium marks the hyphen at the end of a broken line with this code and then goes on in the next line without a space
_LINE_END_HYPHEN: Final = 0x02
_MOST_OBJECTS: Final = 20_000
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_INVISIBLE_CODES = {0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF}


class DirectedWord(NamedTuple):
    """A word and how it runs on the upright page image: 0 left to right, 90 downwards, 180 upside down, 270 upwards."""

    word: Word
    direction_deg: int


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What the page's content says.

    Attributes:
        words: in the order of the content, visible part of the page only.
        unmapped_chars: characters without a Unicode meaning.
        chars: all characters that are no space.
        invisible_share: share of text objects that are drawn invisible (as OCR programs lay them under a scan), 0.0-1.0.
        image_share: share of the page that its images cover, 0.0-1.0, the largest image counts.
        is_blank: the page draws nothing at all.
    """

    words: tuple[DirectedWord, ...]
    unmapped_chars: int
    chars: int
    invisible_share: float
    image_share: float
    is_blank: bool


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    box: Box
    direction_deg: int
    ends_word: bool


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
        count = max(0, raw.FPDFText_CountChars(textpage))
        unmapped = sum(1 for i in range(count) if raw.FPDFText_HasUnicodeMapError(textpage, i) == 1)
        chars = sum(1 for i in range(count) if raw.FPDFText_GetUnicode(textpage, i) > ord(" "))
        words = tuple(_visible(_words(_chars(textpage, count, geometry, dpi)), geometry.size_px(dpi)))
    finally:
        textpage.close()
    invisible, image_share, drawn = _drawing(page, geometry)
    return TextLayer(words, unmapped, chars, invisible, image_share, is_blank=not drawn)


def _chars(textpage: pdfium.PdfTextPage, count: int, geometry: PageGeometry, dpi: int) -> Iterator[_Char | None]:
    """Characters in content order; None for every space or line end."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    high = 0
    for i in range(count):
        code = raw.FPDFText_GetUnicode(textpage, i)
        if 0xD800 <= code < 0xDC00:  # noqa: PLR2004 - the first half of a surrogate pair, the other comes next
            high = code
            continue
        if 0xDC00 <= code < 0xE000:  # noqa: PLR2004 - the second half
            code, high = (0x10000 + ((high - 0xD800) << 10) + code - 0xDC00, 0) if high else (0xFFFD, 0)
        text = _text_of(code)
        if text is None:
            yield None
        elif text and raw.FPDFText_GetCharBox(textpage, i, left, right, bottom, top):
            if left.value >= right.value or bottom.value >= top.value:  # a glyph without ink of its own, as in some Type 3 fonts
                loose = raw.FS_RECTF()
                raw.FPDFText_GetLooseCharBox(textpage, i, loose)
                left.value, bottom.value, right.value, top.value = loose.left, loose.bottom, loose.right, loose.top
            box = geometry.upright_px(left.value, bottom.value, right.value, top.value, dpi)
            yield _Char(text, box, _direction(textpage, i, geometry), code == _LINE_END_HYPHEN)


def _text_of(code: int) -> str | None:
    """The text of a code: None for a space, empty for what shows nothing."""
    if code == _LINE_END_HYPHEN:
        return "-"
    if code in _INVISIBLE_CODES or code > 0x10FFFF:  # noqa: PLR2004 - the end of Unicode
        return ""
    text = _LIGATURES.get(code) or chr(code)
    if text.isspace():
        return None
    category = unicodedata.category(text[0])
    return "\ufffd" if category == "Cc" else text


def _direction(textpage: pdfium.PdfTextPage, index: int, geometry: PageGeometry) -> int:
    angle = float(raw.FPDFText_GetCharAngle(textpage, index))  # radians, clockwise before the page is turned; -1 for none
    return (round(math.degrees(angle) / 90) * 90 * (angle != -1) + geometry.rotation_deg) % 360


def _words(chars: Iterator[_Char | None]) -> Iterator[DirectedWord]:
    run: list[_Char] = []
    for char in itertools.chain(chars, [None]):
        if run and (char is None or run[-1].ends_word or _is_apart(run[-1].box, char.box)):
            box = union([c.box for c in run])
            yield DirectedWord(Word(text="".join(c.text for c in run), box=box.rounded(), confidence=1.0), run[0].direction_deg)
            run = []
        if char is not None:
            run.append(char)


def _is_apart(last: Box, box: Box) -> bool:
    """Whether two neighbours in the content can't belong to one word: a gap wider than they are big, in any direction."""
    if not last.width + last.height or not box.width + box.height:
        return False
    size = max(last.width, last.height, box.width, box.height)
    gap_x = max(box.x0 - last.x1, last.x0 - box.x1)
    gap_y = max(box.y0 - last.y1, last.y0 - box.y1)
    return gap_x > size or gap_y > size


def _visible(words: Iterator[DirectedWord], size_px: tuple[int, int]) -> Iterator[DirectedWord]:
    width, height = size_px
    for word, direction_deg in words:
        box = word.box
        if 0 <= (box.x0 + box.x1) / 2 <= width and 0 <= (box.y0 + box.y1) / 2 <= height:
            inside = Box(max(0.0, box.x0), max(0.0, box.y0), min(float(width), box.x1), min(float(height), box.y1))
            yield DirectedWord(word if inside == box else word.model_copy(update={"box": inside}), direction_deg)


def _drawing(page: pdfium.PdfPage, geometry: PageGeometry) -> tuple[float, float, bool]:
    """Share of invisible text objects, share of the page under its largest image, and whether anything is drawn."""
    texts = invisible = 0
    image_share = 0.0
    drawn = raw.FPDFPage_GetAnnotCount(page) > 0
    width, height = geometry.size_pt
    try:
        for drawing in itertools.islice(page.get_objects(), _MOST_OBJECTS):
            drawn = drawn or drawing.type != raw.FPDF_PAGEOBJ_FORM
            if drawing.type == raw.FPDF_PAGEOBJ_TEXT:
                texts += 1
                invisible += raw.FPDFTextObj_GetTextRenderMode(drawing) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
            elif drawing.type == raw.FPDF_PAGEOBJ_IMAGE:
                left, bottom, right, top = drawing.get_bounds()
                image_share = max(image_share, (right - left) * (top - bottom) / max(1.0, width * height))
    except pdfium.PdfiumError as error:
        raise Damaged("the page's content cannot be parsed") from error
    return invisible / max(1, texts), min(1.0, image_share), drawn
