"""`/purchasing/requests/...`: one request: what is asked for, who approved, what the proforma says differently; approving, refusing, changing.

All that changes something goes through `/api/v1/purchase-requests`.
"""

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from docmill.errors import Conflict
from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import framed
from docmill.gateway.page_parts import Cell, Markup, facts, figure, lines_of, link, moment, money, parts, table
from docmill.gateway.pages_purchasing import HERE, approvals_of
from docmill.gateway.purchasing import RequestId
from docmill.services.purchasing import requests
from docmill.services.purchasing.proforma import with_proforma
from docmill.services.purchasing.waiting import look
from docmill.values.purchase_records import ApprovalView, RequestState, RequestView
from docmill.values.purchasing import Difference, OrderLine, PurchaseContent

API: Final = "/api/v1/purchase-requests"
CHANGEABLE: Final = frozenset({RequestState.SUBMITTED, RequestState.REJECTED})
FIELDS: Final = (
    ("description", "Description", "text", ""),
    ("item_number", "Item number", "text", ""),
    ("quantity", "Quantity", "decimal", "1"),
    ("unit", "Unit", "text", "pcs"),
    ("unit_price", "Unit price, net", "decimal", ""),
    ("tax_rate", "Tax, %", "decimal", "0"),
)


VENDOR_FIELDS: Final = (
    ("vendor_name", "Name", 0, " required"),
    ("vendor_address", "Address", 2, ""),
    ("vendor_tax_ids", "Tax numbers, with commas", 0, ""),
    ("vendor_iban", "Account (IBAN)", 0, ""),
)
ORDER_FIELDS: Final = (
    ("currency", "Currency", 0, ' required pattern="[A-Z]{3}" title="three capitals, such as EUR"'),
    ("buyer", "Buyer, as printed", 3, ""),
    ("delivery_address", "Deliver to", 2, ""),
    ("payment_terms", "Payment terms", 2, ""),
    ("notes", "Notes", 2, ""),
)


def request_pages_router(desk: Desk) -> APIRouter:
    """One request, the form for a new one, and the form for a change."""
    router = APIRouter(include_in_schema=False, prefix="/purchasing/requests")
    room = desk.room

    @router.get("/new")
    def new() -> HTMLResponse:
        return _form("New purchase request", None, api=API, method="POST")

    @router.get("/{request_id}")
    def one(request_id: RequestId) -> HTMLResponse:
        found = look(room, request_id)
        differences: tuple[Difference, ...] = ()
        if found.state is not RequestState.ORDERED:
            _, differences = with_proforma(room, found.content)
        return _page(found, differences)

    @router.get("/{request_id}/change")
    def change(request_id: RequestId) -> HTMLResponse:
        found = requests.request_view(room.ledger, room.tenant, request_id)
        if found.state not in CHANGEABLE:
            raise Conflict(f"the request is {found.state}; it cannot be changed any more")
        return _form("Change the purchase request", found.content, api=f"{API}/{request_id}", method="PUT")

    return router


def content_html(content: PurchaseContent) -> str:
    """Lines and totals by tax rate of a request or order."""
    heads = ("#Line", "Description", "Item number", "#Quantity", "Unit", "#Unit price", "#Tax", "#Net")
    shown = table(heads, (_line(number, one) for number, one in enumerate(content.lines, 1)), caption="Lines")
    sums = [("Net total", "", money(content.net, content.currency))]
    sums += [(f"Tax {figure(share.rate)} %", money(share.net), money(share.tax, content.currency)) for share in content.taxes]
    sums.append(("Total", "", money(content.total, content.currency)))
    return shown + table(("Sum", "Of", "#Amount"), sums, caption="Totals by tax rate")


def vendor_facts(content: PurchaseContent) -> dict[str, Cell]:
    """Who sells, who buys, and the terms."""
    vendor = content.vendor
    return {
        "Vendor": vendor.name,
        "Address": lines_of(vendor.address),
        "Tax numbers": ", ".join(vendor.tax_ids),
        "Account": vendor.iban or "",
        "Buyer": lines_of(content.buyer),
        "Deliver to": lines_of(content.delivery_address),
        "Payment terms": lines_of(content.payment_terms),
        "Notes": lines_of(content.notes),
        "Attachments": Markup(", ".join(str(link(f"/documents/{one}", one[:12])) for one in content.attachments)),
    }


def differences_html(differences: tuple[Difference, ...]) -> str:
    """What request and proforma say differently; nothing where they agree."""
    rows = [(one.place.replace("_", " "), one.request, one.proforma) for one in differences]
    return table(("Place", "Request", "Proforma"), rows, caption="Differences between request and proforma") if rows else ""


def _line(number: int, one: OrderLine) -> tuple[Cell, ...]:
    price, rate = f"{one.unit_price:,f}", f"{figure(one.tax_rate)} %"
    return (str(number), one.description, one.item_number or "", figure(one.quantity), one.unit, price, rate, money(one.net))


def _page(found: RequestView, differences: tuple[Difference, ...]) -> HTMLResponse:
    content, title = found.content, f"Request to {found.content.vendor.name}"
    about: dict[str, Cell] = {"Asked by": found.submitted_by, "Asked (UTC)": moment(found.created_at), "Revision": str(found.revision)}
    steps = table(
        ("#Revision", "#Step", "Verdict", "User", "Reason", "At (UTC)"), map(_step, found.approvals), caption="Approvals", empty="none yet"
    )
    return framed(
        "purchase_request.html",
        title,
        here=HERE,
        data=MappingProxyType({"page": "purchasing"}),
        parts=parts(""),
        heading=escape(title),
        state=_state(found),
        facts=facts({**vendor_facts(content), **about}),
        content=content_html(content),
        differences=differences_html(differences),
        approvals=steps,
        forms=_forms(found),
    )


def _step(one: ApprovalView) -> tuple[Cell, ...]:
    return (str(one.revision), str(one.step), one.verdict, one.user_id, one.reason or "", moment(one.at))


def _state(found: RequestView) -> str:
    if found.order_number:
        return f"Ordered: {link(f'/purchasing/orders/{found.order_number}', found.order_number)}."
    if found.state is RequestState.SUBMITTED:
        return f"Waits for approval: {approvals_of(found)} given."
    if found.proforma_wait is not None:
        return f"Approved; its order waits for the proforma to be read, until {moment(found.proforma_wait.until)} UTC at the longest."
    if found.state is RequestState.APPROVED:
        return "Approved; its order could not be made yet and is tried again."
    return "Rejected; a change brings it back."


def _forms(found: RequestView) -> str:
    api, then = f"{API}/{found.request_id}", f"/purchasing/requests/{found.request_id}"
    made = ""
    if found.state is RequestState.SUBMITTED:
        made += f'<form method="post" data-api="{api}/approve" data-then="{then}"><button type="submit" disabled>Approve</button></form>'
        made += (
            f'<form method="post" data-api="{api}/reject" data-then="{then}" class="options"><label for="reason">Reason</label> '
            '<input id="reason" name="reason" required maxlength="1000" size="40"><button type="submit" disabled>Reject</button></form>'
        )
    if found.state is RequestState.APPROVED:
        label = "Order now, without the proforma" if found.proforma_wait is not None else "Try again"
        made += f'<form method="post" data-api="{api}/order" data-then="{then}"><button type="submit" disabled>{label}</button></form>'
    return made + (f"<p>{link(f'{then}/change', 'Change the request')}</p>" if found.state in CHANGEABLE else "")


def _form(title: str, content: PurchaseContent | None, *, api: str, method: str) -> HTMLResponse:
    lines = [_inputs(number, one) for number, one in enumerate(content.lines, 1)] if content else [_inputs(1, None)]
    kept = content.attachments if content else ()
    return framed(
        "purchase_form.html",
        title,
        here=HERE,
        data=MappingProxyType({"page": "purchasing"}),
        parts=parts(""),
        heading=escape(title),
        api=api,
        method=method,
        vendor="".join(_field(*one, _texts(content)) for one in VENDOR_FIELDS),
        order="".join(_field(*one, _texts(content)) for one in ORDER_FIELDS),
        heads="".join(f'<th scope="col">{label}</th>' for _, label, _, _ in FIELDS),
        lines="".join(lines),
        blank=_inputs(0, None),
        attached="".join(f'<li data-document="{one}">{link(f"/documents/{one}", one[:12])} {_REMOVE}</li>' for one in kept),
    )


def _texts(content: PurchaseContent | None) -> dict[str, str]:
    """What stands in the form's fields."""
    if content is None:
        return {"currency": "EUR"}
    vendor = content.vendor
    about = {"vendor_name": vendor.name, "vendor_address": vendor.address, "vendor_iban": vendor.iban or ""}
    terms = {"delivery_address": content.delivery_address, "payment_terms": content.payment_terms, "notes": content.notes}
    return {**about, "vendor_tax_ids": ", ".join(vendor.tax_ids), "buyer": content.buyer, "currency": content.currency, **terms}


def _field(name: str, label: str, rows: int, more: str, texts: Mapping[str, str]) -> str:
    """A labelled text field; of several rows, or an input where rows is 0."""
    value, named = escape(texts.get(name, "")), f'id="{name}" name="{name}" maxlength="4000"'
    box = f'<textarea {named} rows="{rows}">{value}</textarea>' if rows else f'<input {named} value="{value}"{more}>'
    return f'<label for="{name}">{label}</label> {box}'


_REMOVE: Final = '<button type="button" data-remove>Remove</button>'


def _inputs(number: int, line: OrderLine | None) -> str:
    """A row of the form; the script numbers the labels anew when rows come and go."""
    cells = ""
    for name, label, kind, default in FIELDS:
        given = getattr(line, name) if line else default
        value = "" if given is None else f"{given}" if isinstance(given, str) else f"{given:f}"
        more = (
            ' inputmode="decimal" pattern="-?[0-9]+([.][0-9]+)?" title="a number with a point, such as 12.50"' if kind == "decimal" else ""
        )
        more += "" if name == "item_number" else " required"
        cells += (
            f'<td><input data-name="{name}" aria-label="{label}, line {number}" data-label="{label}" value="{escape(value)}"{more}></td>'
        )
    return f'<tr>{cells}<td><button type="button" data-remove aria-label="Remove line {number}">Remove</button></td></tr>'
