"""The text layer of a PDF page: its words with boxes in pixels of the upright page image, and what is needed to judge it.

Words come from PDFium's characters. Order and lines are layout.py's, the verdict is judgement.py's.
"""

import ctypes
import itertools
import math
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged
from docmill.stages.reading.pdf_file import PageGeometry, geometry_of
from docmill.values.geometry import Box
from docmill.values.page import Word

# PDFium marks the hyphen at the end of a broken line with this code and then goes on in the next line without a space
_LINE_END_HYPHEN: Final = 0x02
_MOST_OBJECTS: Final = 20_000
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_NOTHING: Final = 0x200B
_ASLANT_DEG: Final = 4  # less is a page put crooked on the glass, whose lines are still told apart by their heights
_INVISIBLE_CODES = {0x00AD, _NOTHING, 0x200C, 0x200D, 0x2060, 0xFEFF}
_SPACE: Final = ord(" ")


class DirectedWord(NamedTuple):
    """A word and how it runs on the upright page image: 0 left to right, 90 downwards, 180 upside down, 270 upwards, others aslant."""

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


_Corners = tuple[float, float, float, float]
"""Left, bottom, right, top of a character or a word in the page's own points."""


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
        # a page has thousands of characters: each is asked for as little as possible, and its handle is looked up once
        handle, count = textpage.raw, max(0, raw.FPDFText_CountChars(textpage))
        unmapped = sum(raw.FPDFText_HasUnicodeMapError(handle, i) == 1 for i in range(count))
        codes = [raw.FPDFText_GetUnicode(handle, i) for i in range(count)]
        chars = sum(code > _SPACE for code in codes)
        words = tuple(_visible(_words(handle, codes, geometry, dpi), geometry.size_px(dpi)))
    finally:
        textpage.close()
    invisible, image_share, drawn = _drawing(page, geometry)
    return TextLayer(words, unmapped, chars, invisible, image_share, is_blank=not drawn)


def _words(handle: object, codes: list[int], geometry: PageGeometry, dpi: int) -> Iterator[DirectedWord]:
    """Runs of characters between spaces, line ends and gaps, in content order."""
    texts: list[str] = []
    places: list[_Corners] = []
    first, is_ended = 0, False
    corners_of = _corners_of(handle)
    for i, code in enumerate(itertools.chain(_joined(codes), [_SPACE])):
        text = _text_of(code)
        corners = corners_of(i) if text else None
        if texts and (text is None or (corners and (is_ended or _is_apart(places[-1], corners)))):
            box = geometry.upright_px(*_around(places), dpi).rounded()
            yield DirectedWord(Word(text="".join(texts), box=box, confidence=1.0), _direction(handle, first, geometry))
            texts, places = [], []
        if not text or corners is None:
            continue
        if not texts:
            first = i
        texts.append(text)
        places.append(corners)
        is_ended = code == _LINE_END_HYPHEN


def _around(places: list[_Corners]) -> _Corners:
    lefts, bottoms, rights, tops = zip(*places, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _joined(codes: list[int]) -> Iterator[int]:
    """Codes with pairs of surrogates joined: the first half shows nothing, the second the character."""
    high = 0
    for code in codes:
        if 0xD800 <= code < 0xDC00:  # noqa: PLR2004 - the first half of a pair, the other comes next
            high = code
            yield _NOTHING
        elif 0xDC00 <= code < 0xE000:  # noqa: PLR2004 - the second half
            yield 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0xFFFD
            high = 0
        else:
            yield code


def _corners_of(handle: object) -> Callable[[int], _Corners | None]:
    """What gives the corners of a character by its index, None where it has no place."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    places = (ctypes.byref(left), ctypes.byref(right), ctypes.byref(bottom), ctypes.byref(top))

    def corners_of(i: int) -> _Corners | None:
        if not raw.FPDFText_GetCharBox(handle, i, *places):
            return None
        found = (left.value, bottom.value, right.value, top.value)
        if found[0] < found[2] and found[1] < found[3]:
            return found
        loose = raw.FS_RECTF()  # a glyph without ink of its own, as in some Type 3 fonts
        raw.FPDFText_GetLooseCharBox(handle, i, loose)
        return loose.left, loose.bottom, loose.right, loose.top

    return corners_of


@lru_cache(maxsize=4096)
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


def _direction(handle: object, index: int, geometry: PageGeometry) -> int:
    angle = float(raw.FPDFText_GetCharAngle(handle, index))  # radians, clockwise before the page is turned; -1 for none
    degrees = math.degrees(angle) * (angle != -1)
    straight = round(degrees / 90) * 90
    return ((straight if abs(degrees - straight) < _ASLANT_DEG else round(degrees)) + geometry.rotation_deg) % 360


def _is_apart(last: _Corners, corners: _Corners) -> bool:
    """Whether two neighbours in the content can't belong to one word: a gap wider than they are big, in any direction."""
    left, bottom, right, top = corners
    gap = max(left - last[2], last[0] - right, bottom - last[3], last[1] - top)
    if gap <= min(right - left, top - bottom):  # nearly always
        return False
    sizes = (last[2] - last[0], last[3] - last[1], right - left, top - bottom)
    return sizes[0] + sizes[1] != 0 and sizes[2] + sizes[3] != 0 and gap > max(sizes)


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
