"""A supplier's invoice for an order, in layouts of the supplier's own, clean or as a noisy scan: for trying out matching, and for its tests.

What is printed follows from its input alone. Belongs here: the paper. Does not belong here: docmill's own order (services/purchasing/order_pdf).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from docmill.services.purchasing.order_fonts import BOLD, REGULAR, register_fonts
from docmill.services.samples.paper import A4_PT, pdf, picture, rendered
from docmill.services.samples.wear import scanned
from docmill.values.purchase_records import OrderView
from docmill.values.purchasing import OrderLine, PurchaseContent

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

LAYOUTS: Final = ("english", "german")
Layout = Literal["english", "german"]
LINES_A_PAGE: Final = 16
SCAN_DPI: Final = 300
_LEFT_PT, _RIGHT_PT = 60.0, 535.0


@dataclass(frozen=True, slots=True)
class SupplierInvoice:
    """What a supplier bills: `content` as it was ordered, or with something changed."""

    number: str
    order_number: str
    content: PurchaseContent
    issued: date = date(2026, 3, 12)


def invoice_for(order: OrderView, number: str, *, dearer: Decimal = Decimal(0)) -> SupplierInvoice:
    """The invoice for all that was ordered; `dearer` is added to the first line's unit price."""
    first, *rest = order.content.lines
    lines = (first.model_copy(update={"unit_price": first.unit_price + dearer}), *rest)
    content = order.content.model_copy(update={"lines": lines})
    return SupplierInvoice(number, order.order_number, content, order.created_at.date())


def invoice_pdf(path: Path, invoice: SupplierInvoice, layout: Layout = "english") -> Path:
    """Print as a PDF with a text layer."""
    painter = _english if layout == "english" else _german
    font = _fonts_for(invoice)
    lines = invoice.content.lines
    parts = [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)]
    pages = [partial(painter, invoice=invoice, lines=part, is_last=part is parts[-1], font=font) for part in parts]
    return pdf(path, f"Invoice {invoice.number}", pages)


def invoice_scan(path: Path, invoice: SupplierInvoice, layout: Layout = "english", *, seed: int = 1) -> Path:
    """Print, scan with noise and skew, write as a PDF of pictures."""
    clean = invoice_pdf(path.with_suffix(".clean.pdf"), invoice, layout)
    count = -(-len(invoice.content.lines) // LINES_A_PAGE)
    images = [scanned(rendered(clean, page, SCAN_DPI), skew_deg=0.6, noise=8.0, seed=seed + page - 1) for page in range(1, count + 1)]
    clean.unlink()
    return pdf(path, "Scan", [picture(image) for image in images])


def _fonts_for(invoice: SupplierInvoice) -> tuple[str, str]:
    """Plain and bold: the PDF standard fonts where they have all letters."""
    told = invoice.content.model_dump_json()
    try:
        told.encode("cp1252")
    except UnicodeEncodeError:
        register_fonts()
        return REGULAR, BOLD
    return "Helvetica", "Helvetica-Bold"


@dataclass(frozen=True, slots=True)
class _Pen:
    canvas: "Canvas"
    font: tuple[str, str]

    def text(self, x: float, y: float, text: str, *, size_pt: float = 11, bold: bool = False, right: bool = False) -> None:
        self.canvas.setFont(self.font[bold], size_pt)
        (self.canvas.drawRightString if right else self.canvas.drawString)(x, y, text)


def _english(canvas: "Canvas", *, invoice: SupplierInvoice, lines: Sequence[OrderLine], is_last: bool, font: tuple[str, str]) -> None:
    pen, vendor = _Pen(canvas, font), invoice.content.vendor
    pen.text(_LEFT_PT, 780, vendor.name, size_pt=17, bold=True)
    pen.text(_LEFT_PT, 762, vendor.address, size_pt=10)
    pen.text(_RIGHT_PT, 720, "INVOICE", size_pt=20, bold=True, right=True)
    _buyer(pen, invoice, 690, 16)
    facts = [
        ("Invoice number:", invoice.number),
        ("Invoice date:", f"{invoice.issued:%Y-%m-%d}"),
        ("Purchase order:", invoice.order_number),
    ]
    facts += [("VAT ID:", one) for one in vendor.tax_ids[:1]]
    for row, (name, value) in enumerate(facts):
        pen.text(320, 690 - 16 * row, name)
        pen.text(_RIGHT_PT, 690 - 16 * row, value, right=True)
    _heads(pen, 590, ((_LEFT_PT, "Description"), (360, "Quantity"), (440, "Unit price"), (_RIGHT_PT, "Amount")))
    for row, one in enumerate(lines, 1):
        pen.text(_LEFT_PT, 590 - 22 * row, one.description)
        for x, cell in ((360, f"{one.quantity:f}"), (440, f"{one.unit_price:,.2f}"), (_RIGHT_PT, f"{one.net:,.2f}")):
            pen.text(x, 590 - 22 * row, cell, right=True)
    if is_last:
        y = 560.0 - 22 * len(lines)
        for name, amount in _sums(invoice.content, "Subtotal", "VAT {} %", "Total"):
            y -= 20
            pen.text(340, y, name, bold=name.startswith("Total"))
            pen.text(_RIGHT_PT, y, f"{amount:,.2f}", bold=name.startswith("Total"), right=True)
        if vendor.iban:
            pen.text(_LEFT_PT, y - 46, f"Please pay within 30 days to IBAN {vendor.iban}.")


def _german(canvas: "Canvas", *, invoice: SupplierInvoice, lines: Sequence[OrderLine], is_last: bool, font: tuple[str, str]) -> None:
    pen, vendor = _Pen(canvas, font), invoice.content.vendor
    pen.text(A4_PT[0] - 60, 790, vendor.name, size_pt=14, bold=True, right=True)
    pen.text(A4_PT[0] - 60, 775, vendor.address, size_pt=9, right=True)
    _buyer(pen, invoice, 720, 14)
    pen.text(_LEFT_PT, 640, f"Rechnung Nr. {invoice.number}", size_pt=15, bold=True)
    pen.text(_LEFT_PT, 618, f"Rechnungsdatum: {invoice.issued:%d.%m.%Y}")
    pen.text(300, 618, f"Ihre Bestellung: {invoice.order_number}")
    if vendor.tax_ids:
        pen.text(_LEFT_PT, 602, f"USt-IdNr.: {vendor.tax_ids[0]}")
    _heads(pen, 570, ((_LEFT_PT, "Bezeichnung"), (350, "Menge"), (440, "Einzelpreis"), (_RIGHT_PT, "Betrag")))
    for row, one in enumerate(lines, 1):
        pen.text(_LEFT_PT, 570 - 20 * row, one.description)
        for x, cell in ((350, f"{one.quantity:f}".replace(".", ",")), (440, _de(one.unit_price)), (_RIGHT_PT, _de(one.net))):
            pen.text(x, 570 - 20 * row, cell, right=True)
    if is_last:
        y = 540.0 - 20 * len(lines)
        for name, value in _sums(invoice.content, "Nettobetrag", "zzgl. {} % USt.", "Gesamtbetrag"):
            y -= 18
            pen.text(300, y, name, bold=name.startswith("Gesamt"))
            pen.text(_RIGHT_PT, y, _de(value), bold=name.startswith("Gesamt"), right=True)
        if vendor.iban:
            pen.text(_LEFT_PT, y - 40, f"Zahlbar innerhalb von 30 Tagen. IBAN {vendor.iban}")


def _buyer(pen: _Pen, invoice: SupplierInvoice, y: float, step: float) -> None:
    for row, line in enumerate(invoice.content.buyer.splitlines()[:4]):
        pen.text(_LEFT_PT, y - step * row, line)


def _heads(pen: _Pen, y: float, heads: Sequence[tuple[float, str]]) -> None:
    for x, name in heads:
        pen.text(x, y, name, bold=True, right=x > _LEFT_PT)


def _sums(content: PurchaseContent, net: str, tax: str, total: str) -> Iterator[tuple[str, Decimal]]:
    yield net, content.net
    for share in content.taxes:
        yield tax.format(f"{share.rate.normalize():f}"), share.tax
    yield f"{total} {content.currency}", content.total


def _de(value: Decimal) -> str:
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
