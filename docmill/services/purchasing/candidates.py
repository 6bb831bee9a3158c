"""Which order a receipt belongs to: the one whose number is printed, else the one it fits best; and how it compares."""

from dataclasses import dataclass

from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.stages.matching.duplicates import fingerprint
from docmill.stages.matching.vendors import LEAST_LIKENESS, compare_vendor
from docmill.stages.matching.verbs import match_receipt
from docmill.stages.matching.version import VERSION
from docmill.storage.ledger import Connection, purchase_orders, receipt_matches
from docmill.values.matching import Finding, Match, MatchOutcome, OrderState, Receipt, ReceiptKind, Tolerances
from docmill.values.purchase_records import OrderView

MOST_ORDERS, MOST_CANDIDATES = 5000, 200
"""Without a printed number so many of the newest orders are looked through for the vendor, and so many of that vendor's are compared."""

LEAST_VENDOR, LEAST_SCORE = LEAST_LIKENESS / 2, 0.5
"""A candidate's vendor and whole score; less is no candidate. The vendor's scores half with another account, which must not hide the order."""

CLEAR_LEAD = 0.05
"""The best candidate must be so much better than the next, or a person chooses."""

OWN_PROFORMA = Finding(code="order_proforma", message="the document is attached to the order's own request: it is the offer, not the bill")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The order as it stood (None when there is none), how many matches it had counted, and the decision."""

    state: OrderState | None
    counted: int
    match: Match
    allowed: Tolerances


def tolerances(settings: Settings) -> Tolerances:
    """What the settings allow."""
    return Tolerances(
        line_price_share=settings.match_line_price_share,
        total_share=settings.match_total_share,
        total_amount=settings.match_total_amount,
        quantity_share=settings.match_quantity_share,
        freight_limit=settings.match_freight_limit,
        threshold=settings.receipt_validation_threshold,
        vendor_weight=settings.match_vendor_weight,
        total_weight=settings.match_total_weight,
        lines_weight=settings.match_lines_weight,
    )


def choose_order(room: Room, receipt: Receipt, *, document_id: str) -> Chosen:
    """Find the order and compare. An unknown number is looked up by likeness too, and then a person decides."""
    allowed = tolerances(room.settings)
    with room.ledger.reading() as conn:
        if receipt.order_number and (order := purchase_orders.find(conn, room.tenant, receipt.order_number)):
            return _compared(conn, room.tenant, order, receipt, document_id, allowed)
        orders = purchase_orders.newest(conn, room.tenant, limit=MOST_ORDERS)
        candidates = [one for one in orders if compare_vendor(one.content.vendor, receipt)[0] >= LEAST_VENDOR][:MOST_CANDIDATES]
        compared = [_compared(conn, room.tenant, order, receipt, document_id, allowed) for order in candidates]
    ranked = sorted((c for c in compared if c.match.score >= LEAST_SCORE), key=lambda c: -c.match.score)
    if not ranked:
        return Chosen(None, 0, _no_order(), allowed)
    told = [Finding(code="order_found", message="no known order number was read; the order was found by its content", blocks=False)]
    if receipt.order_number:
        told.append(Finding(code="order_unknown", message="the order number that was read is not one of ours"))
    if len(ranked) > 1 and ranked[0].match.score - ranked[1].match.score < CLEAR_LEAD:
        told.append(Finding(code="order_ambiguous", message="more than one order fits"))
    best = ranked[0]
    return Chosen(best.state, best.counted, with_findings(best.match, told), allowed)


def with_findings(match: Match, more: list[Finding]) -> Match:
    """The decision with further findings; one that blocks takes the approval away and makes a match a mismatch."""
    blocks = any(f.blocks for f in more)
    outcome = MatchOutcome.MISMATCH if blocks and match.outcome is not MatchOutcome.DUPLICATE else match.outcome
    return match.model_copy(update={"findings": (*match.findings, *more), "approved": match.approved and not blocks, "outcome": outcome})


def _compared(conn: Connection, tenant: str, order: OrderView, receipt: Receipt, document_id: str, allowed: Tolerances) -> Chosen:
    counted = purchase_orders.matches_of(conn, tenant, order.order_number)
    is_delivery = receipt.kind is ReceiptKind.DELIVERY_NOTE
    mark = fingerprint(order.content.vendor, receipt)
    state = OrderState(
        number=order.order_number,
        content=order.content,
        taken=receipt_matches.taken(conn, tenant, order.order_number, is_delivery=is_delivery, but_of=document_id),
        seen=(mark,) if receipt_matches.is_known(conn, tenant, mark, but_of=document_id) else (),
    )
    match = match_receipt(state, receipt, allowed)
    # an offer agrees with its own order in everything: taken for the bill it would use the order up
    match = with_findings(match, [OWN_PROFORMA]) if document_id in order.content.attachments else match
    return Chosen(state, counted, match, allowed)


def _no_order() -> Match:
    told = Finding(code="no_order", message="no order fits this receipt")
    return Match(
        outcome=MatchOutcome.MISMATCH,
        score=0.0,
        vendor=0.0,
        total=0.0,
        lines=0.0,
        approved=False,
        findings=(told,),
        fingerprint="",
        version=VERSION,
    )
