"""`/purchasing`: lists of requests, orders and receipts, and the reports. One of each has a page of its own in the modules beside this one."""

from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from docmill.errors import NotFound
from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import choices, framed
from docmill.gateway.page_parts import Cell, figure, link, moment, money, parts, table
from docmill.gateway.purchasing import OrderCursor, RowCursor
from docmill.gateway.receipts import ReportName
from docmill.services.jobs import job_view
from docmill.services.purchasing import matching, ordering
from docmill.services.purchasing.waiting import look_at_all
from docmill.values.purchase_records import MatchDecision, MatchView, RequestState, RequestView

HERE: Final = "/purchasing"
WIDE: Final = MappingProxyType({"page": "purchasing"})
SHOWN: Final = 50
MOST_ROWS: Final = 500
REPORTS: Final = {
    "open-orders": "Open orders",
    "unmatched-receipts": "Unmatched receipts",
    "spend-by-vendor": "Spend by vendor",
    "matching-quality": "Matching quality",
}
_FIGURES: Final = ("total", "open_lines", "open_net", "receipts", "score", "orders", "ordered", "invoiced", "mean_score")
Word = Annotated[str, Query(max_length=20)]


def purchasing_pages_router(desk: Desk) -> APIRouter:
    """The lists."""
    router = APIRouter(include_in_schema=False, prefix=HERE)
    _add_requests(router, desk)
    _add_orders(router, desk)
    _add_receipts(router, desk)
    _add_reports(router, desk)
    return router


def _page(heading: str, here: str, body: str, *, more: str = "") -> HTMLResponse:
    return framed("purchasing.html", heading, here=HERE, data=WIDE, parts=parts(here), heading=escape(heading), body=body, more=more)


def _older(here: str, asked: dict[str, str], last: str) -> str:
    return f'<p><a href="{here}?{escape(urlencode(asked | {"before": last}))}" rel="next">Older ones</a></p>'


def _filter(here: str, name: str, label: str, values: list[str], chosen: str) -> str:
    return (
        f'<form class="options" action="{here}" method="get" role="search" aria-label="Filter">'
        f'<label for="by-{name}">{label}</label> <select id="by-{name}" name="{name}">{choices(values, chosen)}</select>'
        '<button type="submit">Filter</button></form>'
    )


def _add_requests(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("")
    def page(state: Word = "", before: RowCursor = None) -> HTMLResponse:
        wanted = tuple(one for one in RequestState if one.value == state)
        found = look_at_all(room, wanted, limit=SHOWN + 1, before=before)
        heads = ("Request", "State", "Vendor", "#Total", "Approvals", "Order", "Asked by", "Asked (UTC)")
        new = '<p><a href="/purchasing/requests/new">New request</a></p>'
        filters = _filter(HERE, "state", "State", ["", *(one.value for one in RequestState)], state)
        body = new + filters + table(heads, map(_request_row, found[:SHOWN]), caption="Purchase requests", empty="no requests")
        asked = {"state": state} if state else {}
        return _page("Purchase requests", HERE, body, more=_older(HERE, asked, found[SHOWN - 1].request_id) if len(found) > SHOWN else "")


def approvals_of(request: RequestView) -> str:
    """Given of needed, in this revision."""
    given = sum(one.revision == request.revision and one.verdict == "approved" for one in request.approvals)
    return f"{given} of {request.approvals_needed}"


def _request_row(one: RequestView) -> tuple[Cell, ...]:
    content = one.content
    return (
        link(f"/purchasing/requests/{one.request_id}", content.lines[0].description[:60]),
        one.state.value,
        content.vendor.name,
        money(content.total, content.currency),
        approvals_of(one),
        link(f"/purchasing/orders/{one.order_number}", one.order_number)
        if one.order_number
        else "waits for its proforma"
        if one.proforma_wait
        else "",
        one.submitted_by,
        moment(one.created_at),
    )


def _add_orders(router: APIRouter, desk: Desk) -> None:
    room, here = desk.room, f"{HERE}/orders"

    @router.get("/orders")
    def page(before: OrderCursor = None) -> HTMLResponse:
        found = ordering.list_orders(room.ledger, room.tenant, limit=SHOWN + 1, before=before)
        rows = [
            (
                link(f"{here}/{one.order_number}", one.order_number),
                one.content.vendor.name,
                money(one.content.total, one.content.currency),
                one.paper_state.value,
                str(len(one.differences)),
                moment(one.created_at),
            )
            for one in found[:SHOWN]
        ]
        heads = ("Order", "Vendor", "#Total", "PDF", "#Differences", "Ordered (UTC)")
        body = table(heads, rows, caption="Purchase orders", empty="no orders")
        return _page("Purchase orders", here, body, more=_older(here, {}, found[SHOWN - 1].order_number) if len(found) > SHOWN else "")


def _add_receipts(router: APIRouter, desk: Desk) -> None:
    room, here = desk.room, f"{HERE}/receipts"

    @router.get("/receipts")
    def page(show: Word = "", before: RowCursor = None) -> HTMLResponse:
        only_open = show != "all"
        found = matching.list_matches(room, limit=SHOWN + 1, only_open=only_open, before=before)
        heads = ("Receipt", "Kind", "Order", "#Total", "Outcome", "#Score", "Decision", "Findings", "Compared (UTC)")
        filters = _filter(here, "show", "Show", ["open", "all"], "open" if only_open else "all")
        body = filters + table(heads, (receipt_row(desk, one) for one in found[:SHOWN]), caption="Receipts", empty="no receipts wait")
        asked = {} if only_open else {"show": "all"}
        return _page("Receipts", here, body, more=_older(here, asked, found[SHOWN - 1].match_id) if len(found) > SHOWN else "")


def receipt_row(desk: Desk, one: MatchView) -> tuple[Cell, ...]:
    """A compared receipt in a list."""
    decision = "waits for a person" if one.decision is MatchDecision.OPEN else one.decision.value
    return (
        link(f"/purchasing/receipts/{one.document_id}", name_of(desk, one)),
        one.kind.value.replace("_", " "),
        link(f"/purchasing/orders/{one.order_number}", one.order_number) if one.order_number else "none",
        money(one.total, one.currency or ""),
        one.outcome.value,
        f"{one.score:.2f}",
        decision,
        ", ".join(code.replace("_", " ") for code in one.codes),
        moment(one.created_at),
    )


def name_of(desk: Desk, match: MatchView) -> str:
    """The receipt's file name; its id once it was deleted."""
    try:
        return job_view(desk.room.ledger, desk.room.tenant, match.job_id).name
    except NotFound:
        return f"{match.document_id[:12]} (deleted)"


def _add_reports(router: APIRouter, desk: Desk) -> None:
    here = f"{HERE}/reports"

    @router.get("/reports")
    def index() -> HTMLResponse:
        rows = [
            (link(f"{here}/{name}", title), link(f"/api/v1/purchase-reports/{name}?form=csv", f"{name}.csv"),
             link(f"/api/v1/purchase-reports/{name}?form=parquet", f"{name}.parquet"))
            for name, title in REPORTS.items()
        ]  # fmt: skip
        return _page("Reports", here, table(("Report", "CSV", "Parquet"), rows, caption="Reports"))

    @router.get("/reports/{name}")
    def report(name: ReportName) -> HTMLResponse:
        from docmill.services.purchasing import reports  # noqa: PLC0415 - pandas loads only here

        frame = reports.report(desk.room, name)
        heads = [f"#{column.replace('_', ' ')}" if column in _FIGURES else column.replace("_", " ") for column in frame.columns]
        rows = [tuple(_shown(value) for value in row) for row in frame.head(MOST_ROWS).astype(object).itertuples(index=False, name=None)]
        files = " ".join(str(link(f"/api/v1/purchase-reports/{name}?form={form}", f"{name}.{form}")) for form in ("csv", "parquet"))
        cut = f"<p>The first {MOST_ROWS} of {len(frame)} rows; the files have all.</p>" if len(frame) > MOST_ROWS else ""
        return _page(REPORTS[name], here, f"<p>{files}</p>" + table(heads, rows, caption=REPORTS[name], empty="nothing") + cut)


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return figure(value)
    return "" if str(value) in {"None", "nan", "<NA>"} else str(value)
