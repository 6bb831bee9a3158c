"""Order numbers and purchase orders in the ledger: the number is given in the transaction that inserts the order, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from docmill.errors import NotFound, NumbersExhausted
from docmill.storage.ledger.bulk import Row, insert_rows
from docmill.storage.ledger.purchase_requests import content_columns
from docmill.storage.ledger.tables_purchasing import PURCHASE_ORDERS as ORDERS
from docmill.storage.ledger.tables_purchasing import PURCHASE_SEQUENCES as SEQUENCES
from docmill.storage.ledger.texts import storable_json
from docmill.values.order_number import MOST, order_number
from docmill.values.purchase_records import OrderView, PaperState
from docmill.values.purchasing import Difference, PurchaseContent


def next_sequence(conn: sa.Connection, tenant: str, year: int) -> int:
    """The next number of a year; other transactions wait until this one ends, and find it unused if it is rolled back.

    Raises:
        NumbersExhausted: the year's 999,999 numbers are given.
    """
    insert_rows(conn, SEQUENCES, [{"tenant_id": tenant, "year": year, "last": 0}], replace=())
    is_row = (SEQUENCES.c.tenant_id == tenant) & (SEQUENCES.c.year == year)
    last: int = conn.execute(sa.select(SEQUENCES.c.last).where(is_row).with_for_update()).scalar_one()
    if last >= MOST:
        raise NumbersExhausted(f"all order numbers of {year} are given", year=year)
    conn.execute(sa.update(SEQUENCES).where(is_row).values(last=last + 1))
    return last + 1


def insert(
    conn: sa.Connection, tenant: str, request_id: str, content: PurchaseContent, differences: Sequence[Difference], *, at: datetime
) -> str:
    """Insert the order of a locked request under the next number of the UTC year; returns the number.

    Raises:
        NumbersExhausted: see next_sequence.
        Conflict: the request has an order already (raised by the database).
    """
    sequence = next_sequence(conn, tenant, at.year)
    number = order_number(at.year, sequence)
    row: Row = {
        "tenant_id": tenant,
        "order_number": number,
        "year": at.year,
        "sequence": sequence,
        "request_id": request_id,
        **content_columns(content),
        "differences": storable_json([one.model_dump(mode="json") for one in differences]),
        "paper_state": PaperState.PENDING.value,
        "paper_tries": 0,
        "matches": 0,
        "created_at": at,
    }
    insert_rows(conn, ORDERS, [row])
    return number


def change(conn: sa.Connection, tenant: str, number: str, values: Mapping[str, Any]) -> None:
    """Give an order other values; what was ordered never changes."""
    conn.execute(sa.update(ORDERS).where(ORDERS.c.tenant_id == tenant, ORDERS.c.order_number == number).values(**values))


def note_paper_failure(conn: sa.Connection, tenant: str, number: str, code: str) -> None:
    """Note a try at the order's papers that failed, unless another one made them."""
    update = sa.update(ORDERS).where(
        ORDERS.c.tenant_id == tenant, ORDERS.c.order_number == number, ORDERS.c.paper_state != PaperState.MADE.value
    )
    conn.execute(update.values(paper_state=PaperState.FAILED.value, paper_error=code, paper_tries=ORDERS.c.paper_tries + 1))


def count_match(conn: sa.Connection, tenant: str, number: str, *, after: int | None = None) -> bool:
    """Lock an order and count one more match. False, and nothing is counted, when it has not counted just `after` of them.

    Raises:
        NotFound: no such order.
    """
    is_row = (ORDERS.c.tenant_id == tenant) & (ORDERS.c.order_number == number)
    before: int | None = conn.execute(sa.select(ORDERS.c.matches).where(is_row).with_for_update()).scalar()
    if before is None:
        raise NotFound("no such purchase order")
    if after not in {None, before}:
        return False
    conn.execute(sa.update(ORDERS).where(is_row).values(matches=before + 1))
    return True


def matches_of(conn: sa.Connection, tenant: str, number: str) -> int:
    """How many matches an order has counted."""
    query = sa.select(ORDERS.c.matches).where(ORDERS.c.tenant_id == tenant, ORDERS.c.order_number == number)
    return int(conn.execute(query).scalar() or 0)


def view(conn: sa.Connection, tenant: str, number: str) -> OrderView:
    """One order.

    Raises:
        NotFound: no such order.
    """
    found = find(conn, tenant, number)
    if found is None:
        raise NotFound("no such purchase order")
    return found


def find(conn: sa.Connection, tenant: str, number: str) -> OrderView | None:
    """One order; None when there is none of this number."""
    found = _views(conn, tenant, ORDERS.c.order_number == number, limit=1)
    return found[0] if found else None


def of_request(conn: sa.Connection, tenant: str, request_id: str) -> OrderView | None:
    """The order of a request."""
    found = _views(conn, tenant, ORDERS.c.request_id == request_id, limit=1)
    return found[0] if found else None


def newest(conn: sa.Connection, tenant: str, *, limit: int, before: tuple[int, int] | None = None) -> list[OrderView]:
    """Orders, newest first; `before` a year and a sequence: only earlier ones."""
    year, sequence = before or (0, 0)
    is_earlier = (ORDERS.c.year < year) | ((ORDERS.c.year == year) & (ORDERS.c.sequence < sequence))
    return _views(conn, tenant, is_earlier if before else sa.true(), limit=limit)


def numbers_without_papers(conn: sa.Connection, tenant: str, *, most_tries: int | None = None) -> list[str]:
    """Orders whose PDF and JSON are still to be made, oldest first; with `most_tries` those that were tried less often."""
    query = sa.select(ORDERS.c.order_number).where(ORDERS.c.tenant_id == tenant, ORDERS.c.paper_state != PaperState.MADE.value)
    query = query if most_tries is None else query.where(ORDERS.c.paper_tries < most_tries)
    return list(conn.execute(query.order_by(ORDERS.c.year, ORDERS.c.sequence)).scalars())


def _views(conn: sa.Connection, tenant: str, condition: sa.ColumnElement[bool], *, limit: int) -> list[OrderView]:
    query = sa.select(ORDERS).where(ORDERS.c.tenant_id == tenant, condition)
    rows = conn.execute(query.order_by(ORDERS.c.year.desc(), ORDERS.c.sequence.desc()).limit(limit)).mappings()
    return [OrderView.model_validate({name: row[name] for name in OrderView.model_fields}) for row in rows]
