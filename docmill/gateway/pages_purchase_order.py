"""`/purchasing/orders/{number}`: one order: what was ordered, its PDF and JSON or why they are not there yet, its receipts."""

from decimal import Decimal
from html import escape
from types import MappingProxyType

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from docmill.errors import error_from_code
from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import framed
from docmill.gateway.page_parts import Cell, facts, figure, link, moment, parts, table
from docmill.gateway.pages_purchase_request import API, content_html, differences_html, vendor_facts
from docmill.gateway.pages_purchasing import HERE, receipt_row
from docmill.gateway.purchasing import OrderNumber, order_answer
from docmill.services.purchasing import matching, ordering
from docmill.storage.ledger.receipt_matches import TAKEN
from docmill.values.matching import ReceiptKind
from docmill.values.purchase_records import MatchView, OrderView, PaperState


def order_pages_router(desk: Desk) -> APIRouter:
    """The page of an order."""
    router = APIRouter(include_in_schema=False)
    room = desk.room

    @router.get("/purchasing/orders/{order_number}")
    def one(order_number: OrderNumber) -> HTMLResponse:
        order = ordering.order_view(room.ledger, room.tenant, order_number)
        receipts = matching.matches_of_order(room, order_number)
        about: dict[str, Cell] = {
            "Request": link(f"/purchasing/requests/{order.request_id}", order.request_id),
            "Ordered (UTC)": moment(order.created_at),
        }
        heads = ("Receipt", "Kind", "Order", "#Total", "Outcome", "#Score", "Decision", "Findings", "Compared (UTC)")
        return framed(
            "purchase_order.html",
            f"Order {order_number}",
            here=HERE,
            data=MappingProxyType({"page": "purchasing"}),
            parts=parts(""),
            number=order_number,
            papers=_papers(desk, order),
            facts=facts({**vendor_facts(order.content), **about}),
            content=content_html(order.content),
            open=_open(order, receipts),
            differences=differences_html(order.differences),
            receipts=table(heads, (receipt_row(desk, r) for r in receipts), caption="Receipts of this order", empty="none yet"),
        )

    return router


def _papers(desk: Desk, order: OrderView) -> str:
    """Links to PDF and JSON, or their state and a button that tries again."""
    answer = order_answer(desk, order)
    if answer.pdf_url and answer.json_url:
        return f'<p id="say" role="status">{link(answer.pdf_url, "Order as PDF")} {link(answer.json_url, "Order as JSON")}</p>'
    if order.paper_state is PaperState.FAILED:
        error = error_from_code(order.paper_error or "", "")
        said = f"The PDF could not be made ({order.paper_tries} tries): {error.kind.title}. {error.kind.hint} It is tried again."
    else:
        said = "The PDF is being made."
    then = f"/purchasing/orders/{order.order_number}"
    again = f'<form method="post" data-api="{API}/{order.request_id}/order" data-then="{then}"><button type="submit" disabled>Try again</button></form>'
    return f'<p id="say" role="status" class="failed">{escape(said)}</p>{again}'


def _open(order: OrderView, receipts: list[MatchView]) -> str:
    """What invoices and delivery notes have taken of each line, and what is open."""
    counted = [one for one in receipts if one.decision.value in TAKEN]
    notes = [one for one in counted if one.kind is ReceiptKind.DELIVERY_NOTE]
    invoices = [one for one in counted if one.kind is not ReceiptKind.DELIVERY_NOTE]
    rows = []
    for index, line in enumerate(order.content.lines):
        billed, delivered = _taken(invoices, index), _taken(notes, index)
        left = max(Decimal(0), line.quantity - billed)
        rows.append((str(index + 1), line.description, figure(line.quantity), figure(billed), figure(delivered), figure(left)))
    heads = ("#Line", "Description", "#Ordered", "#Invoiced", "#Delivered", "#Not invoiced yet")
    return table(heads, rows, caption="What came of each line") if counted else ""


def _taken(receipts: list[MatchView], index: int) -> Decimal:
    return sum((one.taken.get(index, Decimal(0)) for one in receipts), Decimal(0))
