"""One understanding from an e-invoice and the pages around it: the XML's values count, the page adds what the XML leaves out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from docmill.stages.understanding.einvoice.crosscheck import differences, placed_fields
from docmill.stages.understanding.einvoice.forms import money, plain
from docmill.stages.understanding.einvoice.model import EInvoice, InvoiceLine
from docmill.stages.understanding.einvoice.reader import own_contradictions
from docmill.stages.understanding.einvoice.visible import VisiblePages
from docmill.values.evidence import Evidence, Field, Kind, LineItem, TaxShare, Understanding
from docmill.values.outcome import CHECK_FAILED, Problem
from docmill.values.page import Page

STAGE = "understand"


@dataclass(frozen=True, slots=True)
class Attached:
    """The e-invoice that came with a document.

    Attributes:
        invoice: None when it cannot be used.
        is_bare: the document is the XML itself: its pages are a listing and nothing that a person approves.
        refusal: why it cannot be used, without document text.
    """

    invoice: EInvoice | None
    is_bare: bool = False
    refusal: str = ""


def doubt(message: str) -> Problem:
    """A problem for a person; the message names fields and never values."""
    return Problem(code=CHECK_FAILED, stage=STAGE, message=message)


def refused(printed: Understanding, attached: Attached) -> Understanding:
    """The page's own understanding with the reason why the XML isn't used."""
    problem = doubt(f"the e-invoice's XML is not used: {attached.refusal}")
    return printed.model_copy(update={"problems": (problem, *printed.problems)})


def joined_with(
    invoice: EInvoice, printed: Understanding, pages: Sequence[Page], *, is_bare: bool, asked_kind: Kind | None
) -> Understanding:
    """What XML and pages say together.

    Args:
        invoice: the XML.
        printed: what the rules read from the pages alone; of bare XML only its kind is looked at.
        pages: as read.
        is_bare: whether the pages are a listing of the XML.
        asked_kind: the kind that was asked for, None when it is to be decided.
    """
    visible = VisiblePages(pages)
    placed = placed_fields(invoice, visible)
    messages = own_contradictions(invoice)
    added: Mapping[str, Field] = {}
    if not is_bare and visible.pages:
        seen = {f.name: f for f in printed.fields}
        messages += differences(invoice, placed, seen, visible)
        added = {name: one for name, one in seen.items() if name not in placed}
    kind = asked_kind or Kind(name=invoice.kind, confidence=1.0, reason=f"{invoice.kind}: einvoice")
    return Understanding(
        kind=kind,
        fields=(*placed.values(), *added.values()),
        line_items=tuple(_line_item(line, invoice.profile, visible) for line in invoice.lines) or printed.line_items,
        taxes=tuple(
            TaxShare(rate=plain(t.rate), net=None if t.net is None else money(t.net), tax=money(t.tax), evidence=_exact(invoice.profile))
            for t in invoice.taxes
        )
        or (() if is_bare else printed.taxes),
        problems=tuple(doubt(message) for message in messages),
    )


def _exact(profile: str) -> Evidence:
    return Evidence(page=1, confidence=1.0, source=f"einvoice:{profile}")


def _line_item(line: InvoiceLine, profile: str, visible: VisiblePages) -> LineItem:
    seen = visible.text(line.description) if line.description else None
    where = _exact(profile)
    if seen is not None:
        where = where.model_copy(update={"page": seen.page.number, "box": seen.box.rounded(), "start": seen.start, "end": seen.end})
    return LineItem(
        description=line.description,
        quantity=None if line.quantity is None else plain(line.quantity),
        unit=line.unit,
        unit_price=None if line.unit_price is None else money(line.unit_price),
        tax_rate=None if line.tax_rate is None else plain(line.tax_rate),
        amount=None if line.amount is None else money(line.amount),
        evidence=where,
    )
