"""The vendor of a receipt: name and address from the lines at its head, which most tills print in the same order."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.stages.understanding.address_words import POSTCODE, LineRole, is_lone_form, line_role, without_prefix
from docmill.stages.understanding.layout import Hit, field
from docmill.stages.understanding.misread import BORN_DIGITAL, mended_inside
from docmill.stages.understanding.pieces import Piece, merged, pieces_of
from docmill.values.evidence import Field
from docmill.values.page import Page

_MOST_LINES = 16
_REGISTRATION = re.compile(
    r" ?\(?(?:(?:co(?:mpany)?\.?|reg\.?|roc|brn)\.? ?(?:reg\.?|no\.?)? ?[:.]? ?)+[\w-]*\d[\w -]*\)?$"
    r"| ?\(?\b[A-Z]{0,3}\d{4,12} ?-? ?[A-Z]\)?$| ?\((?=(?:[^\d()]*\d){4})[A-Z0-9 .-]{5,16}\)?$|\((?:CO|REG|ROC)[.,]? ?(?:NO|REG)?[:., ]*$",
    re.IGNORECASE,
)
"""A company's registration number behind its name, as Malaysian receipts print it."""

_LONE_BRACKET = re.compile(r" [\w-]{1,12}\)\W*$")
"""The end of such a number whose beginning was not read."""

_TRADE = re.compile(r"\b(?:enterprise|trading|marketing|hardware|supply|restaurant|restoran|pharmacy|bookstores?)\b")
_LEGAL = re.compile(
    r"\bs[do]n\W{0,2}b[hn][do]\b|\w{3}sdn\b|\b(?:sdn|bhd|s/b|gmbh|ltd|limited|inc|llc|sarl|b\.?v\.?|e\.? ?k\.?|ag|kg|ohg)\b"
)
_OWNER = re.compile(r"^(?:own(?:ed|er)? ?by|operated by|managed by)[ :]+", re.IGNORECASE)
_SPECKS = str.maketrans("ÀÁÂÌÍÎàáâìíî", "AAAIIIaaaiii")
_CLOSERS = frozenset({LineRole.REGISTER, LineRole.ADDRESS})
_BY_FORM, _BY_TRADE, _BY_PLACE = "head:legal_form", "head:trade", "head:first_line"
_LEAST_LETTERS = 3

_SURE_NAME, _LIKELY_NAME, _ADDRESS, _PART_OF_ADDRESS = 0.86, 0.68, 0.8, 0.6
_CLEAR, _ILL_READ, _WELL_READ = 0.98, 0.72, 0.98
"""A first line of nothing but a name with its legal form or trade, before a register or an address; and an address of several lines with a
postal code: when every word was read at least so well, and what is left when one was not (benchmarks/fields.py --ocr)."""


@dataclass(frozen=True, slots=True)
class _Line:
    piece: Piece
    text: str
    role: LineRole


def receipt_vendor(page: Page) -> list[Field]:
    """vendor_name and vendor_address as far as the head shows them."""
    head = _head(page)
    named = next((n for n, line in enumerate(head) if line.role is LineRole.NAME and _LEGAL.search(line.text.lower())), -1)
    first = next((n for n, line in enumerate(head) if n > named and line.role is LineRole.ADDRESS), len(head))
    found = [_name(head, first), _address(head[first:])]
    return [one for one in found if one is not None]


def _head(page: Page) -> list[_Line]:
    lines: list[_Line] = []
    for piece in pieces_of(page)[:_MOST_LINES]:
        text = without_prefix(_plain(piece.text, page)).strip(" ;:*")
        bare = name_without_register(text)
        is_name = bool(_LEGAL.search(bare.lower())) and not bare.lower().startswith(("tel", "bill to", "sold to", "customer"))
        role = LineRole.NAME if is_name else line_role(text)
        if role is LineRole.STOP and any(line.role is LineRole.ADDRESS for line in lines):
            break
        lines.append(_Line(piece, bare if role in {LineRole.NAME, LineRole.PLACE} else text, role))
    return lines


def plain_line(text: str, page: Page) -> str:
    """A line as names and addresses show it: misread letters mended, without the word `address` before it and a register's number behind it."""
    return name_without_register(without_prefix(_plain(text, page)).strip(" ;:*"))


def _plain(text: str, page: Page) -> str:
    """Wide brackets and figures as narrow ones; of what an engine read, misread letters, and in English no accents on A and I: engines see both."""
    narrow = unicodedata.normalize("NFKC", text)
    if page.source in BORN_DIGITAL:
        return narrow
    return mended_inside(narrow.translate(_SPECKS) if page.language == "en" else narrow)


def name_without_register(text: str) -> str:
    """A name without the number of a register behind it."""
    text = text if "(" in text else _LONE_BRACKET.sub("", text)
    return _OWNER.sub("", _REGISTRATION.sub("", text.strip(" |,;:-*")).strip(" |,;:-(*"))


def _name(head: Sequence[_Line], first_of_address: int) -> Field | None:
    names = [
        line for line in head[:first_of_address]
        if line.role in {LineRole.NAME, LineRole.PLACE} and sum(c.isalpha() for c in line.text) >= _LEAST_LETTERS
    ]  # fmt: skip
    if not names:
        return None
    at, rule = _best_name(names)
    chosen, text, seen, sure = names[at], names[at].text, names[at].piece.seen, _LIKELY_NAME
    if at and is_lone_form(chosen.text):
        text, seen, sure = f"{names[at - 1].text} {text}", merged(names[at - 1].piece.seen, seen), _SURE_NAME
    elif at + 1 < len(names) and is_lone_form(names[at + 1].text):
        text, seen, sure = f"{text} {names[at + 1].text}", merged(seen, names[at + 1].piece.seen), _SURE_NAME
    elif rule != _BY_PLACE:
        is_whole = chosen is head[0] and chosen.text == chosen.piece.text and len(head) > 1 and head[1].role in _CLOSERS
        sure = _CLEAR if is_whole else _SURE_NAME if rule == _BY_FORM else _LIKELY_NAME
    return field("vendor_name", text, seen, _as_read(sure, seen), rule)


def _best_name(names: Sequence[_Line]) -> tuple[int, str]:
    """The line with a legal form, else the one with a trade, else the first."""
    for pattern, rule in ((_LEGAL, _BY_FORM), (_TRADE, _BY_TRADE)):
        for n, line in enumerate(names):
            if pattern.search(line.text.lower()):
                return n, rule
    return 0, _BY_PLACE


def _as_read(sure: float, seen: Hit) -> float:
    """A text of many letters is only as sure as its worst word was read: no arithmetic and no check digit notices a wrong letter."""
    worst = min(word.confidence for word in seen.page.words_in(seen.start, seen.end))
    return sure if worst >= _WELL_READ else min(sure, _ILL_READ)


def _address(lines: Sequence[_Line]) -> Field | None:
    kept: list[_Line] = []
    inner = {LineRole.ADDRESS, LineRole.PLACE, LineRole.NAME}
    for line in lines:
        if line.role in inner and (kept or line.role is LineRole.ADDRESS):
            kept.append(line)
        elif kept and line.role in {LineRole.CONTACT, LineRole.STOP, LineRole.REGISTER}:
            break
    while len(kept) > 1 and kept[-1].role is LineRole.NAME and not kept[-2].piece.text.endswith(","):
        kept.pop()
    if not kept:
        return None
    text = ", ".join(line.text.strip(" ,;") for line in kept)
    seen: Hit = kept[0].piece.seen
    for line in kept[1:]:
        seen = merged(seen, line.piece.seen)
    sure = _PART_OF_ADDRESS if len(kept) == 1 else _CLEAR if POSTCODE.search(text) else _ADDRESS
    return field("vendor_address", text, seen, _as_read(sure, seen), "head:address")
