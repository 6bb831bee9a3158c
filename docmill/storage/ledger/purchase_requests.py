"""Purchase requests and their approvals in the ledger. What may follow what is decided in services/purchasing."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger.bulk import Row, insert_rows
from docmill.storage.ledger.tables_purchasing import PURCHASE_APPROVALS as APPROVALS
from docmill.storage.ledger.tables_purchasing import PURCHASE_ORDERS as ORDERS
from docmill.storage.ledger.tables_purchasing import PURCHASE_REQUESTS as REQUESTS
from docmill.storage.ledger.texts import storable, storable_json
from docmill.values.purchase_records import ApprovalView, RequestState, RequestView
from docmill.values.purchasing import PurchaseContent


def content_columns(content: PurchaseContent) -> Row:
    """The columns that say what is bought."""
    return {"content": storable_json(content.model_dump(mode="json")), "currency": content.currency, "total": str(content.total)}


def insert(
    conn: sa.Connection, tenant: str, request_id: str, content: PurchaseContent, *, approvals_needed: int, submitted_by: str, at: datetime
) -> None:
    """Insert a new request in its first revision."""
    row: Row = {
        "tenant_id": tenant,
        "request_id": request_id,
        "state": RequestState.SUBMITTED.value,
        "revision": 1,
        **content_columns(content),
        "approvals_needed": approvals_needed,
        "submitted_by": storable(submitted_by),
        "created_at": at,
        "changed_at": at,
    }
    insert_rows(conn, REQUESTS, [row])


def change(conn: sa.Connection, tenant: str, request_id: str, values: Mapping[str, Any], *, at: datetime) -> None:
    """Give a locked request other values."""
    update = sa.update(REQUESTS).where(REQUESTS.c.tenant_id == tenant, REQUESTS.c.request_id == request_id)
    conn.execute(update.values(**values, changed_at=at))


def add_approval(conn: sa.Connection, tenant: str, request_id: str, approval: ApprovalView) -> None:
    """Note one step of the chain of a locked request."""
    told = approval.model_dump() | {"reason": storable(approval.reason) if approval.reason else None}
    insert_rows(conn, APPROVALS, [{"tenant_id": tenant, "request_id": request_id, **told}])


def locked(conn: sa.Connection, tenant: str, request_id: str) -> RequestView:
    """A request, locked until the transaction ends.

    Raises:
        NotFound: no such request.
    """
    conn.execute(
        sa.select(REQUESTS.c.request_id).where(REQUESTS.c.tenant_id == tenant, REQUESTS.c.request_id == request_id).with_for_update()
    )
    return view(conn, tenant, request_id)


def view(conn: sa.Connection, tenant: str, request_id: str) -> RequestView:
    """One request.

    Raises:
        NotFound: no such request.
    """
    found = _views(conn, tenant, REQUESTS.c.request_id == request_id, limit=1)
    if not found:
        raise NotFound("no such purchase request")
    return found[0]


def newest(
    conn: sa.Connection, tenant: str, states: Sequence[RequestState] = (), *, limit: int, before: str | None = None
) -> list[RequestView]:
    """Requests in these states (all by default), newest first; `before` an id: only older ones."""
    conditions: list[sa.ColumnElement[bool]] = [REQUESTS.c.state.in_([s.value for s in states])] if states else []
    conditions += [REQUESTS.c.request_id < before] if before else []
    return _views(conn, tenant, sa.and_(sa.true(), *conditions), limit=limit)


def ids_without_order(conn: sa.Connection, tenant: str) -> list[str]:
    """Approved requests whose order was not made yet, oldest first."""
    query = sa.select(REQUESTS.c.request_id).where(REQUESTS.c.tenant_id == tenant, REQUESTS.c.state == RequestState.APPROVED.value)
    return list(conn.execute(query.order_by(REQUESTS.c.request_id)).scalars())


def _views(conn: sa.Connection, tenant: str, condition: sa.ColumnElement[bool], *, limit: int) -> list[RequestView]:
    is_ordered = (ORDERS.c.tenant_id == REQUESTS.c.tenant_id) & (ORDERS.c.request_id == REQUESTS.c.request_id)
    query = (
        sa.select(REQUESTS, ORDERS.c.order_number).join(ORDERS, is_ordered, isouter=True).where(REQUESTS.c.tenant_id == tenant, condition)
    )
    rows = conn.execute(query.order_by(REQUESTS.c.request_id.desc()).limit(limit)).mappings().all()
    steps = _approvals(conn, tenant, [row["request_id"] for row in rows])
    return [
        RequestView(
            request_id=row["request_id"],
            state=RequestState(row["state"]),
            revision=row["revision"],
            content=PurchaseContent.model_validate(row["content"]),
            approvals_needed=row["approvals_needed"],
            approvals=tuple(steps.get(row["request_id"], ())),
            submitted_by=row["submitted_by"],
            created_at=row["created_at"],
            order_number=row["order_number"],
        )
        for row in rows
    ]


def _approvals(conn: sa.Connection, tenant: str, request_ids: Sequence[str]) -> dict[str, list[ApprovalView]]:
    query = sa.select(APPROVALS).where(APPROVALS.c.tenant_id == tenant, APPROVALS.c.request_id.in_(request_ids))
    found: dict[str, list[ApprovalView]] = {}
    for row in conn.execute(query.order_by(APPROVALS.c.request_id, APPROVALS.c.revision, APPROVALS.c.step)).mappings():
        told = {name: row[name] for name in ApprovalView.model_fields}
        found.setdefault(row["request_id"], []).append(ApprovalView(**told))
    return found
