"""The vendor's name: the most prominent line at the top of the first page. Simple, so its confidence is low."""

import re
from dataclasses import dataclass

from docmill.stages.understanding.labels import COMPANY_FORMS, TITLE_WORDS
from docmill.stages.understanding.layout import Hit, field, hit
from docmill.values.evidence import Field
from docmill.values.page import Page

_TOP, _LINES = 0.35, 12
"""Share of the page height, and how many pieces of lines, in which a vendor is looked for."""

_WIDE_GAP = 1.6
"""A gap of so many word heights parts two columns that stand in one line."""

_LEAST_LETTERS = 3
_LEAST_SCORE = 0.1
_FIGURE = re.compile(r"\d")
_REGISTRATION = re.compile(r" ?\(?\b\d{4,12}-? ?[A-Z]\)?$")
"""A company's registration number behind its name, as Malaysian receipts print it."""


@dataclass(frozen=True, slots=True)
class _Piece:
    seen: Hit
    rank: int


def vendor_name(first: Page) -> Field | None:
    """The vendor's name as printed; None when nothing at the top looks like a name."""
    pieces = _pieces(first)
    if not pieces:
        return None
    usual = sorted(p.seen.box.height for p in pieces)[len(pieces) // 2] or 1.0
    score, best = max(((_score(p, usual), p) for p in pieces), key=lambda pair: pair[0])
    if score < _LEAST_SCORE:
        return None
    return field("vendor_name", _name(best.seen.text), best.seen, min(0.6, score), "top_line")


def _name(text: str) -> str:
    return _REGISTRATION.sub("", text.strip(" |,;:-")).strip(" |,;:-")


def _pieces(page: Page) -> list[_Piece]:
    pieces: list[_Piece] = []
    index = 0
    for line in page.lines:
        start = index
        for offset, word in enumerate(line.words):
            after = line.words[offset + 1] if offset + 1 < len(line.words) else None
            index += 1
            if after is None or after.box.x0 - word.box.x1 > _WIDE_GAP * max(1.0, word.box.height) or word.text in {"|", "●", "•"}:
                found = hit(page, page.word_starts[start], page.word_starts[index - 1] + len(word.text))
                if found and found.box.y0 < _TOP * page.height_px:
                    pieces.append(_Piece(found, len(pieces)))
                start = index
        if len(pieces) >= _LINES:
            break
    return pieces


def _score(piece: _Piece, usual_height_px: float) -> float:
    text = _name(piece.seen.text).lower()
    letters = sum(c.isalpha() for c in text)
    if letters < _LEAST_LETTERS or letters < 0.5 * len(text):
        return 0.0
    score = 0.35 - 0.02 * piece.rank
    score += 0.3 if COMPANY_FORMS.search(text) else 0.0
    score += 0.15 * min(2.0, piece.seen.box.height / usual_height_px - 1.0)
    score -= 0.4 if TITLE_WORDS.search(text) else 0.0
    score -= 0.15 if _FIGURE.search(text) else 0.0
    return score
