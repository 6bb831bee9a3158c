"""The supplier's side: invoices printed from an order in layouts of the supplier's own, as noisy scans; with one thing changed where asked."""

from decimal import Decimal

from docmill.services.samples.paper import A4_PT, pdf, picture, rendered
from docmill.services.samples.wear import scanned
from docmill.values.purchasing import OrderLine, Vendor, cents

CENT = Decimal("0.01")
VENDOR = Vendor(
    name="Nordlicht Werkzeuge GmbH", address="Hafenweg 3, 20457 Hamburg", tax_ids=("DE136695976",), iban="DE02120300000000202051"
)
LINES = (
    OrderLine(description="Cordless drill", quantity=Decimal(3), unit_price=Decimal("129.00"), tax_rate=Decimal(19)),
    OrderLine(description="Wood screws box", quantity=Decimal(12), unit_price=Decimal("8.45"), tax_rate=Decimal(19)),
    OrderLine(description="Safety goggles", quantity=Decimal(20), unit_price=Decimal("6.90"), tax_rate=Decimal(19)),
)


def invoice_pdf(path, *, number, order_number, lines=LINES, layout=0, iban=VENDOR.iban):
    """Print as a PDF with a text layer."""
    painter = (_english, _german)[layout]
    return pdf(path, f"Invoice {number}", [lambda canvas: painter(canvas, number, order_number, lines, iban)])


def invoice_scan(path, *, seed=1, **printed):
    """Print, scan with noise and skew, write as a PDF of one picture."""
    clean = invoice_pdf(path.with_suffix(".clean.pdf"), **printed)
    image = scanned(rendered(clean, 1, 300), skew_deg=0.6, noise=8.0, seed=seed)
    clean.unlink()
    return pdf(path, "Scan", [picture(image)])


def _sums(lines):
    net = sum((one.net for one in lines), Decimal(0))
    tax = cents(net * Decimal(19) / 100)
    return net, tax, net + tax


def _text(canvas, x, y, text, *, size=11, bold=False, right=False):
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    (canvas.drawRightString if right else canvas.drawString)(x, y, text)


def _english(canvas, number, order_number, lines, iban):
    _text(canvas, 60, 780, VENDOR.name, size=17, bold=True)
    _text(canvas, 60, 762, VENDOR.address, size=10)
    _text(canvas, 535, 720, "INVOICE", size=20, bold=True, right=True)
    for row, line in enumerate(("Kranich Bau", "Am Ufer 21", "50667 Köln")):
        _text(canvas, 60, 690 - 16 * row, line)
    facts = (
        ("Invoice number:", number),
        ("Invoice date:", "2026-03-12"),
        ("Purchase order:", order_number),
        ("VAT ID:", VENDOR.tax_ids[0]),
    )
    for row, (name, value) in enumerate(facts):
        _text(canvas, 320, 690 - 16 * row, name)
        _text(canvas, 535, 690 - 16 * row, value, right=True)
    for x, name in ((60, "Description"), (360, "Quantity"), (440, "Unit price"), (535, "Amount")):
        _text(canvas, x, 590, name, bold=True, right=x > 60)
    for row, one in enumerate(lines, 1):
        y = 590 - 22 * row
        _text(canvas, 60, y, one.description)
        for x, cell in ((360, f"{one.quantity}"), (440, f"{one.unit_price:,.2f}"), (535, f"{one.net:,.2f}")):
            _text(canvas, x, y, cell, right=True)
    y = 560 - 22 * len(lines)
    for name, value in zip(("Subtotal", "VAT 19 %", "Total EUR"), _sums(lines), strict=True):
        y -= 20
        _text(canvas, 340, y, name, bold=name.startswith("Total"))
        _text(canvas, 535, y, f"{value:,.2f}", bold=name.startswith("Total"), right=True)
    _text(canvas, 60, y - 46, f"Please pay within 30 days to IBAN {iban}.")


def _german(canvas, number, order_number, lines, iban):
    _text(canvas, A4_PT[0] - 60, 790, VENDOR.name, size=14, bold=True, right=True)
    _text(canvas, A4_PT[0] - 60, 775, VENDOR.address, size=9, right=True)
    for row, line in enumerate(("Kranich Bau", "Am Ufer 21", "50667 Köln")):
        _text(canvas, 60, 720 - 14 * row, line)
    _text(canvas, 60, 640, f"Rechnung Nr. {number}", size=15, bold=True)
    _text(canvas, 60, 618, "Rechnungsdatum: 12.03.2026")
    _text(canvas, 300, 618, f"Ihre Bestellung: {order_number}")
    _text(canvas, 60, 602, f"USt-IdNr.: {VENDOR.tax_ids[0]}")
    for x, name in ((60, "Bezeichnung"), (350, "Menge"), (440, "Einzelpreis"), (535, "Betrag")):
        _text(canvas, x, 570, name, bold=True, right=x > 60)
    for row, one in enumerate(lines, 1):
        y = 570 - 20 * row
        _text(canvas, 60, y, one.description)
        for x, cell in ((350, f"{one.quantity}"), (440, _de(one.unit_price)), (535, _de(one.net))):
            _text(canvas, x, y, cell, right=True)
    y = 540 - 20 * len(lines)
    for name, value in zip(("Nettobetrag", "zzgl. 19 % USt.", "Gesamtbetrag EUR"), _sums(lines), strict=True):
        y -= 18
        _text(canvas, 300, y, name, bold=name.startswith("Gesamt"))
        _text(canvas, 535, y, _de(value), bold=name.startswith("Gesamt"), right=True)
    _text(canvas, 60, y - 40, f"Zahlbar innerhalb von 30 Tagen. IBAN {iban}")


def _de(value):
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
