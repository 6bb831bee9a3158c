"""UN/CEFACT Cross Industry Invoice to fields: Factur-X, ZUGFeRD 2, XRechnung-CII, and ZUGFeRD 1 with its older element names.

Element names: UN/CEFACT CII D16B as EN 16931-3-3 binds it; ZUGFeRD 1.0 specification, technical appendix.
"""

from decimal import Decimal

from docmill.stages.understanding.einvoice.forms import iso_date, joined, money, number, without_empty
from docmill.stages.understanding.einvoice.model import PAYMENT_METHODS, EInvoice, InvoiceLine, InvoiceTax, kind_of, profile_of
from docmill.stages.understanding.einvoice.xml_tree import Node

ROOTS = frozenset({"CrossIndustryInvoice", "CrossIndustryDocument"})

_TRADE = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
_AGREEMENT = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
_DELIVERY = "ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery"
_SETTLEMENT = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
_SUMS = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_LINE_SUMS = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
_RATE = "RateApplicablePercent|ApplicablePercent"
_DATE = "DateTimeString|DateString|DateTime"


def read_cii(root: Node) -> EInvoice:
    """The e-invoice in a CII tree; what it doesn't say is left out."""
    trade = root.first(_TRADE) or Node("", "", {})
    empty = Node("", "", {})
    agreement, delivery, settlement = (trade.first(path) or empty for path in (_AGREEMENT, _DELIVERY, _SETTLEMENT))
    head = root.first("ExchangedDocument|HeaderExchangedDocument") or empty
    guideline = root.value("ExchangedDocumentContext|SpecifiedExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID")
    sums = settlement.first(_SUMS) or empty
    return EInvoice(
        profile=profile_of(guideline, "zugferd-1.0" if root.name == "CrossIndustryDocument" else "cii"),
        kind=kind_of(head.value("TypeCode")),
        fields=without_empty(
            [
                ("document_number", head.value("ID")),
                ("issue_date", _date(head.first("IssueDateTime"))),
                *_parties(agreement),
                ("purchase_order_number", agreement.value("BuyerOrderReferencedDocument/IssuerAssignedID|ID")),
                ("delivery_date", _date(delivery.first("ActualDeliverySupplyChainEvent/OccurrenceDateTime"))),
                *_payment(settlement),
                *_totals(settlement, sums),
            ]
        ),
        sums=_further_sums(sums),
        lines=tuple(_lines(trade)),
        taxes=tuple(_taxes(settlement)),
    )


def _date(node: Node | None) -> str | None:
    if node is None:
        return None
    inner = node.first(_DATE) or node
    return iso_date(inner.text)


def _parties(agreement: Node) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for role, name in (("vendor", "SellerTradeParty"), ("customer", "BuyerTradeParty")):
        party = agreement.first(name)
        if party is None:
            continue
        found += [(f"{role}_name", party.value("Name")), (f"{role}_address", _address(party.first("PostalTradeAddress")))]
        if role == "vendor":
            found.append(("vendor_tax_id", _tax_id(party)))
    return found


def _address(node: Node | None) -> str | None:
    if node is None:
        return None
    place = " ".join(part for part in (node.value("PostcodeCode"), node.value("CityName")) if part)
    return joined([node.value("LineOne"), node.value("LineTwo"), node.value("LineThree"), place or None, node.value("CountryID")])


def _tax_id(party: Node) -> str | None:
    by_scheme = {node.attributes.get("schemeID", ""): " ".join(node.text.split()) for node in party.all("SpecifiedTaxRegistration/ID")}
    return by_scheme.get("VA") or by_scheme.get("FC") or next((value for value in by_scheme.values() if value), None)


def _payment(settlement: Node) -> list[tuple[str, str | None]]:
    means = "SpecifiedTradeSettlementPaymentMeans"
    account = settlement.value(f"{means}/PayeePartyCreditorFinancialAccount/IBANID")
    terms = [node.value("Description") for node in settlement.all("SpecifiedTradePaymentTerms")]
    due = next((d for node in settlement.all("SpecifiedTradePaymentTerms/DueDateDateTime") if (d := _date(node))), None)
    return [
        ("vendor_iban", account.replace(" ", "") if account else None),
        ("payment_method", PAYMENT_METHODS.get(settlement.value(f"{means}/TypeCode") or "")),
        ("payment_terms", " ".join(t for t in terms if t) or None),
        ("due_date", due),
        ("currency", settlement.value("InvoiceCurrencyCode")),
    ]


def _totals(settlement: Node, sums: Node) -> list[tuple[str, str | None]]:
    currency = settlement.value("InvoiceCurrencyCode")
    # BT-111 repeats the tax in the accounting currency: only the one in the invoice currency (or without one) counts
    taxes = [node for node in sums.all("TaxTotalAmount") if node.attributes.get("currencyID", currency) == currency]
    net, tax, total = (
        number(sums.value("TaxBasisTotalAmount")),
        number(taxes[0].text) if taxes else None,
        number(sums.value("GrandTotalAmount")),
    )
    lines = number(sums.value("LineTotalAmount"))
    if net is None and lines is not None and tax is not None and lines + tax == total:
        net = lines  # left out, but it can be nothing else
    pairs = (
        ("net_total", net),
        ("tax_total", tax),
        ("total", total),
        ("amount_due", number(sums.value("DuePayableAmount"))),
    )
    return [(name, None if value is None else money(value)) for name, value in pairs]


def _further_sums(sums: Node) -> dict[str, Decimal]:
    names = {
        "line_total": "LineTotalAmount",
        "allowances": "AllowanceTotalAmount",
        "charges": "ChargeTotalAmount",
        "prepaid": "TotalPrepaidAmount",
        "rounding": "RoundingAmount",
    }
    return {name: value for name, tag in names.items() if (value := number(sums.value(tag))) is not None}


def _taxes(settlement: Node) -> list[InvoiceTax]:
    found = []
    for node in settlement.all("ApplicableTradeTax"):
        tax, rate = number(node.value("CalculatedAmount")), number(node.value(_RATE))
        if tax is not None and rate is not None:
            found.append(InvoiceTax(rate, number(node.value("BasisAmount")), tax))
    return found


def _lines(trade: Node) -> list[InvoiceLine]:
    return [line for node in trade.all("IncludedSupplyChainTradeLineItem") if (line := _line(node)).description or line.amount is not None]


def _line(node: Node) -> InvoiceLine:
    agreement = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
    delivery = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
    settlement = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
    billed = node.first(f"{delivery}/BilledQuantity")
    rates = [number(tax.value(_RATE)) for tax in node.all(f"{settlement}/ApplicableTradeTax")]
    price = number(node.value(f"{agreement}/NetPriceProductTradePrice/ChargeAmount"))
    per = number(node.value(f"{agreement}/NetPriceProductTradePrice/BasisQuantity"))
    return InvoiceLine(
        description=node.value("SpecifiedTradeProduct/Name") or node.value("SpecifiedTradeProduct/Description"),
        quantity=number(billed.text) if billed else None,
        unit=billed.attributes.get("unitCode") if billed else None,
        unit_price=price / per if price is not None and per else price,
        tax_rate=next((rate for rate in rates if rate is not None), None),
        amount=number(node.value(f"{settlement}/{_LINE_SUMS}/LineTotalAmount")),
    )
