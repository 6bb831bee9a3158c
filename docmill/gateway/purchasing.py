"""`/api/v1/purchase-requests` and `/api/v1/purchase-orders`. The rules stand in services/purchasing; receipts in receipts."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import StringConstraints

from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services.purchasing import desk as verbs
from docmill.services.purchasing import ordering, papers
from docmill.services.purchasing.waiting import look, look_at_all
from docmill.values.model import Value
from docmill.values.purchase_records import OrderView, RequestState, RequestView
from docmill.values.purchasing import PurchaseContent

RequestId = Annotated[str, Path(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
OrderNumber = Annotated[str, Path(pattern=r"^PO-\d{10}[A-HJ-NP-Z]{3}$")]
Limit = Annotated[int, Query(ge=1, le=1000)]
RowCursor = Annotated[str | None, Query(description="The last id of the page before.", pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
OrderCursor = Annotated[str | None, Query(description="The last number of the page before.", pattern=r"^PO-\d{10}[A-HJ-NP-Z]{3}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Rejection(Value):
    """Why a request is refused."""

    reason: Reason


class OrderAnswer(Value):
    """An order with links to its PDF and its JSON, good for an hour; null until they are made."""

    order: OrderView
    pdf_url: str | None
    json_url: str | None


def purchasing_router(desk: Desk) -> APIRouter:
    """Requests and orders."""
    router = APIRouter(prefix="/api/v1", tags=["purchasing"])
    _add_requests(router, desk)
    _add_approvals(router, desk)
    _add_orders(router, desk)
    return router


def order_answer(desk: Desk, order: OrderView) -> OrderAnswer:
    """The order with fresh links."""
    is_made = order.pdf_object is not None
    return OrderAnswer(
        order=order,
        pdf_url=papers.paper_link(desk.room, order) if is_made else None,
        json_url=papers.json_link(desk.room, order) if is_made else None,
    )


def _add_requests(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/purchase-requests", status_code=201, summary="Ask for something to be bought", responses=problems(404, 422))
    def submit(content: PurchaseContent, request: Request) -> RequestView:
        """Amounts are decimal numbers as text. The total decides how many approvals are needed."""
        return verbs.submit(room, content, by=acting_user(request))

    @router.get("/purchase-requests", summary="List requests", responses=problems(422))
    def listed(state: RequestState | None = None, limit: Limit = 100, before: RowCursor = None) -> list[RequestView]:
        """Newest first."""
        return look_at_all(room, (state,) if state else (), limit=limit, before=before)

    @router.get("/purchase-requests/{request_id}", summary="Look at a request", responses=problems(404, 422))
    def one(request_id: RequestId) -> RequestView:
        """With its approvals and its order's number, or what the order waits for."""
        return look(room, request_id)

    @router.put("/purchase-requests/{request_id}", summary="Change a request", responses=problems(404, 409, 422))
    def change(request_id: RequestId, content: PurchaseContent, request: Request) -> RequestView:
        """It needs all its approvals again."""
        return verbs.change(room, request_id, content, by=acting_user(request))


def _add_approvals(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/purchase-requests/{request_id}/approve", summary="Approve a request", responses=problems(404, 409, 422))
    def approve(request_id: RequestId, request: Request) -> RequestView:
        """One approval; the last one makes the order.

        While an attachment is still being read the order waits for it: the answer's `state` is `approved` and `proforma_wait` names the
        documents and the end of the wait. The order comes when they are read, or without them after that time.
        """
        return verbs.approve(room, request_id, by=acting_user(request))

    @router.post("/purchase-requests/{request_id}/reject", summary="Refuse a request", responses=problems(404, 409, 422))
    def reject(request_id: RequestId, rejection: Rejection, request: Request) -> RequestView:
        """A change brings it back."""
        return verbs.reject(room, request_id, by=acting_user(request), reason=rejection.reason)

    @router.post("/purchase-requests/{request_id}/order", summary="Finish an approved request's order", responses=problems(404, 409, 422))
    def order(request_id: RequestId) -> OrderAnswer:
        """Makes what a failure left: the order, its PDF and its JSON. What is there stays as it is.

        An order that waits for its proforma is made at once, without it.
        """
        return order_answer(desk, ordering.generate_order(room, request_id))


def _add_orders(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("/purchase-orders", summary="List orders", responses=problems(422))
    def listed(limit: Limit = 100, before: OrderCursor = None) -> list[OrderView]:
        """Newest first."""
        return ordering.list_orders(room.ledger, room.tenant, limit=limit, before=before)

    @router.get("/purchase-orders/{order_number}", summary="Look at an order", responses=problems(404, 422))
    def one(order_number: OrderNumber) -> OrderAnswer:
        """With the differences between request and proforma, and links to PDF and JSON."""
        return order_answer(desk, ordering.order_view(room.ledger, room.tenant, order_number))
