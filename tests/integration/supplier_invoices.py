"""The supplier's side in tests: one vendor, what it was asked for, and its invoices for it."""

from decimal import Decimal

from docmill.services.samples import supplier
from docmill.values.purchasing import OrderLine, PurchaseContent, Vendor

VENDOR = Vendor(
    name="Nordlicht Werkzeuge GmbH", address="Hafenweg 3, 20457 Hamburg", tax_ids=("DE136695976",), iban="DE02120300000000202051"
)
LINES = (
    OrderLine(description="Cordless drill", quantity=Decimal(3), unit_price=Decimal("129.00"), tax_rate=Decimal(19)),
    OrderLine(description="Wood screws box", quantity=Decimal(12), unit_price=Decimal("8.45"), tax_rate=Decimal(19)),
    OrderLine(description="Safety goggles", quantity=Decimal(20), unit_price=Decimal("6.90"), tax_rate=Decimal(19)),
)
BUYER = "Kranich Bau\nAm Ufer 21\n50667 Köln"


def invoice_pdf(path, *, layout=0, **printed):
    """Print as a PDF with a text layer."""
    return supplier.invoice_pdf(path, billed(**printed), supplier.LAYOUTS[layout])


def invoice_scan(path, *, layout=0, seed=1, **printed):
    """Print, scan with noise and skew, write as a PDF of one picture."""
    return supplier.invoice_scan(path, billed(**printed), supplier.LAYOUTS[layout], seed=seed)


def billed(*, number, order_number, lines=LINES, iban=VENDOR.iban):
    vendor = VENDOR.model_copy(update={"iban": iban})
    return supplier.SupplierInvoice(number, order_number, PurchaseContent(vendor=vendor, buyer=BUYER, currency="EUR", lines=tuple(lines)))
