"""Purchase requests: submitted, changed, approved step by step, rejected. What an order is made of stands in ordering."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from docmill.errors import Conflict, InvalidOptions, NotAllowed, NotFound
from docmill.storage.ledger import Connection, Ledger, purchase_requests, users
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger.audit import Fact, append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.outbox import Notice, put_notices
from docmill.values.purchase_records import ApprovalView, RequestState, RequestView
from docmill.values.purchasing import PurchaseContent

if TYPE_CHECKING:
    from datetime import datetime

APPROVERS = ("approver", "admin")
LONGEST_LIST = 1000


def approvals_needed(total: Decimal, limits: Sequence[Decimal]) -> int:
    """One, and one more for each limit that the total reaches."""
    return 1 + sum(total >= limit for limit in limits)


def submit_request(ledger: Ledger, tenant: str, content: PurchaseContent, *, by: str, limits: Sequence[Decimal]) -> RequestView:
    """Ask for something to be bought.

    Raises:
        NotAllowed: no such user, or it is disabled.
        NotFound: an attachment is no document of the tenant.
    """
    at = ledger.now()
    request_id = new_id(at)
    with ledger.transaction() as conn:
        _check_submission(conn, tenant, content, by)
        needed = approvals_needed(content.total, limits)
        purchase_requests.insert(conn, tenant, request_id, content, approvals_needed=needed, submitted_by=by, at=at)
        _note(conn, tenant, request_id, "submitted", {"by": by, "revision": 1, "approvals_needed": needed}, at)
        return purchase_requests.view(conn, tenant, request_id)


def change_request(
    ledger: Ledger, tenant: str, request_id: str, content: PurchaseContent, *, by: str, limits: Sequence[Decimal]
) -> RequestView:
    """Replace what is asked for; the request begins a new revision and needs all its approvals again.

    Raises:
        Conflict: it is fully approved or ordered.
        NotAllowed, NotFound: as in submit_request; no such request.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        request = purchase_requests.locked(conn, tenant, request_id)
        if request.state not in {RequestState.SUBMITTED, RequestState.REJECTED}:
            raise Conflict(f"the request is {request.state}; it cannot be changed any more")
        _check_submission(conn, tenant, content, by)
        values = {
            "state": RequestState.SUBMITTED.value,
            "revision": request.revision + 1,
            "approvals_needed": approvals_needed(content.total, limits),
            "submitted_by": by,
            **purchase_requests.content_columns(content),
        }
        purchase_requests.change(conn, tenant, request_id, values, at=at)
        _note(conn, tenant, request_id, "changed", {"by": by, "revision": request.revision + 1}, at)
        return purchase_requests.view(conn, tenant, request_id)


def approve_request(ledger: Ledger, tenant: str, request_id: str, *, by: str, own_approval: bool) -> RequestView:
    """One step of the approval chain; each needs another person. The last makes the request `approved`.

    Args:
        ledger: the open ledger.
        tenant: whose request it is.
        request_id: the request.
        by: id of a user with the role approver or admin.
        own_approval: whether the one who submitted the request may be among those who approve.

    Raises:
        Conflict: it does not wait for approval.
        NotAllowed: the user may not approve, or has done so already.
        NotFound: no such request.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        request = _waiting(conn, tenant, request_id, by)
        if by == request.submitted_by and not own_approval:
            raise NotAllowed("who submitted a request may not approve it (DOCMILL_PURCHASE_OWN_APPROVAL)")
        steps = [one for one in request.approvals if one.revision == request.revision]
        if any(one.user_id == by for one in steps):
            raise NotAllowed("each approval of a request needs another person")
        step = len(steps) + 1
        approval = ApprovalView(revision=request.revision, step=step, verdict="approved", user_id=by, reason=None, at=at)
        purchase_requests.add_approval(conn, tenant, request_id, approval)
        is_full = step >= request.approvals_needed
        if is_full:
            purchase_requests.change(conn, tenant, request_id, {"state": RequestState.APPROVED.value}, at=at)
        facts: dict[str, Fact] = {"by": by, "revision": request.revision, "step": step, "is_full": is_full}
        _note(conn, tenant, request_id, "approved" if is_full else "approval_given", facts, at)
        return purchase_requests.view(conn, tenant, request_id)


def reject_request(ledger: Ledger, tenant: str, request_id: str, *, by: str, reason: str) -> RequestView:
    """Refuse a request; a change brings it back.

    Raises:
        InvalidOptions: no reason.
        Conflict, NotAllowed, NotFound: as in approve_request.
    """
    if not reason.strip():
        raise InvalidOptions("a rejection needs a reason")
    at = ledger.now()
    with ledger.transaction() as conn:
        request = _waiting(conn, tenant, request_id, by)
        step = 1 + sum(one.revision == request.revision for one in request.approvals)
        approval = ApprovalView(revision=request.revision, step=step, verdict="rejected", user_id=by, reason=reason.strip(), at=at)
        purchase_requests.add_approval(conn, tenant, request_id, approval)
        purchase_requests.change(conn, tenant, request_id, {"state": RequestState.REJECTED.value}, at=at)
        _note(conn, tenant, request_id, "rejected", {"by": by, "revision": request.revision}, at)
        return purchase_requests.view(conn, tenant, request_id)


def request_view(ledger: Ledger, tenant: str, request_id: str) -> RequestView:
    """One request with its approvals and its order's number.

    Raises:
        NotFound: no such request.
    """
    with ledger.reading() as conn:
        return purchase_requests.view(conn, tenant, request_id)


def list_requests(
    ledger: Ledger, tenant: str, states: Sequence[RequestState] = (), *, limit: int = 100, before: str | None = None
) -> list[RequestView]:
    """Requests in these states, newest first; all states by default. `before` an id: only older ones."""
    with ledger.reading() as conn:
        return purchase_requests.newest(conn, tenant, states, limit=min(limit, LONGEST_LIST), before=before)


def _waiting(conn: Connection, tenant: str, request_id: str, by: str) -> RequestView:
    request = purchase_requests.locked(conn, tenant, request_id)
    if users.role_of(conn, tenant, by) not in APPROVERS:
        raise NotAllowed("this needs a user with the role approver or admin")
    if request.state is not RequestState.SUBMITTED:
        raise Conflict(f"the request is {request.state}; it does not wait for approval")
    return request


def _check_submission(conn: Connection, tenant: str, content: PurchaseContent, by: str) -> None:
    if users.role_of(conn, tenant, by) is None:
        raise NotAllowed("no such user")
    if content.attachments:
        known = document_rows.locked(conn, tenant, content.attachments)
        if len(known) < len(set(content.attachments)):
            raise NotFound("an attachment is no document that docmill knows")


def _note(conn: Connection, tenant: str, request_id: str, what: str, facts: Mapping[str, Fact], at: "datetime") -> None:
    append_event(conn, tenant, request_id, f"purchase_request.{what}", facts, at=at)
    put_notices(conn, tenant, [Notice(f"purchase_request.{what}", {"request_id": request_id})], at=at)
