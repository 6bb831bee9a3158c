"""The fonts of purchase orders: DejaVu Sans, embedded, for Latin, Greek, Cyrillic and much else; named fonts for Chinese, Japanese and Korean.

The named ones are those of the predefined CMaps (ISO 32000-1, 9.7.5.2), which viewers bring or replace: such fonts are too large to carry along.
"""

import io
from contextlib import suppress
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Final

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
EASTERN: Final = (("gb2312", "STSong-Light"), ("big5", "MSung-Light"), ("shift_jis", "HeiseiKakuGo-W5"), ("euc_kr", "HYGothic-Medium"))
"""Character set -> the named font that has its letters: simplified and traditional Chinese, Japanese, Korean."""

_FIRST_EASTERN: Final = 0x2E80
"""Letters that DejaVu lacks below this are of scripts that no predefined CMap has."""


@lru_cache(maxsize=1)
def register_fonts() -> frozenset[int]:
    """Make the fonts known to reportlab; returns the code points that REGULAR and BOLD have."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - loads in 0.3 s, only where an order is printed
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415 - as above
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - as above

    folder = files("docmill.services.purchasing").joinpath("fonts")
    known: list[frozenset[int]] = []
    for name in (REGULAR, BOLD):
        font = TTFont(name, io.BytesIO(folder.joinpath(f"{name}.ttf").read_bytes()))
        pdfmetrics.registerFont(font)
        known.append(frozenset(font.face.charToGlyph))
    for _, name in EASTERN:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return known[0] & known[1]


def paragraph_markup(text: str) -> str:
    """One line as reportlab's paragraph markup, with the font of each run of letters that DejaVu lacks. Unprintable characters are left out."""
    known = register_fonts()
    runs = groupby((c for c in text if c.isprintable()), key=lambda c: ord(c) >= _FIRST_EASTERN and ord(c) not in known)
    shown = ((is_eastern, "".join(letters)) for is_eastern, letters in runs)
    return "".join(f'<font name="{_font_of(run)}">{escape(run)}</font>' if is_eastern else escape(run) for is_eastern, run in shown)


def _font_of(run: str) -> str:
    """The first font whose character set has all letters of a run."""
    for charset, font in EASTERN:
        with suppress(UnicodeEncodeError):
            run.encode(charset)
            return font
    return EASTERN[0][1]
