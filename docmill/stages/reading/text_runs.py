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

from docmill.stages.reading.layout import DirectedWord
from docmill.stages.reading.pdf_file import Corners, PageGeometry

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

_POINTER: Final = ctypes.c_void_p
_get_rect: Final = ctypes.CFUNCTYPE(ctypes.c_int, _POINTER, ctypes.c_int, *[_POINTER] * 4)(
    ctypes.cast(raw.FPDFText_GetRect, _POINTER).value or 0
)
"""FPDFText_GetRect by addresses: pypdfium2's typed pointers would be checked anew for each word, which takes as long as the call."""

_NO_SPACES: Final = re.compile(r"\S+")


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
    places, upright = _Places(handle), geometry.upright_px(dpi)
    turned_deg, angle_of = geometry.rotation_deg, raw.FPDFText_GetCharAngle
    is_plain = max(codes, default=0) <= _LAST_PLAIN and _SPECIAL.isdisjoint(codes)  # nearly always
    for text, first, corners in _plainly_placed(codes, places) if is_plain else _runs_placed(codes, places):
        try:
            box = upright(corners)
        except (OverflowError, ValueError):  # a page may put its text at infinity, where nobody sees it
            continue
        angle = angle_of(handle, first)
        yield DirectedWord(text, box, _direction(angle, turned_deg) if angle else turned_deg)


_PlacedText = tuple[str, int, Corners]
"""A word's text, the index of its first character, and its place."""


def _plainly_placed(codes: list[int], places: "_Places") -> Iterator[_PlacedText]:
    """Words of codes that all show their character."""
    of_run = places.of_run
    for found in _NO_SPACES.finditer("".join(map(chr, codes))):
        first, end = found.span()
        whole = of_run(first, end - first)
        if whole is not None:
            yield found.group(), first, whole
        else:
            yield from _placed(_Run(found.group(), range(first, end)), places)


def _runs_placed(codes: list[int], places: "_Places") -> Iterator[_PlacedText]:
    """Words of codes that must be looked at one by one."""
    for run in _runs(codes):
        whole = places.of_run(run.indices[0], len(run.indices)) if run.is_unbroken else None
        if whole is not None:
            yield "".join(run.texts), run.indices[0], whole
        else:
            yield from _placed(run, places)


def _runs(codes: list[int]) -> Iterator[_Run]:
    """Characters between spaces, those left out that show nothing."""
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


def _placed(run: _Run, places: "_Places") -> Iterator[_PlacedText]:
    """The word of a run that is not drawn in one piece, or several where its characters stand apart."""
    texts: list[str] = []
    corners: list[Corners] = []
    first = run.indices[0]
    for text, i in zip(run.texts, run.indices, strict=True):
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
        self._address = ctypes.cast(handle, ctypes.c_void_p).value  # type: ignore[arg-type] # a pointer of PDFium's
        self._edges = (ctypes.c_double * 4)()  # left, bottom, right, top
        left, bottom, right, top = (ctypes.c_double.from_buffer(self._edges, 8 * i) for i in range(4))
        self._box = tuple(map(ctypes.byref, (left, right, bottom, top)))
        self._rect = tuple(map(ctypes.addressof, (left, top, right, bottom)))

    def of(self, i: int) -> Corners | None:
        """The place of one character; None where it has none."""
        if not raw.FPDFText_GetCharBox(self._handle, i, *self._box):
            return None
        if (found := self._found()) is not None:
            return found
        loose = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._handle, i, loose)
        return loose.left, loose.bottom, loose.right, loose.top

    def of_run(self, first: int, count: int) -> Corners | None:
        """The place of `count` characters drawn in one piece; None where they are not, or show no ink."""
        if count == 1:
            return self.of(first)
        if raw.FPDFText_CountRects(self._handle, first, count) != 1 or not _get_rect(self._address, 0, *self._rect):
            return None
        return self._found()

    def _found(self) -> Corners | None:
        """The rectangle just asked for; None where it is a line: glyphs without ink, as some OCR programs lay them under scans, have no more."""
        left, bottom, right, top = self._edges
        return (left, bottom, right, top) if right - left > _NO_INK_PT and top - bottom > _NO_INK_PT else None


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


def _direction(angle: float, turned_deg: int) -> int:
    """Whole degrees on the upright page of PDFium's angle of a character: radians, clockwise before the page is turned; -1 for none."""
    degrees = math.degrees(angle) * (angle != -1)
    straight = round(degrees / 90) * 90
    return ((straight if abs(degrees - straight) < _ASLANT_DEG else round(degrees)) + turned_deg) % 360


def _is_apart(last: Corners, corners: Corners) -> bool:
    """Whether two neighbours in the content can't belong to one word: a gap wider than they are big, in any direction."""
    left, bottom, right, top = corners
    gap = max(left - last[2], last[0] - right, bottom - last[3], last[1] - top)
    if gap <= min(right - left, top - bottom):  # nearly always
        return False
    sizes = (last[2] - last[0], last[3] - last[1], right - left, top - bottom)
    return sizes[0] + sizes[1] != 0 and sizes[2] + sizes[3] != 0 and gap > max(sizes)
