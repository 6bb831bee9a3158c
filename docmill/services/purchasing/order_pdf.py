"""The purchase order as PDF: head, lines over as many pages as they need, totals by tax rate, terms. The same input gives the same bytes."""

import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from docmill.services.purchasing.order_fonts import BOLD, REGULAR, paragraph_markup, register_fonts
from docmill.values.purchase_records import OrderView
from docmill.values.purchasing import OrderLine, PurchaseContent

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Flowable, Paragraph, Table

LAYOUT: Final = "2"
"""Raised when the same order would look otherwise; part of the object's name."""

A4_PT: Final = (595.28, 841.89)
MARGIN_PT, FOOT_PT = 50.0, 30.0
WIDTHS_PT: Final = (24.0, 205.0, 50.0, 33.0, 69.0, 40.0, 74.28)
LOGO_PT: Final = (140.0, 50.0)
_HEAD: Final = ("Pos", "Description", "Quantity", "Unit", "Unit price", "Tax", "Amount")


def order_pdf(order: OrderView, logo: bytes | None = None) -> bytes:
    """The PDF of an order.

    Args:
        order: what to print.
        logo: PNG or JPEG for the head.
    """
    from reportlab.platypus import SimpleDocTemplate, Spacer  # noqa: PLC0415 - loads in 0.3 s, only where an order is printed

    register_fonts()
    content, out = order.content, io.BytesIO()
    story: list[Flowable] = [
        *_head(order, logo),
        Spacer(1, 12),
        _lines(content),
        Spacer(1, 10),
        _sums(content),
        Spacer(1, 12),
        *_terms(content),
    ]

    def foot(canvas: "Canvas", template: "SimpleDocTemplate") -> None:
        canvas.setFont(REGULAR, 8)
        canvas.drawString(MARGIN_PT, FOOT_PT, order.order_number)
        canvas.drawRightString(A4_PT[0] - MARGIN_PT, FOOT_PT, f"Page {template.page}")

    template = SimpleDocTemplate(
        out, pagesize=A4_PT, leftMargin=MARGIN_PT, rightMargin=MARGIN_PT, topMargin=MARGIN_PT, bottomMargin=MARGIN_PT,
        title=f"Purchase order {order.order_number}", author="docmill", invariant=1,
    )  # fmt: skip
    template.build(story, onFirstPage=foot, onLaterPages=foot)
    return out.getvalue()


def _text(text: str, *, size_pt: float = 9.0, font: str = REGULAR, is_right: bool = False) -> "Paragraph":
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - see order_pdf
    from reportlab.platypus import Paragraph  # noqa: PLC0415 - see order_pdf

    shown = "<br/>".join(paragraph_markup(line) for line in text.splitlines())
    style = ParagraphStyle("cell", fontName=font, fontSize=size_pt, leading=1.3 * size_pt, alignment=2 if is_right else 0, splitLongWords=1)
    return Paragraph(shown, style)


def _head(order: OrderView, logo: bytes | None) -> "list[Flowable]":
    from reportlab.platypus import Image, Spacer, Table  # noqa: PLC0415 - see order_pdf

    content = order.content
    vendor = "\n".join((content.vendor.name, *content.vendor.address.split(", "), *(f"Tax number {one}" for one in content.vendor.tax_ids)))
    facts = f"Order number: {order.order_number}\nOrder date: {order.created_at:%Y-%m-%d}\nCurrency: {content.currency}"
    sides = [[_text("Vendor", font=BOLD), _text("Order", font=BOLD)], [_text(vendor), _text(facts)]]
    if content.delivery_address:
        sides += [[_text("Deliver to", font=BOLD), _text("")], [_text(content.delivery_address), _text("")]]
    top = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    pictures = [Image(io.BytesIO(logo), width=LOGO_PT[0], height=LOGO_PT[1], kind="proportional", hAlign="LEFT")] if logo else []
    title = _text("Purchase order", size_pt=16, font=BOLD)
    return [
        *pictures,
        Spacer(1, 6),
        _text(content.buyer or " "),
        Spacer(1, 10),
        title,
        Spacer(1, 8),
        Table(sides, colWidths=[250, 245], style=top, hAlign="LEFT", splitInRow=1),
    ]


def _lines(content: PurchaseContent) -> "Table":
    from reportlab.lib import colors  # noqa: PLC0415 - see order_pdf
    from reportlab.platypus import LongTable, TableStyle  # noqa: PLC0415 - see order_pdf

    rows: list[list[Any]] = [[_text(name, font=BOLD, is_right=index > 1) for index, name in enumerate(_HEAD)]]
    rows += [_row(number, line) for number, line in enumerate(content.lines, 1)]
    every: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (-1, -1))
    ruled: list[tuple[Any, ...]] = [("LINEBELOW", *every, 0.4, colors.grey), ("VALIGN", *every, "TOP")]
    ruled += [("LEFTPADDING", *every, 2), ("RIGHTPADDING", *every, 2)]
    return LongTable(rows, colWidths=WIDTHS_PT, repeatRows=1, style=TableStyle(ruled), hAlign="LEFT", splitInRow=1)


def _row(number: int, line: OrderLine) -> list[Any]:
    described = f"{line.description}\n{line.item_number}" if line.item_number else line.description
    cells = (_plain(line.quantity), line.unit, f"{line.unit_price:,f}", f"{_plain(line.tax_rate)} %", _money(line.net))
    return [_text(str(number)), _text(described), *(_text(cell, size_pt=8.5, is_right=True) for cell in cells)]


def _sums(content: PurchaseContent) -> "Table":
    from reportlab.platypus import Table  # noqa: PLC0415 - see order_pdf

    rows = [("Net total", content.net)]
    rows += [(f"Tax {_plain(share.rate)} % on {_money(share.net)}", share.tax) for share in content.taxes]
    cells = [[_text(name, is_right=True), _text(_money(value), is_right=True)] for name, value in rows]
    total = [_text(f"Total {content.currency}", font=BOLD, is_right=True), _text(_money(content.total), font=BOLD, is_right=True)]
    return Table([*cells, total], colWidths=[355, 140.28], style=[("RIGHTPADDING", (0, 0), (-1, -1), 2)], hAlign="LEFT")


def _terms(content: PurchaseContent) -> "list[Flowable]":
    told = (("Payment terms", content.payment_terms), ("Notes", content.notes))
    ours = "Please print the order number on your delivery note and invoice."
    shown = [part for name, text in told if text for part in (_text(name, font=BOLD), _text(text))]
    return [*shown, _text(ours)]


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"
