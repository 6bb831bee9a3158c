"""Making the order of an approved request: once, with its number in the same transaction, from the request and its proforma."""

import logging
from collections.abc import Iterable

from docmill.errors import Conflict, DocmillError
from docmill.services.purchasing.papers import make_papers
from docmill.services.purchasing.proforma import with_proforma
from docmill.services.purchasing.waiting import look
from docmill.services.running.room import Room
from docmill.storage.ledger import Ledger, purchase_orders, purchase_requests
from docmill.storage.ledger.audit import Fact, append_event
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.order_number import parse_order_number
from docmill.values.purchase_records import OrderView, PaperState, RequestState, RequestView
from docmill.values.purchasing import Difference, PurchaseContent

log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Approved requests that the end of a reading looks through; the sweep sees them all."""


def generate_order(room: Room, request_id: str) -> OrderView:
    """The order of a fully approved request: made when there is none yet, with its PDF and JSON. May be called again at any time.

    It waits for nothing: attachments that are not read by now are left out, and the order says so among its differences. What makes orders by
    itself looks at `proforma_wait` first.

    A PDF that cannot be made leaves the order as it is, with the state `failed`; the next call, or `finish_orders`, tries again.

    Raises:
        Conflict: the request is not fully approved.
        NumbersExhausted: the year's numbers are given; the request stays approved.
        NotFound: no such request.
    """
    with room.ledger.reading() as conn:
        order = purchase_orders.of_request(conn, room.tenant, request_id)
        request = purchase_requests.view(conn, room.tenant, request_id)
    if order is None:
        content, differences = with_proforma(room, request.content)
        order = place_order(room.ledger, room.tenant, request, content, differences)
    return order if order.paper_state is PaperState.MADE else make_papers(room, order)


def place_order(
    ledger: Ledger, tenant: str, request: RequestView, content: PurchaseContent, differences: tuple[Difference, ...]
) -> OrderView:
    """Number, order, the request's state, audit and outbox events in one transaction; an order that is there already is returned.

    Raises:
        Conflict: the request is not approved, or was changed since it was read.
        NumbersExhausted: see storage.ledger.purchase_orders.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        now = purchase_requests.locked(conn, tenant, request.request_id)
        if (there := purchase_orders.of_request(conn, tenant, request.request_id)) is not None:
            return there
        if now.state is not RequestState.APPROVED or now.revision != request.revision:
            raise Conflict(f"the request is {now.state}; only a fully approved one is ordered")
        number = purchase_orders.insert(conn, tenant, request.request_id, content, differences, at=at)
        purchase_requests.change(conn, tenant, request.request_id, {"state": RequestState.ORDERED.value}, at=at)
        append_event(conn, tenant, request.request_id, "purchase_request.ordered", {"order_number": number}, at=at)
        facts: dict[str, Fact] = {"request_id": request.request_id, "revision": request.revision, "differences": len(differences)}
        append_event(conn, tenant, number, "purchase_order.created", facts, at=at)
        put_notices(conn, tenant, [Notice("purchase_order.created", {"order_number": number, "request_id": request.request_id})], at=at)
        return purchase_orders.view(conn, tenant, number)


def finish_orders(room: Room, *, most_tries: int | None = None) -> list[OrderView]:
    """Make what a crash or a failure left: orders of approved requests, papers of orders. Returns the orders touched.

    One that cannot be made now holds up no other; one that waits for its proforma is left to wait.
    `most_tries`: papers that were tried so often are left alone.
    """
    with room.ledger.reading() as conn:
        requests = purchase_requests.ids_without_order(conn, room.tenant)
        numbers = purchase_orders.numbers_without_papers(conn, room.tenant, most_tries=most_tries)
    return _each_ordered(room, requests) + [make_papers(room, order_view(room.ledger, room.tenant, number)) for number in numbers]


def order_what_was_read(room: Room, document_ids: Iterable[str]) -> list[OrderView]:
    """Make the orders that waited for documents whose reading has just ended, well or badly.

    What fails here is left to `finish_orders`: a document's milling must not fail for somebody's order.
    """
    ended = set(document_ids)
    try:
        with room.ledger.reading() as conn:
            approved = purchase_requests.newest(conn, room.tenant, (RequestState.APPROVED,), limit=MOST_WAITING)
    except DocmillError as error:
        log.warning("orders that waited for a proforma are left to the sweep: %s", error.code)
        return []
    return _each_ordered(room, [one.request_id for one in approved if ended & set(one.content.attachments)])


def order_view(ledger: Ledger, tenant: str, number: str) -> OrderView:
    """One order.

    Raises:
        NotFound: no such order.
    """
    with ledger.reading() as conn:
        return purchase_orders.view(conn, tenant, number)


def list_orders(ledger: Ledger, tenant: str, *, limit: int = 100, before: str | None = None) -> list[OrderView]:
    """Orders, newest first; `before` a number: only earlier ones.

    Raises:
        InvalidOptions: that is no order number.
    """
    with ledger.reading() as conn:
        return purchase_orders.newest(conn, tenant, limit=limit, before=parse_order_number(before) if before else None)


def _each_ordered(room: Room, request_ids: Iterable[str]) -> list[OrderView]:
    made = []
    for request_id in request_ids:
        try:
            if look(room, request_id).proforma_wait is None:
                made.append(generate_order(room, request_id))
        except DocmillError as error:
            log.warning("request %s is not ordered yet: %s", request_id, error.code)
    return made
