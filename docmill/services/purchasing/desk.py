"""What the command line, the gateway and the flows call: the verbs of purchasing with the settings' rules in them."""

from pydantic import ValidationError

from docmill.errors import DocmillError, InvalidOptions
from docmill.services.purchasing import requests
from docmill.services.purchasing.ordering import generate_order
from docmill.services.purchasing.starting import start_order
from docmill.services.purchasing.waiting import look, with_wait
from docmill.services.running.room import Room
from docmill.values.purchase_records import PaperState, RequestState, RequestView
from docmill.values.purchasing import PurchaseContent


def read_content(data: bytes) -> PurchaseContent:
    """What is asked for, from JSON.

    Raises:
        InvalidOptions: it does not follow the shape; the message names the places, never the values.
    """
    try:
        return PurchaseContent.model_validate_json(data)
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False, include_url=False)[:5]
        )
        raise InvalidOptions(f"not a purchase request: {told}") from None


def submit(room: Room, content: PurchaseContent, *, by: str) -> RequestView:
    """Submit a request under the settings' limits."""
    return requests.submit_request(room.ledger, room.tenant, content, by=by, limits=room.settings.purchase_limits)


def change(room: Room, request_id: str, content: PurchaseContent, *, by: str) -> RequestView:
    """Change a request under the settings' limits."""
    return requests.change_request(room.ledger, room.tenant, request_id, content, by=by, limits=room.settings.purchase_limits)


def approve(room: Room, request_id: str, *, by: str) -> RequestView:
    """Give one approval; the last one makes the order, unless an attachment is still being read: then `proforma_wait` says so.

    An order that waits is made when the reading ends, or by the sweep (by the nightly flow at the latest) when the time is over.
    An order that cannot be finished now (its PDF fails, the store is away) is finished by a run of `generate_purchase_order`, which is tried
    for seven minutes, and after that by the nightly flow; the approval stays.
    """
    view = requests.approve_request(room.ledger, room.tenant, request_id, by=by, own_approval=room.settings.purchase_own_approval)
    if view.state is not RequestState.APPROVED:
        return view
    is_finished = False
    try:
        if (waiting := with_wait(room, view)).proforma_wait is not None:
            return waiting
        is_finished = generate_order(room, request_id).paper_state is PaperState.MADE
    except DocmillError as error:
        if not error.retryable:
            raise
    if not is_finished:
        start_order(room.settings, request_id)
    return look(room, request_id)


def reject(room: Room, request_id: str, *, by: str, reason: str) -> RequestView:
    """Refuse a request."""
    return requests.reject_request(room.ledger, room.tenant, request_id, by=by, reason=reason)
