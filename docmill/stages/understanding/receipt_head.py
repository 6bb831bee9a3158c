"""The vendor of a receipt: name and address from the lines at its head, which most tills print in the same order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.stages.understanding.address_words import LineRole, is_lone_form, line_role, without_prefix
from docmill.stages.understanding.layout import Hit, field
from docmill.stages.understanding.pieces import Piece, merged, pieces_of
from docmill.values.evidence import Field
from docmill.values.page import Page

_MOST_LINES = 16
_REGISTRATION = re.compile(
    r" ?\(?(?:(?:co(?:mpany)?\.?|reg\.?|roc|brn)\.? ?(?:reg\.?|no\.?)? ?[:.]? ?)+[\w-]*\d[\w -]*\)?$"
    r"| ?\(?\b[A-Z]{0,3}\d{4,12}-? ?[A-Z]\)?$|\((?:CO|REG|ROC)\.? ?(?:NO|REG)?[:. ]*$",
    re.IGNORECASE,
)
"""A company's registration number behind its name, as Malaysian receipts print it."""

_TRADE = re.compile(r"\b(?:enterprise|trading|marketing|hardware|supply|restaurant|restoran|pharmacy|bookstores?)\b")
_LEGAL = re.compile(r"\b(?:sdn|bhd|s/b|gmbh|ltd|limited|inc|llc|sarl|b\.?v\.?|e\.? ?k\.?|ag|kg|ohg)\b")
_OWNER = re.compile(r"^(?:own(?:ed|er)? ?by|operated by|managed by)[ :]+", re.IGNORECASE)
_SURE_NAME, _LIKELY_NAME, _ADDRESS = 0.86, 0.68, 0.8


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
    found = [_name(head[:first]), _address(head[first:])]
    return [one for one in found if one is not None]


def _head(page: Page) -> list[_Line]:
    lines: list[_Line] = []
    for piece in pieces_of(page)[:_MOST_LINES]:
        text = without_prefix(piece.text).strip(" ;:*")
        bare = name_without_register(text)
        is_name = bool(_LEGAL.search(bare.lower())) and not bare.lower().startswith(("tel", "bill to", "sold to", "customer"))
        role = LineRole.NAME if is_name else line_role(text)
        if role is LineRole.STOP and any(line.role is LineRole.ADDRESS for line in lines):
            break
        lines.append(_Line(piece, bare if role in {LineRole.NAME, LineRole.PLACE} else text, role))
    return lines


def name_without_register(text: str) -> str:
    """A name without the number of a register behind it."""
    return _OWNER.sub("", _REGISTRATION.sub("", text.strip(" |,;:-*")).strip(" |,;:-(*"))


def _name(lines: Sequence[_Line]) -> Field | None:
    names = [line for line in lines if line.role in {LineRole.NAME, LineRole.PLACE} and sum(c.isalpha() for c in line.text) > 2]  # noqa: PLR2004 - a stray mark
    if not names:
        return None
    at, rule, sure = 0, "head:first_line", _LIKELY_NAME
    for n, line in enumerate(names):
        if _LEGAL.search(line.text.lower()):
            at, rule, sure = n, "head:legal_form", _SURE_NAME
            break
    else:
        for n, line in enumerate(names):
            if _TRADE.search(line.text.lower()):
                at, rule = n, "head:trade"
                break
    chosen, text, seen = names[at], names[at].text, names[at].piece.seen
    if at and is_lone_form(chosen.text):
        text, seen = f"{names[at - 1].text} {text}", merged(names[at - 1].piece.seen, seen)
    elif at + 1 < len(names) and is_lone_form(names[at + 1].text):
        text, seen, sure = f"{text} {names[at + 1].text}", merged(seen, names[at + 1].piece.seen), _SURE_NAME
    return field("vendor_name", text, seen, sure, rule)


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
    return field("vendor_address", text, seen, _ADDRESS if len(kept) > 1 else 0.6, "head:address")
