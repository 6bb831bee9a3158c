"""Characters that Word inserts by font and code (`w:sym`) as Unicode: those of Symbol, and the boxes, ticks, bullets and arrows of Wingdings."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
_PRIVATE: Final = range(0xE000, 0xF900)  # where a code is of the font alone
_CODES: Final = range(0xF000, 0xF100)  # its codes of one byte, as Word writes them
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST: Final = 0x10FFFF

# as Adobe's Symbol.txt has them, from 0x20 and from 0xA0
_GREEK: Final = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_SIGNS: Final = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊\u2329®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪"
_MORE_SIGNS: Final = "\u232a∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭"
_SYMBOL: Final = {**dict(enumerate(_GREEK, 0x20)), **dict(enumerate(_SIGNS, 0xA0)), **dict(enumerate(_MORE_SIGNS, 0xF1))}
_CIRCLED: Final = "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"
# where Unicode has a sign for a glyph alone (L2/12-368), the common one that fonts have and people search for
_WINGDINGS: Final = {
    **dict(enumerate(_CIRCLED, 0x80)),
    0x28: "☎", 0x2A: "✉", 0x45: "☜", 0x46: "☞", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6E: "■", 0x6F: "☐", 0x71: "☐", 0x72: "☐",
    0x75: "◆", 0x76: "❖", 0x78: "☒", 0x9E: "·", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "☐", 0xD8: "➢", 0xDF: "←", 0xE0: "→",
    0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2: Final = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐"}
_FONTS: Final[Mapping[str, Mapping[int, str]]] = MappingProxyType(
    {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": {0x61: "✓", 0x63: "☐", 0x72: "✗"}}
)


def symbol(font: str, code: str) -> str:
    """The character; U+FFFD for one that is not known, so that something is seen to stand there.

    Args:
        font: its name.
        code: hexadecimal; in the private area of Unicode, in a byte, or that of Unicode itself.
    """
    try:
        number = int(code, 16)
    except ValueError:
        return _UNKNOWN
    if (table := _FONTS.get(font.strip().lower())) is not None:
        return table.get(number - _CODES.start if number in _CODES else number, _UNKNOWN)
    return chr(number) if 0x20 <= number <= _LAST and number not in _SURROGATES and number not in _PRIVATE else _UNKNOWN  # noqa: PLR2004 - a blank
