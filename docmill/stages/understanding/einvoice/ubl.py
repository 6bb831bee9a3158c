"""OASIS UBL 2.1 Invoice and CreditNote to fields: XRechnung-UBL, Peppol BIS 3, and other UBL of EN 16931.

Element names: EN 16931-3-2 (UBL syntax binding).
"""

from decimal import Decimal

from docmill.stages.understanding.einvoice.forms import iso_date, joined, money, number, without_empty
from docmill.stages.understanding.einvoice.model import PAYMENT_METHODS, EInvoice, InvoiceLine, InvoiceTax, kind_of, profile_of
from docmill.stages.understanding.einvoice.xml_tree import Node

ROOTS = frozenset({"Invoice", "CreditNote"})

_RATE = "TaxCategory|ClassifiedTaxCategory/Percent"


def read_ubl(root: Node) -> EInvoice:
    """The e-invoice in a UBL tree; what it doesn't say is left out."""
    is_credit = root.name == "CreditNote"
    sums = root.first("LegalMonetaryTotal") or Node("", "", {})
    return EInvoice(
        profile=profile_of(root.value("CustomizationID"), "ubl"),
        kind=kind_of(root.value("InvoiceTypeCode|CreditNoteTypeCode"), is_credit=is_credit),
        fields=without_empty(
            [
                ("document_number", root.value("ID")),
                ("issue_date", iso_date(root.value("IssueDate"))),
                *_party("vendor", root.first("AccountingSupplierParty/Party")),
                *_party("customer", root.first("AccountingCustomerParty/Party")),
                ("purchase_order_number", root.value("OrderReference/ID")),
                ("delivery_date", iso_date(root.value("Delivery/ActualDeliveryDate"))),
                *_payment(root),
                *_totals(root, sums),
            ]
        ),
        sums=_further_sums(sums),
        lines=tuple(_line(node) for node in root.all("InvoiceLine|CreditNoteLine")),
        taxes=tuple(_taxes(root)),
    )


def _party(role: str, party: Node | None) -> list[tuple[str, str | None]]:
    if party is None:
        return []
    name = party.value("PartyLegalEntity/RegistrationName") or party.value("PartyName/Name")
    found = [(f"{role}_name", name), (f"{role}_address", _address(party.first("PostalAddress")))]
    if role == "vendor":
        by_scheme = {node.value("TaxScheme/ID"): node.value("CompanyID") for node in party.all("PartyTaxScheme")}
        found.append(("vendor_tax_id", by_scheme.get("VAT") or next(iter(by_scheme.values()), None)))
    return found


def _address(node: Node | None) -> str | None:
    if node is None:
        return None
    place = " ".join(part for part in (node.value("PostalZone"), node.value("CityName")) if part)
    lines = [node.value("StreetName"), node.value("AdditionalStreetName"), node.value("AddressLine/Line")]
    return joined([*lines, place or None, node.value("Country/IdentificationCode")])


def _payment(root: Node) -> list[tuple[str, str | None]]:
    account = root.value("PaymentMeans/PayeeFinancialAccount/ID")
    return [
        ("vendor_iban", account.replace(" ", "") if account else None),
        ("payment_method", PAYMENT_METHODS.get(root.value("PaymentMeans/PaymentMeansCode") or "")),
        ("payment_terms", root.value("PaymentTerms/Note")),
        ("due_date", iso_date(root.value("DueDate")) or iso_date(root.value("PaymentMeans/PaymentDueDate"))),
        ("currency", root.value("DocumentCurrencyCode")),
    ]


def _totals(root: Node, sums: Node) -> list[tuple[str, str | None]]:
    currency = root.value("DocumentCurrencyCode")
    taxes = [node for node in root.all("TaxTotal/TaxAmount") if node.attributes.get("currencyID", currency) == currency]
    pairs = (
        ("net_total", number(sums.value("TaxExclusiveAmount"))),
        ("tax_total", number(taxes[0].text) if taxes else None),
        ("total", number(sums.value("TaxInclusiveAmount"))),
        ("amount_due", number(sums.value("PayableAmount"))),
    )
    return [(name, None if value is None else money(value)) for name, value in pairs]


def _further_sums(sums: Node) -> dict[str, Decimal]:
    names = {
        "line_total": "LineExtensionAmount",
        "allowances": "AllowanceTotalAmount",
        "charges": "ChargeTotalAmount",
        "prepaid": "PrepaidAmount",
        "rounding": "PayableRoundingAmount",
    }
    return {name: value for name, tag in names.items() if (value := number(sums.value(tag))) is not None}


def _taxes(root: Node) -> list[InvoiceTax]:
    found = []
    for node in root.all("TaxTotal/TaxSubtotal"):
        tax, rate = number(node.value("TaxAmount")), number(node.value(_RATE))
        if tax is not None and rate is not None:
            found.append(InvoiceTax(rate, number(node.value("TaxableAmount")), tax))
    return found


def _line(node: Node) -> InvoiceLine:
    billed = node.first("InvoicedQuantity|CreditedQuantity")
    price, per = number(node.value("Price/PriceAmount")), number(node.value("Price/BaseQuantity"))
    return InvoiceLine(
        description=node.value("Item/Name") or node.value("Item/Description"),
        quantity=number(billed.text) if billed else None,
        unit=billed.attributes.get("unitCode") if billed else None,
        unit_price=price / per if price is not None and per else price,
        tax_rate=number(node.value(f"Item/{_RATE}")),
        amount=number(node.value("LineExtensionAmount")),
    )
