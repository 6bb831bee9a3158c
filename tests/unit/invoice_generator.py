"""Invented invoices for tests: the same sale as a printed page and as XML (CII, ZUGFeRD 1, UBL), whole or with one thing changed.

Everything follows from a seed; three layouts in two languages, one or two tax rates, with and without payment before.
"""

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from xml.sax.saxutils import escape

from understanding_pages import page

from docmill.values.page import Page

CENT = Decimal("0.01")
_GOODS = ("Bohrer", "Schrauben", "Winkel", "Kabel", "Dichtung", "Ventil", "Lampe", "Griff")
_FIRMS = ("Nordlicht Werkzeuge GmbH", "Brenner Metallbau GmbH", "Seehafen Handel AG", "Talblick Technik GmbH")
_STREETS = ("Hafenweg 3", "Lindenallee 17", "Bergstraße 5", "Am Ufer 21")
_PLACES = ("20457 Hamburg", "80331 München", "50667 Köln", "01067 Dresden")
_CUSTOMERS = ("Kranich Bau GmbH", "Ulmer Hof KG", "Weiler Druck GmbH", "Fichtel Optik AG")


def iban(account: int) -> str:
    """A German IBAN with right check digits."""
    bban = f"12030000{account:010d}"
    check = 98 - int(bban + "131400") % 97
    return f"DE{check:02d}{bban}"


@dataclass(frozen=True)
class Sold:
    text: str
    quantity: int
    price: Decimal
    rate: int
    amount: Decimal


@dataclass(frozen=True)
class Sale:
    """One sale; every figure stands for itself, so that a test can change one."""

    number: str
    issued: date
    due: date
    delivered: date
    vendor: tuple[str, str, str]
    customer: tuple[str, str, str]
    account: str
    lines: tuple[Sold, ...]
    taxes: tuple[tuple[int, Decimal, Decimal], ...]
    net: Decimal
    tax: Decimal
    total: Decimal
    prepaid: Decimal
    amount_due: Decimal
    layout: int = 0
    changes: tuple[str, ...] = field(default=())


def sale(seed: int) -> Sale:
    """An honest sale."""
    dice = random.Random(seed)  # noqa: S311 - a seed must give the same sale
    rates = [19] if seed % 3 else [19, 7]
    lines = []
    for n in range(2 + seed % 4):
        quantity, price = dice.randint(1, 40), Decimal(dice.randint(150, 24_900)) / 100
        lines.append(
            Sold(f"{_GOODS[(seed + n) % 8]} {chr(65 + n)}{dice.randint(2, 9)}x", quantity, price, rates[n % len(rates)], quantity * price)
        )
    taxes = []
    for rate in rates:
        base = sum((line.amount for line in lines if line.rate == rate), Decimal(0))
        taxes.append((rate, base, (base * rate / 100).quantize(CENT, ROUND_HALF_UP)))
    net, tax = sum((line.amount for line in lines), Decimal(0)), sum((t for _, _, t in taxes), Decimal(0))
    prepaid = Decimal(50) if seed % 5 == 0 and net > 100 else Decimal(0)
    issued = date(2024, 1, 13) + timedelta(days=dice.randint(0, 300))
    return Sale(
        number=f"R-{2024 + seed}-{dice.randint(100, 999)}", issued=issued, due=issued + timedelta(days=dice.choice((14, 21, 30))),
        delivered=issued - timedelta(days=3), vendor=(_FIRMS[seed % 4], _STREETS[seed % 4], _PLACES[seed % 4]),
        customer=(_CUSTOMERS[(seed // 2) % 4], _STREETS[(seed + 1) % 4], _PLACES[(seed + 2) % 4]), account=iban(dice.randint(10**8, 10**10 - 1)),
        lines=tuple(lines), taxes=tuple(taxes), net=net, tax=tax, total=net + tax, prepaid=prepaid, amount_due=net + tax - prepaid, layout=seed % 3,
    )  # fmt: skip


def changed(one: Sale, **changes: object) -> Sale:
    """The sale with something changed."""
    return replace(one, **changes)


def _de(value: Decimal) -> str:
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _day(value: date) -> str:
    return f"{value:%d.%m.%Y}"


def printed(one: Sale) -> Page:
    """The page as a person sees it."""
    return page((_german, _german_columns, _english)[one.layout](one), language="en" if one.layout == 2 else "de")


def _sums(one: Sale, words: tuple[str, str, str, str, str], form: object) -> list[str]:
    net, tax, total, paid, due = words
    rows = [(net, one.net), *((tax.format(rate), amount) for rate, _, amount in one.taxes), (total, one.total)]
    if len(one.taxes) > 1:
        rows.insert(-1, (tax.replace(" {} %", "").strip() + " gesamt" if one.layout != 2 else "Total VAT", one.tax))
    if one.prepaid:
        rows += [(paid, one.prepaid), (due, one.amount_due)]
    return [f"{name:<50}{form(value):>14}" for name, value in rows]  # type: ignore[operator] # a function


def _german(one: Sale) -> str:
    head = [one.vendor[0], f"{one.vendor[1]}, {one.vendor[2]}", "", *one.customer, "", "Rechnung"]
    facts = [
        f"Rechnungsnummer      {one.number}",
        f"Rechnungsdatum       {_day(one.issued)}",
        f"Lieferdatum          {_day(one.delivered)}",
        "",
    ]
    table = ["Pos  Artikel                  Menge      Preis        Betrag"]
    table += [f"{n}    {s.text:<24} {s.quantity:<10} {_de(s.price):<12} {_de(s.amount)}" for n, s in enumerate(one.lines, 1)]
    sums = _sums(one, ("Nettobetrag", "zzgl. USt. {} %", "Gesamtbetrag EUR", "bereits bezahlt", "Zahlbetrag"), _de)
    return "\n".join([*head, *facts, *table, "", *sums, "", f"Zahlbar bis {_day(one.due)}.", f"IBAN {one.account}"])


def _german_columns(one: Sale) -> str:
    sides = zip(
        (*one.vendor, ""),
        ("", f"Rechnungs-Nr. {one.number}", f"Datum {_day(one.issued)}", f"Leistungsdatum {_day(one.delivered)}"),
        strict=True,
    )
    head = [f"{left:<45}{right}" for left, right in sides]
    table = ["Bezeichnung               Menge      Einzelpreis     Gesamt"]
    table += [f"{s.text:<25} {s.quantity:<10} {_de(s.price):<15} {_de(s.amount)}" for s in one.lines]
    sums = _sums(one, ("Summe netto", "Umsatzsteuer {} %", "Rechnungsbetrag EUR", "Anzahlung", "Restbetrag"), _de)
    return "\n".join(
        ["RECHNUNG", *head, "", *one.customer, "", *table, "", *sums, "", f"Fällig am {_day(one.due)}", f"IBAN: {one.account}"]
    )


def _english(one: Sale) -> str:
    head = [f"{one.vendor[0]:<49}INVOICE", one.vendor[1], one.vendor[2], "", "Bill to:", *one.customer, ""]
    facts = [
        f"Invoice No: {one.number}          Invoice date: {one.issued:%d %B %Y}",
        f"Due date: {one.due:%d %B %Y}     Delivery date: {one.delivered:%d %B %Y}",
        "",
    ]
    table = ["Description            Qty     Unit price      Amount"]
    table += [f"{s.text:<23}{s.quantity:<8}{s.price:<16,.2f}{s.amount:,.2f}" for s in one.lines]
    sums = _sums(one, ("Net total", "VAT {} %", "Grand total EUR", "Amount paid", "Balance due"), lambda value: f"{value:,.2f}")
    return "\n".join([*head, *facts, *table, "", *sums, "", f"Please pay to IBAN {one.account}"])


def cii(one: Sale, *, guideline: str = "urn:cen.eu:en16931:2017") -> bytes:
    """The sale as Cross Industry Invoice (Factur-X, XRechnung)."""
    lines = "".join(
        f"<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:Name>{escape(s.text)}</ram:Name></ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{s.price}</ram:ChargeAmount>"
        f"</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery>"
        f'<ram:BilledQuantity unitCode="C62">{s.quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery><ram:SpecifiedLineTradeSettlement>'
        f"<ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:RateApplicablePercent>{s.rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        f"<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{s.amount}</ram:LineTotalAmount>"
        "</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
        for s in one.lines
    )
    taxes = "".join(
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>"
        f"<ram:BasisAmount>{base}</ram:BasisAmount><ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        for rate, base, tax in one.taxes
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
        'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
        'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"><rsm:ExchangedDocumentContext>'
        f"<ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>{guideline}</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter>"
        f"</rsm:ExchangedDocumentContext><rsm:ExchangedDocument><ram:ID>{one.number}</ram:ID><ram:TypeCode>380</ram:TypeCode>"
        f"<ram:IssueDateTime>{_date102(one.issued)}</ram:IssueDateTime></rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction>{lines}"
        f"<ram:ApplicableHeaderTradeAgreement>{_party('Seller', one.vendor, 'DE136695976')}{_party('Buyer', one.customer, None)}"
        "<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>PO-9</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument>"
        "</ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery><ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>"
        f"{_date102(one.delivered)}</ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent></ram:ApplicableHeaderTradeDelivery>"
        "<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementPaymentMeans>"
        f"<ram:TypeCode>58</ram:TypeCode><ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{one.account}</ram:IBANID>"
        f"</ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>{taxes}<ram:SpecifiedTradePaymentTerms>"
        f"<ram:DueDateDateTime>{_date102(one.due)}</ram:DueDateDateTime></ram:SpecifiedTradePaymentTerms>"
        f"<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:LineTotalAmount>{sum(s.amount for s in one.lines)}</ram:LineTotalAmount>"
        f'<ram:TaxBasisTotalAmount>{one.net}</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="EUR">{one.tax}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{one.total}</ram:GrandTotalAmount><ram:TotalPrepaidAmount>{one.prepaid}</ram:TotalPrepaidAmount>"
        f"<ram:DuePayableAmount>{one.amount_due}</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        "</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def _date102(day: date) -> str:
    return f'<udt:DateTimeString format="102">{day:%Y%m%d}</udt:DateTimeString>'


def _party(role: str, lines: tuple[str, str, str], tax_id: str | None) -> str:
    code, place = lines[2].split(" ", 1)
    tax = f'<ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">{tax_id}</ram:ID></ram:SpecifiedTaxRegistration>' if tax_id else ""
    return (
        f"<ram:{role}TradeParty><ram:Name>{escape(lines[0])}</ram:Name><ram:PostalTradeAddress><ram:PostcodeCode>{code}</ram:PostcodeCode>"
        f"<ram:LineOne>{lines[1]}</ram:LineOne><ram:CityName>{place}</ram:CityName><ram:CountryID>DE</ram:CountryID></ram:PostalTradeAddress>{tax}"
        f"</ram:{role}TradeParty>"
    )


def zugferd1(one: Sale) -> bytes:
    """The sale as ZUGFeRD 1.0: the same tree with the older names."""
    text = cii(one, guideline="urn:ferd:CrossIndustryDocument:invoice:1p0:comfort").decode()
    older = {
        "rsm:CrossIndustryInvoice": "rsm:CrossIndustryDocument", "rsm:ExchangedDocumentContext": "rsm:SpecifiedExchangedDocumentContext",
        "rsm:ExchangedDocument>": "rsm:HeaderExchangedDocument>", "rsm:SupplyChainTradeTransaction": "rsm:SpecifiedSupplyChainTradeTransaction",
        "ApplicableHeaderTrade": "ApplicableSupplyChainTrade", "SpecifiedLineTrade": "SpecifiedSupplyChainTrade", "RateApplicablePercent": "ApplicablePercent",
        "SpecifiedTradeSettlementHeaderMonetarySummation": "SpecifiedTradeSettlementMonetarySummation", "IssuerAssignedID": "ID",
        "SpecifiedTradeSettlementLineMonetarySummation": "SpecifiedTradeSettlementMonetarySummation",
    }  # fmt: skip
    for new, old in older.items():
        text = text.replace(new, old)
    return text.encode()


def ubl(one: Sale, *, root: str = "Invoice") -> bytes:
    """The sale as UBL 2.1."""
    line_tag, quantity_tag = ("InvoiceLine", "InvoicedQuantity") if root == "Invoice" else ("CreditNoteLine", "CreditedQuantity")
    lines = "".join(
        f'<cac:{line_tag}><cbc:{quantity_tag} unitCode="C62">{s.quantity}</cbc:{quantity_tag}><cbc:LineExtensionAmount>{s.amount}</cbc:LineExtensionAmount>'
        f"<cac:Item><cbc:Name>{escape(s.text)}</cbc:Name><cac:ClassifiedTaxCategory><cbc:Percent>{s.rate}</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>"
        f"<cac:Price><cbc:PriceAmount>{s.price}</cbc:PriceAmount></cac:Price></cac:{line_tag}>"
        for s in one.lines
    )
    taxes = "".join(
        f"<cac:TaxSubtotal><cbc:TaxableAmount>{base}</cbc:TaxableAmount><cbc:TaxAmount>{tax}</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>{rate}</cbc:Percent>"
        "</cac:TaxCategory></cac:TaxSubtotal>"
        for rate, base, tax in one.taxes
    )
    return (
        f'<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2" '
        'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
        'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
        "<cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0</cbc:CustomizationID>"
        f"<cbc:ID>{one.number}</cbc:ID><cbc:IssueDate>{one.issued}</cbc:IssueDate><cbc:DueDate>{one.due}</cbc:DueDate>"
        f"<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
        f"<cac:OrderReference><cbc:ID>PO-9</cbc:ID></cac:OrderReference>{_ubl_party('Supplier', one.vendor, 'DE136695976')}"
        f"{_ubl_party('Customer', one.customer, None)}<cac:Delivery><cbc:ActualDeliveryDate>{one.delivered}</cbc:ActualDeliveryDate></cac:Delivery>"
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode><cac:PayeeFinancialAccount><cbc:ID>{one.account}</cbc:ID>"
        f'</cac:PayeeFinancialAccount></cac:PaymentMeans><cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{one.tax}</cbc:TaxAmount>{taxes}</cac:TaxTotal>'
        f"<cac:LegalMonetaryTotal><cbc:LineExtensionAmount>{sum(s.amount for s in one.lines)}</cbc:LineExtensionAmount>"
        f"<cbc:TaxExclusiveAmount>{one.net}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>{one.total}</cbc:TaxInclusiveAmount>"
        f"<cbc:PrepaidAmount>{one.prepaid}</cbc:PrepaidAmount><cbc:PayableAmount>{one.amount_due}</cbc:PayableAmount></cac:LegalMonetaryTotal>{lines}</{root}>"
    ).encode()


def _ubl_party(role: str, lines: tuple[str, str, str], tax_id: str | None) -> str:
    code, place = lines[2].split(" ", 1)
    tax = (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{tax_id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        if tax_id
        else ""
    )
    return (
        f"<cac:Accounting{role}Party><cac:Party><cac:PostalAddress><cbc:StreetName>{lines[1]}</cbc:StreetName><cbc:CityName>{place}</cbc:CityName>"
        f"<cbc:PostalZone>{code}</cbc:PostalZone><cac:Country><cbc:IdentificationCode>DE</cbc:IdentificationCode></cac:Country></cac:PostalAddress>{tax}"
        f"<cac:PartyLegalEntity><cbc:RegistrationName>{escape(lines[0])}</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:Accounting{role}Party>"
    )
