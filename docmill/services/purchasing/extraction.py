"""What was read of a document, as purchasing takes it: from the private fields, so that redaction does not blind it."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from docmill.services.milling.stage_work import understanding_in
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts, versions
from docmill.values.evidence import LineItem, Understanding
from docmill.values.matching import Receipt, ReceiptKind, ReceiptLine
from docmill.values.order_number import find_order_number

MOST_DIGITS = 15


def current_understanding(room: Room, document_id: str) -> Understanding | None:
    """What was understood of a document's current version; None when there is none yet."""
    with room.ledger.reading() as conn:
        job_id = versions.current_job(conn, room.tenant, document_id)
    return understanding_of(room, job_id) if job_id else None


def understanding_of(room: Room, job_id: str) -> Understanding | None:
    """What was understood in a job; None when nothing was."""
    with room.ledger.reading() as conn:
        made = artefacts.of_job(conn, room.tenant, job_id)
    found = understanding_in(made)
    return Understanding.model_validate_json(room.store.read(found.object_name)) if found else None


def receipt_from(understood: Understanding) -> Receipt | None:
    """The receipt that a document is; None when it is of another kind."""
    kinds = {kind.value for kind in ReceiptKind}
    if understood.kind.name not in kinds:
        return None
    texts = {one.name: one.value for one in understood.fields if one.value}
    printed = texts.get("purchase_order_number")
    return Receipt(
        kind=ReceiptKind(understood.kind.name),
        order_number=(find_order_number(printed) or printed) if printed else None,
        document_number=texts.get("document_number"),
        issue_date=texts.get("issue_date"),
        vendor_name=texts.get("vendor_name"),
        vendor_tax_id=texts.get("vendor_tax_id"),
        vendor_iban=texts.get("vendor_iban"),
        currency=texts.get("currency"),
        net=_figure(texts, "net_total"),
        tax=_figure(texts, "tax_total"),
        total=_figure(texts, "total"),
        lines=tuple(lines_from(understood.line_items)),
    )


def lines_from(items: Iterable[LineItem]) -> list[ReceiptLine]:
    """The lines with their figures as Decimal; a figure that is none is left out."""
    return [
        ReceiptLine(
            description=one.description,
            quantity=number(one.quantity),
            unit=one.unit,
            unit_price=number(one.unit_price),
            tax_rate=number(one.tax_rate),
            amount=number(one.amount),
        )
        for one in items
    ]


def number(text: str | None) -> Decimal | None:
    """The decimal number, or None where there is none or it is beyond all measure."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < MOST_DIGITS else None


def _figure(texts: Mapping[str, str], name: str) -> Decimal | None:
    return number(texts.get(name))
