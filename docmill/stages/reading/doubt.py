"""Whether a page as an engine read it is to be believed, and what two engines' readings of one page say of one another.

The thresholds come from benchmarks/engines.py (docs/reading.md has the table).
"""

from collections import Counter
from types import MappingProxyType
from typing import Final

from docmill.values.page import Line, Page, Word

TRUSTED: Final = 0.9
"""Mean confidence from which a reading is taken. Tesseract on clean and scanned pages: .92-.97; on receipts and photos: .50-.90."""

_TURNED: Final = MappingProxyType({"rapidocr": TRUSTED})
_TURNED_ELSE: Final = 0.65
"""Mean confidence below which the page may lie on its side or head. Pages that do: .19-.52 by Tesseract, .63-.75 by RapidOCR, whose readings
of upright receipts have .97 and more."""

_UNCONFIRMED: Final = 0.8
_TALL_LETTERS: Final = 3
_TALL: Final = 1.2
_FEW_LETTERS: Final = 0.6


def doubt_of(page: Page) -> str | None:
    """Why this reading is doubtful, None if it is not."""
    if not page.words:
        return "no words found"
    if is_tall(page):
        return "most words stand on their side"
    if page.confidence < TRUSTED:
        return f"mean confidence {page.confidence:.2f}"
    return None


def may_be_turned(page: Page) -> bool:
    """Whether it is worth looking which way is up."""
    return not page.words or page.confidence < _TURNED.get(page.source, _TURNED_ELSE) or is_tall(page)


def is_tall(page: Page) -> bool:
    """Whether most words of some length are taller than wide: the page lies on its side, and the engine read it all the same."""
    words = [w for w in page.words if len(w.text) >= _TALL_LETTERS]
    tall = sum(1 for w in words if w.box.height > _TALL * w.box.width)
    return len(words) > 0 and tall > len(words) / 2


def told(page: Page, kind: str | None, doubt: str | None, *notes: str) -> Page:
    """The page with its reason: what kind of sheet it is, what was doubtful, and what was done."""
    turned = f"turned by {page.turned_deg}" if page.turned_deg else ""
    reasons = [kind, f"doubtful: {doubt}" if doubt else "", turned, *notes]
    return page.model_copy(update={"reason": ", ".join(filter(None, reasons))})


def better_of(first: Page, second: Page) -> Page:
    """The reading to keep of a page whose first reading is doubtful; its words that the other did not see lose confidence."""
    kept, other = (first, second) if _letters(second) < _FEW_LETTERS * sure_letters(first) else (second, first)
    return _weighed(kept, other)


def _weighed(page: Page, other: Page) -> Page:
    unused = Counter(_folded(word) for word in other.words)
    lines = []
    for line in page.lines:
        words = []
        for word in line.words:
            seen = unused[_folded(word)] > 0
            unused[_folded(word)] -= seen
            words.append(word if seen else word.model_copy(update={"confidence": round(word.confidence * _UNCONFIRMED, 4)}))
        lines.append(Line(words=tuple(words)))
    return page.with_lines(tuple(lines))


def _folded(word: Word) -> str:
    return "".join(c for c in word.text.casefold() if c.isalnum()) or word.text


def _letters(page: Page) -> int:
    return sum(len(w.text) for w in page.words)


def sure_letters(page: Page) -> float:
    """How many letters were read, each as much as its word is sure."""
    return sum(len(w.text) * w.confidence for w in page.words)
