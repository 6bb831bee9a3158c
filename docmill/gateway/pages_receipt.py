"""`/purchasing/receipts/{document}`: how a receipt compares with its order, line by line, beside its pages; and the decision of a person.

What the receipt says is shown only to those who may see it: of a redacted document the pictures are the redacted ones and its words are left out.
"""

from decimal import Decimal
from html import escape
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from docmill.errors import NotFound
from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import framed
from docmill.gateway.page_parts import Cell, Markup, facts, figure, link, moment, money, parts, table
from docmill.gateway.page_sheets import marked_sheets
from docmill.gateway.pages_purchasing import HERE, name_of
from docmill.gateway.receipts import DocumentId, is_hidden
from docmill.services import task_view
from docmill.services.purchasing import matching
from docmill.services.purchasing.evidence import MatchEvidence
from docmill.services.purchasing.explaining import Explanation, explain
from docmill.values.matching import LineMatch, Match
from docmill.values.purchase_records import MatchDecision

FIELDS: Final = (
    "vendor_name",
    "vendor_tax_id",
    "vendor_iban",
    "purchase_order_number",
    "document_number",
    "currency",
    "net_total",
    "tax_total",
    "total",
)
CHECKS: Final = {"description": "description", "quantity": "quantity", "unit": "unit", "unit_price": "price", "tax_rate": "tax rate"}


def receipt_pages_router(desk: Desk) -> APIRouter:
    """The page of a receipt."""
    router = APIRouter(include_in_schema=False)

    @router.get("/purchasing/receipts/{document_id}")
    def one(document_id: DocumentId) -> HTMLResponse:
        found = explain(desk.room, matching.newest_match(desk.room, document_id))
        hidden = is_hidden(desk, found.match)
        evidence = found.evidence
        name = name_of(desk, found.match)
        return framed(
            "receipt.html",
            name,
            here=HERE,
            data=MappingProxyType({"page": "receipt"}),
            parts=parts(""),
            heading=escape(name),
            outcome=_outcome(found),
            facts=_facts(found, hidden=hidden),
            findings=_findings(evidence.match) if evidence else "",
            lines=_lines(evidence, found, hidden=hidden) if evidence else "<p>What it was compared with went with the document.</p>",
            sums=_sums(evidence, hidden=hidden) if evidence else "",
            decide=_decide(found),
            pages=_pages(desk, found),
        )

    return router


def _outcome(found: Explanation) -> str:
    match = found.match
    waits = "waits for a person" if match.decision is MatchDecision.OPEN else match.decision.value
    return f"<strong>{match.outcome.value}</strong>, score {match.score:.2f}, {escape(waits)}"


def _facts(found: Explanation, *, hidden: bool) -> str:
    match, evidence = found.match, found.evidence
    again = {True: "yes", False: "NO: the rules say something else now", None: "not asked: other rules, or nothing to compare"}
    told: dict[str, Cell] = {
        "Order": link(f"/purchasing/orders/{match.order_number}", match.order_number) if match.order_number else "none",
        "Kind": match.kind.value.replace("_", " "),
        "Total": money(match.total, match.currency or ""),
        "Compared (UTC)": moment(match.created_at),
        "Same decision again": again[found.reproduced] if evidence else "",
        "Decided by": match.decided_by or "",
        "Decided (UTC)": moment(match.decided_at) if match.decided_at else "",
        "Reason": "hidden: the document is redacted" if hidden and match.reason_object else found.reason or "",
        "Task": link(f"/tasks/{match.job_id}", "the whole document"),
    }
    if evidence:
        said, weighed = evidence.match, evidence.tolerances
        parts_of = (("Vendor", weighed.vendor_weight, said.vendor), ("Total", weighed.total_weight, said.total),
                    ("Lines", weighed.lines_weight, said.lines))  # fmt: skip
        told |= {f"{name} (weight {weight:g})": _meter(name, value) for name, weight, value in parts_of if value is not None}
    return facts(told)


def _meter(name: str, value: float) -> Markup:
    bar = f'<meter min="0" max="1" low="0.8" high="0.99" optimum="1" value="{value:.4f}" aria-label="{escape(name)}"></meter>'
    return Markup(f"{bar} {value:.2f}")


def _findings(match: Match) -> str:
    rows: list[tuple[Cell, ...]] = [
        (one.code.replace("_", " "), "" if one.line is None else str(one.line + 1), one.message, "yes" if one.blocks else "no")
        for one in match.findings
    ]
    return table(("Finding", "#Order line", "What", "Asks for a person"), rows, caption="Findings", empty="nothing speaks against it")


def _lines(evidence: MatchEvidence, found: Explanation, *, hidden: bool) -> str:
    heads = ("#Line", "Ordered", "On the receipt", "Checks", "#Open", "#Billed", "#Price ordered", "#Price billed", "#Amount", "#Score")
    rows = [_line(evidence, one, found, hidden=hidden) for one in evidence.match.line_matches]
    return table(heads, rows, caption="Line by line", empty="no order to compare with") if evidence.state else ""


def _line(evidence: MatchEvidence, one: LineMatch, found: Explanation, *, hidden: bool) -> tuple[Cell, ...]:
    number, ordered, left, price = "-", "not ordered", "", ""
    if evidence.state and one.order_line is not None:
        line = evidence.state.content.lines[one.order_line]
        open_now = line.quantity - evidence.state.taken.get(one.order_line, Decimal(0))
        number, ordered = str(one.order_line + 1), line.description
        left, price = f"{figure(open_now)} {line.unit}", f"{line.unit_price:,f}"
    read: Cell = "missing"
    billed, asked, amount = "", "", ""
    if one.receipt_line is not None:
        seen = evidence.receipt.lines[one.receipt_line]
        read = _where("hidden" if hidden else seen.description or "not read", one.receipt_line, found)
        billed, amount = f"{figure(seen.quantity)} {seen.unit or ''}".strip(), money(seen.amount)
        asked = "" if seen.unit_price is None else f"{seen.unit_price:,f}"
    return (number, ordered, read, _checks(one), left, billed, price, asked, amount, f"{one.score:.2f}")


def _where(words: str, index: int, found: Explanation) -> Cell:
    """The words as a link to their box on the page."""
    is_placed = index < len(found.lines) and found.lines[index].box is not None
    return link(f"#line-{index + 1}", f"{index + 1}: {words}") if is_placed else f"{index + 1}: {words}"


def _checks(one: LineMatch) -> Cell:
    if not one.checks:
        return "accepted" if one.score else "not compared"
    good = [CHECKS.get(name, name) for name, value in one.checks.items() if value]
    shown = "".join(f'<li class="failed">{CHECKS.get(name, name)} differs</li>' for name, value in one.checks.items() if not value)
    shown += f"<li>{', '.join(good)} {'agree' if len(good) > 1 else 'agrees'}</li>" if good else ""
    return Markup(f'<ul class="checks">{shown}</ul>')


def _sums(evidence: MatchEvidence, *, hidden: bool) -> str:
    receipt, state = evidence.receipt, evidence.state
    ordered = state.content if state else None
    ids = ", ".join(ordered.vendor.tax_ids) if ordered else ""
    rows: list[tuple[Cell, ...]] = [
        ("Net", money(ordered.net) if ordered else "", money(receipt.net)),
        ("Tax", money(ordered.tax) if ordered else "", money(receipt.tax)),
        ("Total", money(ordered.total) if ordered else "", money(receipt.total)),
        ("Currency", ordered.currency if ordered else "", receipt.currency or "not read"),
    ]
    if not hidden:
        rows += [
            ("Vendor", ordered.vendor.name if ordered else "", receipt.vendor_name or "not read"),
            ("Tax number", ids, receipt.vendor_tax_id or "not read"),
            ("Account", (ordered.vendor.iban or "") if ordered else "", receipt.vendor_iban or "not read"),
            ("Number", state.number if state else "", receipt.document_number or "not read"),
        ]
    return table(("What", "Whole order", "Receipt"), rows, caption="Sums and vendor")


def _decide(found: Explanation) -> str:
    match = found.match
    if match.decision is not MatchDecision.OPEN or match.is_superseded:
        return ""
    api, then = f"/api/v1/receipts/{match.document_id}/decision", f"/purchasing/receipts/{match.document_id}"
    return (
        f'<form method="post" data-api="{api}" data-then="{then}"><h3>Decide</h3><p><label for="reason">Reason, kept with the decision</label><br>'
        '<textarea id="reason" name="reason" rows="3" required maxlength="1000"></textarea></p><p class="options">'
        '<button type="submit" disabled name="accept" value="true">Accept: it counts</button> '
        '<button type="submit" disabled name="accept" value="false">Refuse: it does not count</button></p></form>'
    )


def _pages(desk: Desk, found: Explanation) -> str:
    """Pictures with a box for each line and each field that was compared."""
    try:
        job = task_view.task(desk.room, found.match.job_id)
        results = task_view.results_of(desk.room, job)
    except NotFound:
        return ""
    if results is None:
        return ""
    marked = [(one, f"line-{n}", f"line {n}") for n, one in enumerate(found.lines, 1)]
    marked += [(found.fields[name], f"field-{name}", name.replace("_", " ")) for name in FIELDS if name in found.fields]
    boxes: dict[int, str] = {}
    for one, name, title in marked:
        if one.box:
            x0, y0, x1, y1 = one.box
            boxes[one.page] = boxes.get(one.page, "") + (
                f'<rect id="{name}" class="field" x="{x0:.0f}" y="{y0:.0f}" width="{x1 - x0:.0f}" height="{y1 - y0:.0f}">'
                f"<title>{escape(title)}</title></rect>"
            )
    return marked_sheets(job, results, boxes)
