"""An invisible text layer in any script without a font file.

A Type 3 font with empty glyphs and a ToUnicode map (PDF 1.7, 9.6.5 and 9.10.3): nothing is drawn, every extractor reads the characters.
Every glyph is half an em wide and one em high, so a word set at its box's height and scaled to its width covers exactly its box.
"""

import math
import unicodedata
from collections.abc import Iterable
from itertools import groupby

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from docmill.values.page import Line

_FIRST, _LAST = 0x21, 0xFF  # 0x20 is the blank in every font
_GLYPH_WIDTH = 500  # of 1000
_GAP = 0.17  # of a word's height, kept free behind it
_LEAST_WIDTH = 0.4  # of a box, however close the next word is
_CODES = _LAST - _FIRST + 1
_RIGHT_TO_LEFT = frozenset(("R", "AL"))
_LEFT_TO_RIGHT = frozenset(("L", "EN", "AN", "ES", "ET", "CS"))  # Unicode's bidirectional classes (UAX 9)


def from_the_left(word: str) -> str:
    """The letters of a word in the order in which they stand on paper from left to right; numbers keep theirs.

    It is how they are written: extractors turn those of right-to-left scripts back.
    """
    if not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in word):
        return word
    runs = groupby(reversed(word), key=lambda c: unicodedata.bidirectional(c) in _LEFT_TO_RIGHT)
    return "".join("".join(run)[:: -1 if is_kept else 1] for is_kept, run in runs)


class InvisibleText:
    """Collects the characters of one document and writes pages of invisible words.

    Args:
        font_prefix: what the fonts' names begin with; another one where pages have fonts of their own.
        glyph: what is drawn for every character, in a cell of 500 x 1000; nothing unless said.
    """

    def __init__(self, font_prefix: str = "F", glyph: bytes = b"") -> None:
        self._prefix = font_prefix
        self._glyph = glyph
        self._codes: dict[str, int] = {}  # character -> running number

    def content(self, lines: Iterable[Line], *, scale: float, height_pt: float) -> bytes:
        """Content-stream operators that set the words. `scale` is points per pixel, `height_pt` the page's height."""
        parts = [b"BT 0 Tr" if self._glyph else b"BT 3 Tr"]
        for line in lines:
            for word, width_px in zip(line.words, _widths(line), strict=True):
                shown = [c for c in from_the_left(word.text) if c.isprintable() and c != " " and not 0xD800 <= ord(c) <= 0xDFFF]  # noqa: PLR2004 - lone surrogates
                if shown and word.box.width > 0 and word.box.height > 0:
                    size = word.box.height * scale
                    stretch = 100 * width_px * scale / (size * len(shown) * _GLYPH_WIDTH / 1000)
                    x, y = word.box.x0 * scale, height_pt - word.box.y1 * scale
                    parts.append(b"%.2f Tz 1 0 0 1 %.2f %.2f Tm" % (stretch, x, y))
                    parts.append(self._shown(shown, size))
        return b"\n".join([*parts, b"ET"])

    def _shown(self, characters: list[str], size: float) -> bytes:
        runs: list[tuple[int, bytes]] = []
        numbers = [self._codes.setdefault(c, len(self._codes)) for c in characters]
        for font, members in groupby(numbers, key=lambda number: number // _CODES):
            runs.append((font, bytes(number % _CODES + _FIRST for number in members)))
        # a blank ends every word, so that no extractor has to guess; in the same string, or PDFium sorts it behind a word that follows closely
        runs[-1] = (runs[-1][0], runs[-1][1] + b" ")
        return b" ".join(b"/%s%d %.2f Tf <%s> Tj" % (self._prefix.encode(), font, size, codes.hex().encode()) for font, codes in runs)

    def fonts(self, pdf: Pdf) -> Dictionary:
        """The /Font resources for all pages written so far, objects of `pdf`."""
        characters = list(self._codes)
        count = max(1, -(-len(characters) // _CODES))
        chosen = (characters[i * _CODES : (i + 1) * _CODES] for i in range(count))
        return Dictionary({f"/{self._prefix}{i}": pdf.make_indirect(_font(pdf, part, self._glyph)) for i, part in enumerate(chosen)})


def _widths(line: Line) -> list[float]:
    """Pixels each word is set to: its box's width, less where another word follows so closely that poppler would join the two.

    poppler leaves written blanks out of its text and makes its own from gaps, of 0.15 of the letters' height where it writes them raw.
    """
    boxes = [word.box for word in line.words]
    widths = []
    for box in boxes:
        # by place and not by order: words of right-to-left scripts follow on the left
        after = min((other.x0 for other in boxes if other.x0 > box.x0), default=math.inf)
        widths.append(max(min(box.width, after - _GAP * box.height - box.x0), _LEAST_WIDTH * box.width))
    return widths


def _font(pdf: Pdf, characters: list[str], glyph: bytes) -> Dictionary:
    codes = [0x20, *range(_FIRST, _FIRST + len(characters))]
    empty = pdf.make_indirect(pdf.make_stream(b"%d 0 0 0 %d 1000 d1 %s" % (_GLYPH_WIDTH, _GLYPH_WIDTH, glyph)))
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=Array([0, 0, _GLYPH_WIDTH, 1000]),
        FontMatrix=Array([pikepdf.Object.parse(b"0.001"), 0, 0, pikepdf.Object.parse(b"0.001"), 0, 0]),
        CharProcs=Dictionary({f"/g{code:02x}": empty for code in codes}),
        Encoding=Dictionary(Type=Name.Encoding, Differences=Array([0x20, *(Name(f"/g{code:02x}") for code in codes)])),
        FirstChar=0x20,
        LastChar=codes[-1],
        Widths=Array([_GLYPH_WIDTH] * len(codes)),
        Resources=Dictionary(),
        ToUnicode=pdf.make_indirect(pdf.make_stream(_to_unicode([" ", *characters]))),
    )


def _to_unicode(characters: list[str]) -> bytes:
    """A ToUnicode CMap (Adobe Technical Note 5411): code 0x20 + n is the n-th character; at most 100 entries a section."""
    rows = [f"<{0x20 + n:02X}> <{c.encode('utf-16-be').hex().upper()}>" for n, c in enumerate(characters)]
    sections = []
    for at in range(0, len(rows), 100):
        part = rows[at : at + 100]
        sections.append("\n".join([f"{len(part)} beginbfchar", *part, "endbfchar"]))
    head = "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /U def\n/CMapType 2 def"
    space = "1 begincodespacerange\n<00> <FF>\nendcodespacerange"
    tail = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    return "\n".join([head, space, *sections, tail]).encode("ascii")
