"""Words of a PDF page's text layer, out of PDFium's characters: runs between spaces, line ends and gaps, each with its place and direction.

A page has thousands of characters, and asking PDFium about one costs about a microsecond: all codes come in one call, and a run's place in one
where the run is drawn in one piece. What the words mean for the page is text_layer.py's, order and lines are layout.py's.
"""

import ctypes
import itertools
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pypdfium2 import raw

from docmill.stages.reading.pdf_file import PageGeometry
from docmill.values.page import Word

# PDFium marks the hyphen at the end of a broken line with this code and then goes on in the next line without a space
_LINE_END_HYPHEN: Final = 0x02
_HYPHEN_IN_TEXT: Final = 0xFFFE
"""How the text of many characters at once shows that hyphen."""

_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_NOTHING: Final = 0x200B
_INVISIBLE_CODES = {0x00AD, _NOTHING, 0x200C, 0x200D, 0x2060, 0xFEFF}
_ASLANT_DEG: Final = 4  # less is a page put crooked on the glass, whose lines are still told apart by their heights
_NO_INK_PT: Final = 0.05
"""PDFium gives glyphs without ink a box 0.02 points high."""

_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_SPACE: Final = ord(" ")
_LAST_PLAIN: Final = 0xD7FF
"""Surrogates, private codes, ligatures and other rarities come after it."""

_SPECIAL: Final = frozenset(_INVISIBLE_CODES | {c for c in range(0xA0) if unicodedata.category(chr(c)) == "Cc" and not chr(c).isspace()})
"""Codes up to the last plain one whose text is not simply their character."""

_NO_SPACES: Final = re.compile(r"\S+")


class DirectedWord(NamedTuple):
    """A word and how it runs on the upright page image: 0 left to right, 90 downwards, 180 upside down, 270 upwards, others aslant."""

    word: Word
    direction_deg: int


Corners = tuple[float, float, float, float]
"""Left, bottom, right, top of a character or a word in the page's own points."""


class _Run(NamedTuple):
    """Characters without a space between them: their texts and indices in the page."""

    texts: Sequence[str]
    indices: Sequence[int]

    @property
    def is_unbroken(self) -> bool:
        """Whether no character between the first and the last one shows nothing."""
        return self.indices[-1] - self.indices[0] + 1 == len(self.indices)


def codes_of(handle: object, count: int) -> list[int]:
    """UTF-16 code units of a text page's characters, one for each of PDFium's indices."""
    units = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(handle, 0, count, units) != count + 1:  # it left some out: then indices would not fit
        return [raw.FPDFText_GetUnicode(handle, i) for i in range(count)]
    codes: list[int] = units[:count]
    if _HYPHEN_IN_TEXT in codes:
        codes = [raw.FPDFText_GetUnicode(handle, i) if code == _HYPHEN_IN_TEXT else code for i, code in enumerate(codes)]
    return codes


def words_of(handle: object, codes: list[int], geometry: PageGeometry, dpi: int) -> Iterator[DirectedWord]:
    """Words in content order, boxes in pixels of the upright page image, rounded to a tenth; what lies outside the page too.

    Args:
        handle: PDFium's text page.
        codes: as `codes_of` gave them.
        geometry: the page's.
        dpi: pixels per inch.
    """
    places = _Places(handle)
    for run in _runs(codes):
        for text, first, corners in _placed(run, places):
            box = geometry.upright_px(*corners, dpi).rounded()
            yield DirectedWord(Word(text=text, box=box, confidence=1.0), _direction(handle, first, geometry))


def _runs(codes: list[int]) -> Iterator[_Run]:
    if max(codes, default=0) <= _LAST_PLAIN and _SPECIAL.isdisjoint(codes):  # nearly always
        for found in _NO_SPACES.finditer("".join(map(chr, codes))):
            yield _Run(found.group(), range(*found.span()))
        return
    texts: list[str] = []
    indices: list[int] = []
    for i, code in enumerate(itertools.chain(_joined(codes), [_SPACE])):
        text = _text_of(code)
        if text:
            texts.append(text)
            indices.append(i)
        if texts and (text is None or code == _LINE_END_HYPHEN):
            yield _Run(texts, indices)
            texts, indices = [], []


def _placed(run: _Run, places: "_Places") -> Iterator[tuple[str, int, Corners]]:
    """The words of a run: its text, first index and place, or several where its characters stand apart."""
    indices = run.indices
    if run.is_unbroken and (whole := places.of_run(indices[0], len(indices))) is not None:
        yield "".join(run.texts), indices[0], whole
        return
    texts: list[str] = []
    corners: list[Corners] = []
    first = indices[0]
    for text, i in zip(run.texts, indices, strict=True):
        place = places.of(i)
        if place is None:
            continue
        if texts and _is_apart(corners[-1], place):
            yield "".join(texts), first, _around(corners)
            texts, corners = [], []
        if not texts:
            first = i
        texts.append(text)
        corners.append(place)
    if texts:
        yield "".join(texts), first, _around(corners)


class _Places:
    """Where characters of a text page stand."""

    def __init__(self, handle: object) -> None:
        self._handle = handle
        self._left, self._right, self._bottom, self._top = (ctypes.c_double() for _ in range(4))
        self._box = tuple(ctypes.byref(edge) for edge in (self._left, self._right, self._bottom, self._top))
        self._rect = tuple(ctypes.byref(edge) for edge in (self._left, self._top, self._right, self._bottom))

    def of(self, i: int) -> Corners | None:
        """The place of one character; None where it has none."""
        if not raw.FPDFText_GetCharBox(self._handle, i, *self._box):
            return None
        if self._shows_ink():
            return self._found()
        loose = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._handle, i, loose)
        return loose.left, loose.bottom, loose.right, loose.top

    def of_run(self, first: int, count: int) -> Corners | None:
        """The place of `count` characters drawn in one piece; None where they are not, or show no ink."""
        if count == 1:
            return self.of(first)
        if raw.FPDFText_CountRects(self._handle, first, count) != 1 or not raw.FPDFText_GetRect(self._handle, 0, *self._rect):
            return None
        return self._found() if self._shows_ink() else None

    def _shows_ink(self) -> bool:
        """Whether the rectangle just asked for is more than a line: glyphs without ink, as some OCR programs lay them under scans, have none."""
        return self._right.value - self._left.value > _NO_INK_PT and self._top.value - self._bottom.value > _NO_INK_PT

    def _found(self) -> Corners:
        return self._left.value, self._bottom.value, self._right.value, self._top.value


def _around(corners: list[Corners]) -> Corners:
    lefts, bottoms, rights, tops = zip(*corners, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _joined(codes: list[int]) -> Iterator[int]:
    """Codes with pairs of surrogates joined: the first half shows nothing, the second the character."""
    high = 0
    for code in codes:
        if code in _HIGH_SURROGATES:
            high = code
            yield _NOTHING
        elif code in _LOW_SURROGATES:
            yield 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00 if high else 0xFFFD
            high = 0
        else:
            yield code


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


def _is_apart(last: Corners, corners: Corners) -> bool:
    """Whether two neighbours in the content can't belong to one word: a gap wider than they are big, in any direction."""
    left, bottom, right, top = corners
    gap = max(left - last[2], last[0] - right, bottom - last[3], last[1] - top)
    if gap <= min(right - left, top - bottom):  # nearly always
        return False
    sizes = (last[2] - last[0], last[3] - last[1], right - left, top - bottom)
    return sizes[0] + sizes[1] != 0 and sizes[2] + sizes[3] != 0 and gap > max(sizes)
