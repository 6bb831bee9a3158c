"""The e-invoice beside the visible page: fields with the place where they are printed, and where the two tell different things.

A difference is a sign of fraud or of a broken sender: machines pay what the XML says, people approve what the page shows. Messages name the
field and the kind of difference, never values.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from docmill.stages.understanding.einvoice.model import EInvoice
from docmill.stages.understanding.einvoice.visible import AMOUNTS, DATES, VisiblePages
from docmill.values.evidence import Evidence, Field

COMPARED = (
    "document_number", "issue_date", "due_date", "delivery_date", "currency", "net_total", "tax_total", "total", "amount_due", "vendor_iban",
    "vendor_tax_id", "vendor_name", "customer_name",
)  # fmt: skip
"""Fields that both sides usually have."""

SURE_ENOUGH: Mapping[str, float] = {
    "document_number": 0.85, "vendor_iban": 0.6, "vendor_tax_id": 0.8, "vendor_name": 0.9, "customer_name": 0.9, "currency": 0.9,
    "delivery_date": 0.85, "net_total": 0.85, "tax_total": 0.85, "amount_due": 0.85,
}  # fmt: skip
"""How sure the page's own value must be before it contradicts the XML; DEFAULT_SURE for the others."""
DEFAULT_SURE = 0.75

_PARTS = re.compile(r"\s*\n\s*|,\s+")


def placed_fields(invoice: EInvoice, visible: VisiblePages) -> dict[str, Field]:
    """Every field of the e-invoice, exact; with the place where it is printed, or on page 1 without a place."""
    return {name: _placed(name, value, invoice.profile, visible) for name, value in invoice.fields.items()}


def _placed(name: str, value: str, profile: str, visible: VisiblePages) -> Field:
    seen = visible.place(name, value) or (visible.all_of(_PARTS.split(value)) if name.endswith(("_name", "_address")) else None)
    source = f"einvoice:{profile}"
    if seen is None:
        return Field(name=name, value=value, text=value, evidence=Evidence(page=1, confidence=1.0, source=source))
    where = Evidence(page=seen.page.number, box=seen.box.rounded(), start=seen.start, end=seen.end, confidence=1.0, source=source)
    return Field(name=name, value=value, text=seen.text, evidence=where)


def differences(invoice: EInvoice, placed: Mapping[str, Field], printed: Mapping[str, Field], visible: VisiblePages) -> list[str]:
    """What XML and page say differently.

    Args:
        invoice: the XML.
        placed: its fields as `placed_fields` gave them.
        printed: the fields that the rules read from the page alone.
        visible: the page.
    """
    found = []
    for name in COMPARED:
        if name not in placed:
            continue
        kind = _difference(name, invoice, placed[name], printed, visible)
        if kind:
            found.append(f"XML and page differ: {name} ({kind})")
    return found


def _difference(name: str, invoice: EInvoice, own: Field, printed: Mapping[str, Field], visible: VisiblePages) -> str | None:
    page_value = printed.get(name)
    is_visible = own.evidence.start is not None
    says_other = page_value is not None and _is_sure(page_value) and not _same(name, own.value or "", page_value.value or "")
    if says_other and page_value is not None:
        if swapped := _swapped_with(name, invoice, page_value.value or ""):
            return f"swapped with {swapped}" if _is_swap(name, swapped, invoice, printed) else None
        if not is_visible or (name in {"total", "issue_date", "due_date"} and page_value.evidence.confidence >= 0.9):  # noqa: PLR2004 - read surely
            return "another value is printed"
        return None
    if name == "total" and not is_visible and len(visible.amounts) > 2:  # noqa: PLR2004 - a page with sums on it
        return "it is not printed"
    return None


def _is_sure(one: Field) -> bool:
    return one.evidence.confidence >= SURE_ENOUGH.get(one.name, DEFAULT_SURE)


def _same(name: str, one: str, other: str) -> bool:
    if name in AMOUNTS:
        return abs(Decimal(one)) == abs(Decimal(other))
    bare, bare_other = ("".join(c for c in text.casefold() if c.isalnum()) for text in (one, other))
    if name.endswith("_name"):
        return bare in bare_other or bare_other in bare
    return bare == bare_other


def _swapped_with(name: str, invoice: EInvoice, page_value: str) -> str | None:
    """The other field of the XML that has what the page shows here."""
    group = DATES if name in DATES else AMOUNTS if name in AMOUNTS else frozenset[str]()
    return next((o for o in sorted(group - {name}) if o in invoice.fields and _same(o, invoice.fields[o], page_value)), None)


def _is_swap(name: str, other: str, invoice: EInvoice, printed: Mapping[str, Field]) -> bool:
    """Whether the page shows both the other way round. One alone is a reading of the rules: `to pay` may be meant as the total or as what is due."""
    there = printed.get(other)
    own = invoice.fields[name]
    return there is not None and there.value is not None and _same(name, own, there.value) and not _same(name, own, invoice.fields[other])
