"""`/api/v1/purchase-requests`, `/api/v1/purchase-orders`, `/api/v1/receipts`. The rules stand in services/purchasing."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints

from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services.purchasing import desk as verbs
from docmill.services.purchasing import matching, ordering, papers, requests
from docmill.values.model import Value
from docmill.values.purchase_records import MatchDecision, MatchView, OrderView, RequestState, RequestView
from docmill.values.purchasing import PurchaseContent

RequestId = Annotated[str, Path(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
OrderNumber = Annotated[str, Path(pattern=r"^PO-\d{10}[A-HJ-NP-Z]{3}$")]
DocumentId = Annotated[str, Path(description="At least 6 characters of it.", pattern=r"^[0-9a-f]{6,32}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Rejection(Value):
    """Why a request is refused."""

    reason: Reason


class ReceiptDecision(Value):
    """What a person decides about a receipt, and why."""

    accept: bool
    reason: Reason


class OrderAnswer(Value):
    """An order with a link to its PDF, good for an hour; null until the PDF is made."""

    order: OrderView
    pdf_url: str | None


def purchasing_router(desk: Desk) -> APIRouter:
    """Requests, orders, receipts."""
    router = APIRouter(prefix="/api/v1", tags=["purchasing"])
    _add_requests(router, desk)
    _add_orders(router, desk)
    _add_receipts(router, desk)
    return router


def _add_requests(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/purchase-requests", status_code=201, summary="Ask for something to be bought", responses=problems(404, 422))
    def submit(content: PurchaseContent, request: Request) -> RequestView:
        """Amounts are decimal numbers as text. The total decides how many approvals are needed."""
        return verbs.submit(room, content, by=acting_user(request))

    @router.get("/purchase-requests", summary="List requests", responses=problems(422))
    def listed(state: RequestState | None = None, limit: Limit = 100) -> list[RequestView]:
        """Newest first."""
        return requests.list_requests(room.ledger, room.tenant, (state,) if state else (), limit=limit)

    @router.get("/purchase-requests/{request_id}", summary="Look at a request", responses=problems(404, 422))
    def one(request_id: RequestId) -> RequestView:
        """With its approvals and its order's number."""
        return requests.request_view(room.ledger, room.tenant, request_id)

    @router.put("/purchase-requests/{request_id}", summary="Change a request", responses=problems(404, 409, 422))
    def change(request_id: RequestId, content: PurchaseContent, request: Request) -> RequestView:
        """It needs all its approvals again."""
        return verbs.change(room, request_id, content, by=acting_user(request))

    @router.post("/purchase-requests/{request_id}/approve", summary="Approve a request", responses=problems(404, 409, 422))
    def approve(request_id: RequestId, request: Request) -> RequestView:
        """One approval; the last one makes the order."""
        return verbs.approve(room, request_id, by=acting_user(request))

    @router.post("/purchase-requests/{request_id}/reject", summary="Refuse a request", responses=problems(404, 409, 422))
    def reject(request_id: RequestId, rejection: Rejection, request: Request) -> RequestView:
        """A change brings it back."""
        return verbs.reject(room, request_id, by=acting_user(request), reason=rejection.reason)


def _add_orders(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("/purchase-orders", summary="List orders", responses=problems(422))
    def listed(limit: Limit = 100) -> list[OrderView]:
        """Newest first."""
        return ordering.list_orders(room.ledger, room.tenant, limit=limit)

    @router.get("/purchase-orders/{order_number}", summary="Look at an order", responses=problems(404, 422))
    def one(order_number: OrderNumber) -> OrderAnswer:
        """With the differences between request and proforma, and a link to the PDF."""
        order = ordering.order_view(room.ledger, room.tenant, order_number)
        return OrderAnswer(order=order, pdf_url=papers.paper_link(room, order) if order.pdf_object else None)


def _add_receipts(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("/receipts", summary="List compared receipts", responses=problems(422))
    def listed(*, only_open: bool = False, limit: Limit = 100) -> list[MatchView]:
        """Newest first; `only_open`: those that wait for a person."""
        return matching.list_matches(room, limit=limit, only_open=only_open)

    @router.post("/receipts/{document_id}/match", summary="Compare a receipt with its order", responses=problems(404, 409, 422))
    def match(document_id: DocumentId) -> MatchView:
        """Milling does so by itself; asking again gives the same answer."""
        return matching.match_document(room, document_id)

    @router.get("/receipts/{document_id}/match", summary="Look at how a receipt compares", responses=problems(404, 422))
    def matched(document_id: DocumentId) -> MatchView:
        """The comparison of the document's newest version."""
        return matching.newest_match(room, document_id)

    @router.post("/receipts/{document_id}/decision", summary="Decide about a receipt", responses=problems(404, 409, 422))
    def decide(document_id: DocumentId, decision: ReceiptDecision, request: Request) -> MatchView:
        """For one that waits for a person; an accepted one counts as delivered or invoiced."""
        match_id = matching.newest_match(room, document_id).match_id
        verdict = MatchDecision.ACCEPTED if decision.accept else MatchDecision.REJECTED
        return matching.decide_match(room, match_id, verdict, by=acting_user(request), reason=decision.reason)
