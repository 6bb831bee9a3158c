"""The painter of the demo invoice."""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from docmill.services.samples import content
from docmill.services.samples.paper import A4_PT, MARGIN_PT

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_RIGHT_PT: Final = A4_PT[0] - MARGIN_PT
_COLUMNS_PT: Final = (360.0, 440.0, _RIGHT_PT)  # right edges of quantity, price, amount


def paint_invoice(canvas: "Canvas") -> None:
    """Letterhead, addressee, facts, table of items, sums and how to pay."""
    _letterhead(canvas)
    _lines(canvas, 690, content.BUYER)
    issued, due = content.INVOICE_DATES
    facts = (
        ("Invoice number", content.INVOICE_NUMBER),
        ("Invoice date", issued),
        ("Due date", due),
        ("Order number", content.ORDER_NUMBER),
    )
    for row, (name, value) in enumerate(facts):
        _pair(canvas, 690 - 16 * row, name, value)
    y = _sums(canvas, _table(canvas, 590))
    pay = (
        f"Please pay within 30 days to IBAN {content.spaced(content.SELLER_IBAN)}.",
        f"Quote {content.INVOICE_NUMBER} with your payment.",
    )
    _lines(canvas, y - 46, pay)
    canvas.setFont("Helvetica-Oblique", 9)
    canvas.drawCentredString(A4_PT[0] / 2, 48, "This firm, its customer and this sale are invented.")


def _letterhead(canvas: "Canvas") -> None:
    name, *address = content.SELLER
    canvas.setFont("Helvetica-Bold", 17)
    canvas.drawString(MARGIN_PT, 775, name)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(MARGIN_PT, 758, ", ".join(address))
    canvas.setLineWidth(1.2)
    canvas.line(MARGIN_PT, 748, _RIGHT_PT, 748)
    canvas.setFont("Helvetica-Bold", 20)
    canvas.drawRightString(_RIGHT_PT, 716, "INVOICE")


def _lines(canvas: "Canvas", y: float, texts: Iterable[str]) -> None:
    canvas.setFont("Helvetica", 11)
    for row, text in enumerate(texts):
        canvas.drawString(MARGIN_PT, y - 16 * row, text)


def _pair(canvas: "Canvas", y: float, name: str, value: str) -> None:
    canvas.setFont("Helvetica", 11)
    canvas.drawString(340, y, f"{name}:")
    canvas.setFont("Helvetica-Bold", 11)
    canvas.drawRightString(_RIGHT_PT, y, value)


def _table(canvas: "Canvas", y: float) -> float:
    canvas.setFont("Helvetica-Bold", 11)
    canvas.drawString(MARGIN_PT, y, "Description")
    _cells(canvas, y, ("Quantity", "Unit price", "Amount"))
    canvas.line(MARGIN_PT, y - 6, _RIGHT_PT, y - 6)
    canvas.setFont("Helvetica", 11)
    for item in content.INVOICE.items:
        y -= 22
        canvas.drawString(MARGIN_PT, y, item.text)
        _cells(canvas, y, (str(item.quantity), _money(item.price), _money(item.amount)))
    canvas.line(MARGIN_PT, y - 8, _RIGHT_PT, y - 8)
    return y - 8


def _sums(canvas: "Canvas", y: float) -> float:
    sale = content.INVOICE
    for name, value in (("Subtotal", sale.net), (f"VAT {sale.rate} %", sale.tax), ("Total EUR", sale.total)):
        y -= 20
        canvas.setFont("Helvetica-Bold" if value == sale.total else "Helvetica", 11)
        canvas.drawString(_COLUMNS_PT[0] - 20, y, name)
        canvas.drawRightString(_RIGHT_PT, y, _money(value))
    return y


def _cells(canvas: "Canvas", y: float, cells: tuple[str, str, str]) -> None:
    for right, cell in zip(_COLUMNS_PT, cells, strict=True):
        canvas.drawRightString(right, y, cell)


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"
