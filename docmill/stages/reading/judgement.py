"""Whether a page's text layer is worth reading, or the page image must be read instead. The reason is kept as evidence on the page."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from typing import Final

from docmill.stages.reading.text_layer import MOSTLY, TextLayer

_FULL_PAGE: Final = 0.55  # an image over more of the page than this may be a scan of it
_STAMP_CHARS: Final = 300  # court and scanner stamps printed over a scan stay below this
_HIDDEN_CHARS: Final = 60  # an invisible layer with fewer is the rest of a failed OCR
_FEW_CHARS: Final = 12
_UNMAPPED_SHARE: Final = 0.1
_ODD_SHARE: Final = 0.35
_VOWEL_SHARE: Final = 0.2  # languages in Latin script have .30-.50; letters shifted by a wrong encoding about .13
_LETTERS_TO_JUDGE: Final = 60
_SINGLE_SHARE: Final = 0.6

_VOWELS: Final = "aeiouy"
_CID = re.compile(r"\(cid:\d+\)", re.IGNORECASE)
_EVERYDAY = set(".,;:!?%&/()[]{}'\"+-*=<>#@$€£¥§°_|\\~^`´·•–—‘’“”„«»…©®™×±²³½¼¾\u00a0№←→↑↓■□▪●○✓✔☐☑☒")  # noqa: RUF001 - typographic on purpose

_RULES = set("._-…·–—")  # noqa: RUF001 - leaders of a table of contents and lines to fill in may outnumber the letters


def judge_text_layer(layer: TextLayer) -> tuple[bool, str]:
    """Whether the layer is usable, and why.

    Returns:
        (usable, reason); the reason is a sentence for people without any text of the page.
    """
    tokens = [word.text for word in layer.words]
    if not tokens:
        return False, "no text layer"
    if garbage := garbage_reason(tokens, layer.unmapped_chars, layer.chars):
        return False, garbage
    if layer.invisible_share > MOSTLY:
        enough = layer.chars >= _HIDDEN_CHARS and _wordlike_share(tokens) >= MOSTLY
        return (True, "invisible text layer that reads as words") if enough else (False, "invisible text layer that is no text")
    unusable = _unseen_reason(layer)
    return not unusable, unusable or "usable text layer" + (
        f"; words left out that nobody sees: {layer.hidden_words}" if layer.hidden_words else ""
    )


def _unseen_reason(layer: TextLayer) -> str | None:
    """Why the layer is not what people see on the page, or None if it is."""
    if layer.hidden_share > MOSTLY:
        return "text layer that nobody sees, covered, clipped, switched off or in the colour of the paper"
    if layer.image_share > _FULL_PAGE and layer.chars < _STAMP_CHARS:
        return f"only {layer.chars} characters over an image of the page"
    if layer.chars < _FEW_CHARS and layer.image_share > 0:
        return f"only {layer.chars} characters beside an image"
    return None


def garbage_reason(tokens: Iterable[str], unmapped_chars: int, chars: int) -> str | None:
    """Why these words are no readable text, or None if they are."""
    text = "".join(tokens := list(tokens))
    if not text:
        return "no text layer"
    if len("".join(_CID.findall(text))) > len(text) * _UNMAPPED_SHARE:
        return "text layer of glyph numbers"
    counts = Counter(text)  # a page has thousands of characters and a hundred different ones
    codeless = sum(n for c, n in counts.items() if c == "\ufffd" or unicodedata.category(c) in {"Co", "Cn", "Cc", "Cs"})
    if max(codeless / len(text), unmapped_chars / max(1, chars)) > _UNMAPPED_SHARE:
        return "text layer with characters that have no meaning"
    ruled = len(text) - sum(counts[c] for c in _RULES)
    symbols = {c: n for c, n in counts.items() if c not in _RULES and not c.isalnum() and not unicodedata.category(c).startswith("M")}
    odd = sum(n for c, n in symbols.items() if c not in _EVERYDAY)
    if ruled >= _LETTERS_TO_JUDGE and (odd / ruled > _ODD_SHARE or sum(symbols.values()) / ruled > 2 * _ODD_SHARE):
        return "text layer of symbols"
    return _latin_garbage(tokens)


def _latin_garbage(tokens: list[str]) -> str | None:
    letters = "".join(map(_latin_letters, tokens))
    if len(letters) >= _LETTERS_TO_JUDGE and sum(map(letters.count, _VOWELS)) / len(letters) < _VOWEL_SHARE:
        return "text layer whose words cannot be pronounced"
    if len(tokens) >= _LETTERS_TO_JUDGE and sum(len(t) == 1 and t.isascii() and t.isalpha() for t in tokens) / len(tokens) > _SINGLE_SHARE:
        return "text layer of single letters"
    return None


def _wordlike_share(tokens: list[str]) -> float:
    """Share of the tokens that are a number or can be a word, 0.0-1.0."""
    good = sum(1 for t in tokens if any(c.isdigit() for c in t) or not t.isascii() or _has_vowel(t))
    return good / len(tokens)


def _has_vowel(token: str) -> bool:
    return any(c in _VOWELS for c in _plain(token))


def _latin_letters(token: str) -> str:
    """The plain letters of a word in Latin script; empty for anything else."""
    core = token.strip(".,;:!?()[]\"'")
    if len(core) < 3 or not core.isalpha():  # noqa: PLR2004 - shorter ones may be abbreviations
        return ""
    plain = _plain(core)
    return plain if plain.isascii() else ""


def _plain(token: str) -> str:
    """Lower case letters without accents."""
    if token.isascii() and token.isalpha():
        return token.lower()
    return "".join(c for c in unicodedata.normalize("NFD", token.lower()) if not unicodedata.combining(c) and c.isalpha())
