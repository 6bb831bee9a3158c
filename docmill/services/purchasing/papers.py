"""An order's PDF and JSON in the object store: made after the order, tried again until they are there; the order never waits for them."""

import json
import logging
from datetime import timedelta

from docmill.errors import DocmillError, NotFound, SettingsInvalid, StageFailed
from docmill.services.purchasing.order_pdf import LAYOUT, order_pdf
from docmill.services.running.room import Room
from docmill.storage.ledger import purchase_orders
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.keys import digest, private_name
from docmill.values.purchase_records import OrderView, PaperState

log = logging.getLogger(__name__)

PAPER_LINK_LIFE = timedelta(hours=1)
FOLDER = "purchasing"


def make_papers(room: Room, order: OrderView) -> OrderView:
    """Print and store an order. Whatever goes wrong is noted in the order's `paper_state` and `paper_error`; call again to try again."""
    try:
        pdf_object, json_object = _stored(room, order)
    except DocmillError as error:
        return _failed(room, order, error.code)
    at = room.ledger.now()
    with room.ledger.transaction() as conn:
        now = purchase_orders.view(conn, room.tenant, order.order_number)
        if now.paper_state is PaperState.MADE:
            return now
        values = {"paper_state": PaperState.MADE.value, "paper_error": None, "paper_tries": now.paper_tries + 1}
        purchase_orders.change(conn, room.tenant, order.order_number, {**values, "pdf_object": pdf_object, "json_object": json_object})
        append_event(conn, room.tenant, order.order_number, "purchase_order.paper_made", {}, at=at)
        put_notices(conn, room.tenant, [Notice("purchase_order.paper_made", {"order_number": order.order_number})], at=at)
        return purchase_orders.view(conn, room.tenant, order.order_number)


def order_json(order: OrderView) -> bytes:
    """The order as JSON: what was ordered and its sums, nothing of the state of its papers."""
    told = order.model_dump(mode="json", exclude={"paper_state", "paper_tries", "paper_error", "pdf_object", "json_object"})
    content = order.content
    taxes = [share.model_dump(mode="json") for share in content.taxes]
    sums = {"net": str(content.net), "taxes": taxes, "tax": str(content.tax), "total": str(content.total)}
    return json.dumps({**told, "sums": sums}, indent=2, ensure_ascii=False).encode()


def paper_link(room: Room, order: OrderView, *, expires: timedelta = PAPER_LINK_LIFE) -> str:
    """A signed link to the PDF.

    Raises:
        NotFound: it was not made yet.
    """
    if order.pdf_object is None:
        raise NotFound(f"the order's PDF is {order.paper_state}; it will be tried again")
    return room.store.signed_url(order.pdf_object, expires=expires, download_name=f"{order.order_number}.pdf")


def json_link(room: Room, order: OrderView, *, expires: timedelta = PAPER_LINK_LIFE) -> str:
    """A signed link to the JSON.

    Raises:
        NotFound: it was not made yet.
    """
    if order.json_object is None:
        raise NotFound(f"the order's JSON is {order.paper_state}; it will be tried again")
    return room.store.signed_url(order.json_object, expires=expires, download_name=f"{order.order_number}.json")


def _failed(room: Room, order: OrderView, code: str) -> OrderView:
    """Note a failed try; people are told of the first one."""
    at, number = room.ledger.now(), order.order_number
    with room.ledger.transaction() as conn:
        purchase_orders.note_paper_failure(conn, room.tenant, number, code)
        append_event(conn, room.tenant, number, "purchase_order.paper_failed", {"code": code}, at=at)
        if order.paper_tries == 0:
            put_notices(conn, room.tenant, [Notice("purchase_order.paper_failed", {"order_number": number, "codes": code})], at=at)
        return purchase_orders.view(conn, room.tenant, number)


def _stored(room: Room, order: OrderView) -> tuple[str, str]:
    logo, told = _logo(room), order_json(order)
    key = digest("order", LAYOUT, told.decode(), digest(logo.hex()) if logo else None)
    pdf_object, json_object = (private_name(room.tenant, FOLDER, key, ext) for ext in ("pdf", "json"))
    if not room.store.exists(pdf_object):
        room.store.create(pdf_object, _printed(order, logo), media_type="application/pdf")
    room.store.create(json_object, told, media_type="application/json")
    return pdf_object, json_object


def _printed(order: OrderView, logo: bytes | None) -> bytes:
    try:
        return order_pdf(order, logo)
    except Exception as error:  # noqa: BLE001 - whatever a layout library raises must not lose the order; its text may hold what is ordered
        raise StageFailed(f"the order cannot be printed ({type(error).__name__})") from None


def _logo(room: Room) -> bytes | None:
    path = room.settings.purchase_logo
    try:
        return path.read_bytes() if path else None
    except OSError as error:
        raise SettingsInvalid(f"DOCMILL_PURCHASE_LOGO cannot be read ({error.strerror})") from None
