"""Reports as tables: open orders, unmatched receipts, spend by vendor, matching quality. Written as CSV or Parquet."""

import io
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from docmill.errors import InvalidOptions
from docmill.services.exporting import harmless
from docmill.services.running.room import Room
from docmill.storage.ledger import purchase_orders, receipt_matches, views
from docmill.values.jobs import JobView
from docmill.values.matching import ReceiptKind
from docmill.values.purchase_records import MatchDecision, MatchView, OrderView

if TYPE_CHECKING:
    import pandas as pd

MOST_ORDERS = 1_000_000
PAID = (MatchDecision.APPROVED, MatchDecision.ACCEPTED)

Rows = list[dict[str, Any]]


def report(room: Room, name: str) -> "pd.DataFrame":
    """One of the reports in REPORTS; amounts are Decimal.

    Raises:
        InvalidOptions: another name; the message lists the known.
    """
    import pandas as pd  # noqa: PLC0415 - loads in 0.5 s, only where a report is made

    if name not in REPORTS:
        raise InvalidOptions(f"unknown report; known are {', '.join(REPORTS)}")
    with room.ledger.reading() as conn:
        orders = purchase_orders.newest(conn, room.tenant, limit=MOST_ORDERS)
        matches = receipt_matches.newest(conn, room.tenant)
        never = [views.job(conn, room.tenant, job_id) for job_id in receipt_matches.unmatched_jobs(conn, room.tenant)]
    columns, rows = REPORTS[name]
    made = rows(orders, matches) + (_never_compared(never) if name == "unmatched-receipts" else [])
    return pd.DataFrame(made, columns=list(columns), dtype=object).convert_dtypes(dtype_backend="pyarrow")


def report_bytes(frame: "pd.DataFrame", form: str) -> bytes:
    """The report as a file: csv (UTF-8, without anything that a spreadsheet would run) or parquet."""
    if form == "csv":
        return str(frame.astype(object).map(harmless).to_csv(index=False)).encode()
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def _invoiced(matches: list[MatchView]) -> dict[str, list[MatchView]]:
    found: dict[str, list[MatchView]] = {}
    for one in matches:
        if one.order_number and one.decision in PAID and one.kind is not ReceiptKind.DELIVERY_NOTE:
            found.setdefault(one.order_number, []).append(one)
    return found


def _open_orders(orders: list[OrderView], matches: list[MatchView]) -> Rows:
    invoiced, rows = _invoiced(matches), []
    for order in orders:
        mine = invoiced.get(order.order_number, [])
        taken = [sum((m.taken.get(i, Decimal(0)) for m in mine), Decimal(0)) for i in range(len(order.content.lines))]
        left = [(line, line.quantity - took) for line, took in zip(order.content.lines, taken, strict=True) if line.quantity > took]
        if not left:
            continue
        rows.append(
            {
                "order_number": order.order_number,
                "vendor": order.content.vendor.name,
                "ordered_at": order.created_at.isoformat(),
                "currency": order.content.currency,
                "total": order.content.total,
                "open_lines": len(left),
                "open_net": sum((line.unit_price * quantity for line, quantity in left), Decimal(0)),
                "receipts": len(mine),
            }
        )
    return rows


def _unmatched(orders: list[OrderView], matches: list[MatchView]) -> Rows:
    del orders
    return [
        {
            "match_id": one.match_id,
            "document_id": one.document_id,
            "kind": one.kind.value,
            "order_number": one.order_number,
            "outcome": one.outcome.value,
            "score": one.score,
            "codes": ", ".join(one.codes),
            "currency": one.currency,
            "total": one.total,
            "compared_at": one.created_at.isoformat(),
        }
        for one in matches
        if one.decision is MatchDecision.OPEN
    ]


def _never_compared(jobs: list[JobView]) -> Rows:
    """Receipts that were read and not compared yet: nothing was ordered so far, or comparing them failed; the other columns are empty."""
    return [{"document_id": one.document_id, "kind": one.kind} for one in jobs]


def _spend(orders: list[OrderView], matches: list[MatchView]) -> Rows:
    invoiced, sums = _invoiced(matches), dict[tuple[str, str], list[Decimal | int]]()
    for order in orders:
        key = (order.content.vendor.name, order.content.currency)
        ordered, paid, count = sums.get(key, [Decimal(0), Decimal(0), 0])
        billed = sum((m.total or Decimal(0) for m in invoiced.get(order.order_number, [])), Decimal(0))
        sums[key] = [ordered + order.content.total, paid + billed, count + 1]
    return [
        {"vendor": vendor, "currency": currency, "orders": count, "ordered": ordered, "invoiced": paid}
        for (vendor, currency), (ordered, paid, count) in sorted(sums.items())
    ]


def _quality(orders: list[OrderView], matches: list[MatchView]) -> Rows:
    del orders
    rows = []
    for outcome in sorted({one.outcome.value for one in matches}):
        mine = [one for one in matches if one.outcome == outcome]
        counts = {decision.value: sum(one.decision is decision for one in mine) for decision in MatchDecision}
        rows.append(
            {"outcome": outcome, "receipts": len(mine), "mean_score": round(sum(one.score for one in mine) / len(mine), 4), **counts}
        )
    return rows


REPORTS: MappingProxyType[str, tuple[tuple[str, ...], Callable[[list[OrderView], list[MatchView]], Rows]]] = MappingProxyType(
    {
        "open-orders": (("order_number", "vendor", "ordered_at", "currency", "total", "open_lines", "open_net", "receipts"), _open_orders),
        "unmatched-receipts": (
            ("match_id", "document_id", "kind", "order_number", "outcome", "score", "codes", "currency", "total", "compared_at"),
            _unmatched,
        ),
        "spend-by-vendor": (("vendor", "currency", "orders", "ordered", "invoiced"), _spend),
        "matching-quality": (("outcome", "receipts", "mean_score", *(d.value for d in MatchDecision)), _quality),
    }
)
"""Name -> columns and what fills them."""
