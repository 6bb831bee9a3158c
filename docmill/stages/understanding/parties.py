"""Vendor and customer of an invoice, order or note: names and addresses from blocks of lines, told apart by labels and place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.stages.understanding.address_blocks import Block, blocks_of, sender_line
from docmill.stages.understanding.address_words import POSTCODE, LineRole, is_lone_form, line_role
from docmill.stages.understanding.labels import COMPANY_FORMS, TITLE_WORDS
from docmill.stages.understanding.layout import Hit, field
from docmill.stages.understanding.pieces import Piece, merged, pieces_of
from docmill.stages.understanding.receipt_head import name_without_register, receipt_vendor
from docmill.values.evidence import Field
from docmill.values.page import Page

CUSTOMER_LABEL = re.compile(
    r"^(?:rechnungs-?(?:empf[aä]nger|adresse|anschrift)|k[aä]ufer|kunde|auftraggeber|empf[aä]nger"
    r"|bill(?:ed)? to|invoice(?:d)? to|sold to|customer(?: name)?|client|buyer|to|factuur-?adres"
    r"|klant|"
    r"adresse de facturation|factur[eé] [aà]|acheteur|destinataire|nom de l.abonn[eé]|cliente|cessionario)\b[ :]*(?P<rest>.*)$"
)
VENDOR_LABEL = re.compile(
    r"^(?:rechnungs-?(?:ersteller|steller)|lieferant|verk[aä]ufer|absender|seller|vendor|supplier"
    r"|from|sold by|remit to|vendeur|[eé]metteur|fournisseur|leverancier|verkoper|fornitore"
    r"|proveedor)\b[ :]*(?P<rest>.*)$"
)
OTHER_LABEL = re.compile(
    r"^(?:waren-?empf[aä]nger|liefer-?(?:adresse|anschrift)|lieferempf[aä]nger|ship(?:ped)? to"
    r"|deliver(?:y)? (?:to|address)|aflever-?adres|adresse de (?:livraison|l.installation)"
    r"|versicherungsb[uü]ro)\b"
)
_TITLE = re.compile(r"^(?:herrn?|frau|mr\.?|mrs\.?|ms\.?|monsieur|madame|firma|dhr\.?|mevr\.?)\.?$", re.IGNORECASE)
_SKIPPED = re.compile(r"^(?:gln|iln|lief-?nr|kunden-?(?:nr|nummer)|ust|vat|z\. ?hd|t\.a\.v|attn|c/o|ihre)\b", re.IGNORECASE)

_BY_LABEL, _BY_SENDER, _BY_PLACE, _BY_TOP = 0.86, 0.84, 0.7, 0.6
_FOOT, _HALF = 0.75, 0.5
_LEAST_LETTERS = 3
_NO_NAME = re.compile(r"@|:\s|.{61}")
"""Mail addresses, labels with what they label, and sentences are no names."""


@dataclass(frozen=True, slots=True)
class _Party:
    """Lines of a party with how it was told: what speaks for it and how much."""

    names: tuple[Piece, ...]
    address: tuple[Piece, ...]
    rule: str
    sure: float


def parties(pages: Sequence[Page]) -> list[Field]:
    """vendor_name, vendor_address, customer_name and customer_address as far as the first page shows them."""
    page = pages[0]
    pieces = pieces_of(page)
    blocks = blocks_of(pieces)
    if not blocks and (head := receipt_vendor(page)) and any(f.name == "vendor_address" for f in head):
        return head
    customer, vendor = _labelled(blocks, pieces, CUSTOMER_LABEL), _labelled(blocks, pieces, VENDOR_LABEL)
    sender = sender_line(page)
    others = [b for b in blocks if b.label is None or not OTHER_LABEL.match(b.label)]
    taken = {p.rank for party in (customer, vendor) if party for p in party.names}
    if vendor is None:
        vendor = _vendor_by_place(page, [b for b in others if not _is_taken(b, taken)], pieces, sender)
    taken |= {p.rank for p in vendor.names} if vendor else set()
    if customer is None:
        customer = _customer_by_place(page, [b for b in others if not _is_taken(b, taken)], vendor, sender)
    found = []
    for role, party in (("vendor", vendor), ("customer", customer)):
        if party is not None:
            found += _fields(role, party)
    return found


def _is_taken(block: Block, taken: set[int]) -> bool:
    return any(p.rank in taken for p in (*block.names, *block.address))


def _labelled(blocks: Sequence[Block], pieces: Sequence[Piece], label: re.Pattern[str]) -> _Party | None:
    rule = "customer" if label is CUSTOMER_LABEL else "vendor"
    for block in blocks:
        if block.label and label.match(block.label) and block.names:
            return _Party(_name_lines(block.names), block.address, f"label:{rule}", _BY_LABEL)
    for piece in pieces:
        m = label.match(piece.text.lower())
        if not m:
            continue
        if m["rest"].strip(" :") or len(piece.text.split()) > 2:  # noqa: PLR2004 - a sentence begins like a label
            continue
        below = _below(piece, pieces)
        if below is not None and line_role(below.text) is LineRole.NAME and not label.match(below.text.lower()):
            return _Party((below,), (), f"label:{rule}", _BY_LABEL - 0.1)
    return None


def _below(label: Piece, pieces: Sequence[Piece]) -> Piece | None:
    """The nearest piece under a label that begins about where it begins."""
    height = max(1.0, label.box.height)
    near = [
        p for p in pieces
        if 0 < p.box.y0 - label.box.y0 < 4 * height and abs(p.box.x0 - label.box.x0) < 4 * height and p.box.y0 >= label.box.y1 - 0.3 * height
        and not _SKIPPED.match(p.text)
    ]  # fmt: skip
    return min(near, key=lambda p: p.box.y0, default=None)


def _name_lines(names: Sequence[Piece]) -> tuple[Piece, ...]:
    """The lines that are the name: a form of address goes with the line below, a legal form with the line above."""
    kept = [p for p in names if not _SKIPPED.match(p.text) and sum(c.isalpha() for c in p.text) >= _LEAST_LETTERS]
    if not kept:
        return ()
    if len(kept) > 1 and (_TITLE.match(kept[0].text) or is_lone_form(kept[1].text)):
        return (kept[0], kept[1])
    # a name in two lines carries its legal form in the second
    if len(kept) > 1 and _has_form(kept[1].text) and not _has_form(kept[0].text):
        return (kept[0], kept[1])
    return (kept[0],)


def _has_form(text: str) -> bool:
    return bool(COMPANY_FORMS.search(text.lower()))


def _vendor_by_place(page: Page, blocks: Sequence[Block], pieces: Sequence[Piece], sender: tuple[Hit, Hit | None] | None) -> _Party | None:
    if sender is not None:
        name, address = sender
        return _Party((Piece(name, -1),), () if address is None else (Piece(address, -1),), "sender_line", _BY_SENDER)
    top = _top_line(page, pieces)
    right = [b for b in blocks if b.names and b.has_contact]
    foot = [b for b in blocks if b.names and b.box.y0 > _FOOT * page.height_px]
    for block in (*right, *foot):
        lines = _name_lines(block.names)
        is_top = top is not None and top[0].text == lines[0].text if lines else False
        # a firm's name at the head outweighs a branch or an agent with a telephone below it
        if lines and (is_top or (_has_form(lines[-1].text) and not (top and _has_form(top[-1].text)))):
            return _Party(lines, block.address, "contact_block" if block.has_contact else "foot_block", _BY_PLACE)
    if top is None:
        return None
    own = next((b for b in blocks if any(p.rank == top[0].rank for p in b.names)), None)
    return _Party(top, own.address if own else _line_below(top[-1], pieces), "top_line", _BY_TOP)


def _line_below(name: Piece, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """The whole address in one line directly below a name, as letterheads print it; nothing where another line stands there."""
    below = _below(name, pieces)
    is_address = below is not None and line_role(below.text) is LineRole.ADDRESS and "," in below.text and POSTCODE.search(below.text)
    return (below,) if below is not None and is_address else ()


def _top_line(page: Page, pieces: Sequence[Piece]) -> tuple[Piece, ...] | None:
    """The most prominent line at the top."""
    high = [p for p in pieces if p.box.y0 < 0.35 * page.height_px][:14]
    if not high:
        return None
    usual = sorted(p.box.height for p in high)[len(high) // 2] or 1.0
    score, at = max((_top_score(p, n, usual), -n) for n, p in enumerate(high))
    if score < 0.1:  # noqa: PLR2004 - nothing there looks like a name
        return None
    best = high[-at]
    after = high[-at - 1] if at < 0 and _has_form(best.text) else None
    is_second = (
        after is not None and 0 < best.box.y0 - after.box.y0 < 2.2 * best.box.height and abs(best.box.x0 - after.box.x0) < best.box.height
    )
    if after is not None and is_second and line_role(after.text) is LineRole.NAME and not _has_form(after.text):
        return (after, best)
    return (best,)


def _top_score(piece: Piece, rank: int, usual_height_px: float) -> float:
    text = name_without_register(piece.text).lower()
    letters = sum(c.isalpha() for c in text)
    if letters < _LEAST_LETTERS or letters < 0.5 * len(text):
        return 0.0
    score = 0.35 - 0.02 * rank
    score += 0.3 if COMPANY_FORMS.search(text) else 0.0
    score += 0.15 * min(2.0, piece.box.height / usual_height_px - 1.0)
    score -= 0.4 if TITLE_WORDS.search(text) else 0.0
    score -= 0.15 if any(c.isdigit() for c in text) else 0.0
    score -= 0.4 if _NO_NAME.search(text) else 0.0
    return score


def _customer_by_place(page: Page, blocks: Sequence[Block], vendor: _Party | None, sender: tuple[Hit, Hit | None] | None) -> _Party | None:
    own = {_bare(p.text) for p in vendor.names} if vendor else set()
    named = [b for b in blocks if b.names and not b.has_contact and _bare(b.names[0].text) not in own]
    upper = [b for b in named if b.box.y0 < _HALF * page.height_px and not (b.label and VENDOR_LABEL.match(b.label))]
    below = [b for b in upper if sender is None or b.box.y0 > sender[0].box.y0]
    for block in below or upper:
        if lines := _name_lines(block.names):
            return _Party(lines, block.address, "address_block", _BY_PLACE if sender is None else _BY_SENDER)
    return None


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def _fields(role: str, party: _Party) -> list[Field]:
    found = []
    for name, lines, joint in ((f"{role}_name", party.names, " "), (f"{role}_address", party.address, ", ")):
        if not lines:
            continue
        texts = [name_without_register(p.text) if name.endswith("_name") else p.text.strip(" ,;") for p in lines]
        seen = lines[0].seen
        for piece in lines[1:]:
            seen = merged(seen, piece.seen)
        found.append(field(name, joint.join(texts), seen, party.sure, party.rule))
    return found
