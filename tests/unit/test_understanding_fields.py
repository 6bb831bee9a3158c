"""Single rules over tables of cases: check digits, due dates, tax numbers, payment, parties, sums, line items."""

import pytest
from understanding_pages import page

from docmill.stages.understanding.checksums import is_iban, vat_id_checks
from docmill.stages.understanding.document import understand_pages
from docmill.values.evidence import Understanding


def _of(text: str, *, kind: str = "invoice", language: str = "en") -> Understanding:
    return understand_pages([page(text, language=language)], kind)


def _value(name: str, text: str, *, kind: str = "invoice", language: str = "en") -> str | None:
    return next((f.value for f in _of(text, kind=kind, language=language).fields if f.name == name), None)


@pytest.mark.parametrize(
    ("text", "right"),
    [("DE88200800000970375700", True), ("DE88200800000970375701", False), ("GB82WEST12345698765432", True), ("NL50INGB0683251309", True),
     ("FR1420041010050500013M02606", True), ("DE8820080000097037570", False), ("XX82WEST12345698765432", False), ("", False)],
)  # fmt: skip
def test_ibans(text: str, right: bool) -> None:
    assert is_iban(text) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [("DE136695976", True), ("DE136695977", False), ("ATU13585627", True), ("ATU13585626", False), ("NL810433941B01", True), ("NL810433942B01", False),
     ("FR60421938861", True), ("FR61421938861", False), ("BE0411905847", True), ("BE0411905848", False), ("IT00743110157", True), ("GB980780684", True),
     ("LU15027442", True), ("CHE-123.456.788MWST", True), ("CHE-123.456.789", False), ("PL8567346215", None), ("ES123", False), ("ZZ123456789", False)],
)  # fmt: skip
def test_vat_numbers(text: str, right: bool | None) -> None:
    assert vat_id_checks(text) is right


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("Invoice date 01.03.2024\nDue date 15.03.2024", "2024-03-15"),
        ("Rechnungsdatum 01.03.2024\nBitte überweisen Sie bis zum 24.03.2024:", "2024-03-24"),
        (
            "Rechnungsdatum 01.03.2024\nZahlbar innerhalb 30 Tagen netto bis 31.03.2024, 3% Skonto innerhalb 10 Tagen bis 11.03.2024",
            "2024-03-31",
        ),
        ("Rechnungsdatum 01.03.2024\nZahlbar innerhalb 14 Tagen netto", "2024-03-15"),
        ("Rechnungsdatum 01.03.2024\n2 % Skonto innerhalb 10 Tagen, 30 Tage netto", "2024-03-31"),
        ("Invoice date 1 March 2024\nTerms: net 30", "2024-03-31"),
        ("Invoice date 1 March 2024\nDue on receipt", "2024-03-01"),
        ("Rechnungsdatum 01.03.2024\nDer Betrag wird am 20.03.2024 abgebucht", "2024-03-20"),
        ("Facture du 02/02/2024\nDate limite de paiement le 05/02/2024", "2024-02-05"),
        ("Factuurdatum 08-09-2022\nVervaldatum 22-09-2022", "2022-09-22"),
        ("Klant        Factuur datum    Vervaldatum\n4711         8-9-2022         22-9-2022", "2022-09-22"),
        ("Invoice date 01.03.2024\nDelivery date 05.03.2024", None),
    ],
)
def test_due_dates(text: str, due: str | None) -> None:
    assert _value("due_date", text) == due


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("vendor_tax_id", "USt-IdNr.: DE 136 695 976", "DE136695976"),
        ("vendor_tax_id", "Ihre USt-IdNr. DE136695976\n\n\nUSt-ID: ATU13585627", "ATU13585627"),
        ("vendor_tax_id", "GST ID NO : 001092886528", "001092886528"),
        ("vendor_tax_id", "Steuernummer 201/113/40209", "201/113/40209"),
        ("vendor_tax_id", "N° de TVA intra communautaire: FR 604 219 388 61", "FR60421938861"),
        ("vendor_tax_id", "Order DE 123", None),
        ("vendor_iban", "IBAN DE88 2008 0000 0970 3757 00 BIC COBADEFFXXX", "DE88200800000970375700"),
        ("vendor_iban", "IBAN: FR76 **********************", None),
        ("vendor_iban", "Bankverbindung: DE75123456780000001234, BIC WELADED1MST", "DE75123456780000001234"),
        ("vendor_iban", "Article DE75123456780000001234", None),
        ("delivery_date", "Leistungsdatum 28.03.2024   Rechnungsdatum 01.04.2024", "2024-03-28"),
        ("delivery_date", "Lieferung frei Haus 28.03.2024", None),
        ("purchase_order_number", "Ihre Bestellnummer: B-778", "B-778"),
        ("purchase_order_number", "PO No. 4500012   Invoice No. 77", "4500012"),
        ("purchase_order_number", "Ihre Bestellung: 4500012   Rechnung Nr. 77", "4500012"),
        ("purchase_order_number", "Ihre Bestellung: PO-2026000001QWT", "PO-2026000001QWT"),
        ("purchase_order_number", "We deliver as agreed, PO-2O26000001QWT, free of charge", "PO-2026000001QWT"),
        ("purchase_order_number", "We deliver as agreed, PO-2026000001QWX, free of charge", None),
        ("payment_terms", "Payment terms: 2 weeks after delivery", "2 weeks after delivery"),
        ("payment_method", "Zahlungsart: Lastschrift", "direct_debit"),
        ("payment_method", "Bitte überweisen Sie den Betrag", "credit_transfer"),
        ("payment_method", "Paid by VISA", "card"),
        ("payment_method", "Paid with PayPal", "online"),
        ("payment_method", "Beautiful day", None),
        ("amount_due", "Total  100.00\nAmount paid  40.00\nBalance due  60.00", "60.00"),
    ],
)  # fmt: skip
def test_single_fields(name: str, text: str, value: str | None) -> None:
    assert _value(name, text) == value


COLUMNS = """
Nettobetrag   MwSt-Betrag   MwSt-%   Endbetrag
-4,85         -0,92         19,0     -5,77
-2,82         -0,20         7,0      -3,02
-7,67         -1,12                  -8,79
"""
GERMAN_TABLE = """
Pos  Artikel              Menge       Preis       USt %    Betrag
1    Bohrer               2 Stk.      517,65      19       1.035,30
2    Schrauben M4         10          0,50        19       5,00
Nettobetrag                                                1.040,30
"""
ENGLISH_TABLE = """
Description            Qty     Unit price      Amount
Pump service           1       1,200.00        1,200.00
Subtotal                                       1,200.00
"""
DUTCH_TABLE = """
Artikel                 Aantal    Prijs per stuk    BTW    Prijs incl. BTW
iPad zilver             1         € 399,00          21%    € 399,00
"""
UNEVEN_TABLE = """
Artikel      Menge    Preis    Betrag
Bohrer       2        10,00    20,00
Winkel       1        5,00     5,00
{}Gesamtbetrag                   23,00
"""


@pytest.mark.parametrize(
    ("text", "net", "tax", "total"),
    [
        ("Nettobetrag 100,00\nzzgl. 19 % USt. 19,00\nGesamtbetrag 119,00 EUR", "100.00", "19.00", "119.00"),
        ("USt 7 %   100,00   7,00\nUSt 19 %   200,00   38,00\nSumme netto  300,00\nSumme brutto  345,00", "300.00", "45.00", "345.00"),
        ("Sub total 20.00\nGST 6% 1.20\nRounding -0.00\nTotal 21.20", "20.00", "1.20", "21.20"),
        ("Total HT 50,00\nTVA 20 % 10,00\nTotal TTC 60,00 €", "50.00", "10.00", "60.00"),
        ("Gesamt 119,00 €\ndarin enthaltene MwSt. 19 % 19,00 €", "100.00", "19.00", "119.00"),
        (COLUMNS, "-7.67", "-1.12", "-8.79"),
        ("Subtotal 626.40\nVAT 19 % 92.80\nVAT 7 % 9.66\nTotal EUR 728.86", "626.40", "102.46", "728.86"),
        ("Nettobetrag 626,40\nzzgl. 19 % USt. 92,80\nzzgl. 7 % USt. 9,66\nGesamtbetrag EUR 728,86", "626.40", "102.46", "728.86"),
    ],
)  # fmt: skip
def test_net_tax_and_total_are_chosen_together(text: str, net: str, tax: str, total: str) -> None:
    found = _of(f"Invoice\n{text}", language="de")
    values = {f.name: f.value for f in found.fields}
    assert (values["net_total"], values["tax_total"], values["total"]) == (net, tax, total)
    assert all(f.evidence.confidence >= 0.95 for f in found.fields if f.name in {"net_total", "tax_total", "total"})
    assert found.problems == ()


def test_what_arithmetic_does_not_prove_is_less_sure() -> None:
    (total,) = (f for f in _of("Invoice\nTotal 119.00 EUR").fields if f.name == "total")
    assert total.evidence.confidence < 0.95


def test_taxes_by_rate() -> None:
    found = _of("Rechnung\nUSt 7 %   100,00   7,00\nUSt 19 %   200,00   38,00\nSumme netto  300,00\nSumme brutto  345,00", language="de")
    assert [(share.rate, share.net, share.tax) for share in found.taxes] == [("7", "100.00", "7.00"), ("19", "200.00", "38.00")]
    one = _of("Rechnung\nNettobetrag 100,00\nzzgl. 19 % USt. 19,00\nGesamtbetrag 119,00 EUR", language="de")
    assert [(share.rate, share.net, share.tax) for share in one.taxes] == [("19", "100.00", "19.00")]


SENDER_LINE = """
Acme GmbH | Europa-Allee 1980 | 60486 Frankfurt

Herr
Karl Kojote
Uferstraße 113
88045 Friedrichshafen

Rechnung Nr. 42                  31.01.2014
"""
TWO_COLUMNS = """
Lieferant                      Käufer                 RECHNUNG
MUSTER VERTRIEB GMBH           KUNDE UND SOHN GMBH
BAHNHOFSTRASSE 99              KUNDENWEG 88
99199 MUSTERHAUSEN             40235 DUESSELDORF
"""
BILL_TO = """
Brightwater Ltd                                  INVOICE
12 Quay Street, Bristol

Bill to:
Harbour Cafe Ltd
4 High Road
London N1 9GU
"""
NO_CUSTOMER = """
FACTUUR.                                   Zonneveld B.V.
                                           Weena 664
                                           3012 CN Rotterdam
                                           www.example.nl
Piet Vogel
Sesamstraat 32
1025 RX Amsterdam
"""


@pytest.mark.parametrize(
    ("text", "vendor", "customer", "address"),
    [
        (SENDER_LINE, "Acme GmbH", "Herr Karl Kojote", "Uferstraße 113, 88045 Friedrichshafen"),
        (TWO_COLUMNS, "MUSTER VERTRIEB GMBH", "KUNDE UND SOHN GMBH", "KUNDENWEG 88, 40235 DUESSELDORF"),
        (BILL_TO, "Brightwater Ltd", "Harbour Cafe Ltd", "4 High Road, London N1 9GU"),
        (NO_CUSTOMER, "Zonneveld B.V.", "Piet Vogel", "Sesamstraat 32, 1025 RX Amsterdam"),
    ],
)
def test_parties(text: str, vendor: str, customer: str, address: str) -> None:
    values = {f.name: f.value for f in _of(text, language="de").fields}
    assert (values["vendor_name"], values["customer_name"], values["customer_address"]) == (vendor, customer, address)


@pytest.mark.parametrize(
    ("below", "address"),
    [
        ("7 Harbour Road, London SW1A 1AA", "7 Harbour Road, London SW1A 1AA"),
        ("Europa-Allee 1980, 60486 Frankfurt", "Europa-Allee 1980, 60486 Frankfurt"),
        ("Purveyors of tea since 1899", None),
        ("VAT No: GB 980 7806 84, London SW1A 1AA", None),
    ],
)
def test_an_address_in_one_line_below_the_name_of_a_letterhead(below: str, address: str | None) -> None:
    text = f"Quartz Umbrella Ltd\n{below}\n\nInvoice No: 42\nDate: 2026-03-04\nTotal GBP 60.00"
    assert _value("vendor_name", text) == "Quartz Umbrella Ltd"
    assert _value("vendor_address", text) == address


@pytest.mark.parametrize(
    ("head", "name", "address"),
    [
        (("LIM AH KOW", "BUKU JAYA (PJ) SDN BHD", "789417-W", "NO.53, JALAN SAGU 18,", "TAMAN DAYA,", "81100 JOHOR BAHRU", "TEL: 07-123456"),
         "BUKU JAYA (PJ) SDN BHD", "NO.53, JALAN SAGU 18, TAMAN DAYA, 81100 JOHOR BAHRU"),
        (("KEDAI TEPI LAUT", "SDN BHD", "BR NO.: (124525-H)", "GST NO: 000136577024", "LOT 38, JALAN KENARI 5", "47170 PUCHONG, SELANGOR", "TAX INVOICE"),
         "KEDAI TEPI LAUT SDN BHD", "LOT 38, JALAN KENARI 5, 47170 PUCHONG, SELANGOR"),
        (("RELAIS DU NORD", "AUTOROUTE RABAT MEKNES", "15000 KHEMISSET", "TEL. : 05.22.95.66.66"), "RELAIS DU NORD", "AUTOROUTE RABAT MEKNES, 15000 KHEMISSET"),
        (("MAWAR ENTERPRISE (SA0127959-D)", "12-1, JALAN PJU 5/10", "PETALING JAYA", "03-41056485"), "MAWAR ENTERPRISE", "12-1, JALAN PJU 5/10"),
    ],
)  # fmt: skip
def test_heads_of_receipts(head: tuple[str, ...], name: str, address: str) -> None:
    values = {
        f.name: f.value
        for f in _of("\n".join([*head, "DATE 01/02/2018", "TOTAL RM 5.00", "CASH 10.00", "CHANGE 5.00"]), kind="receipt").fields
    }
    assert (values["vendor_name"], values["vendor_address"]) == (name, address)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (GERMAN_TABLE, [("Bohrer", "2", "Stk.", "517.65", "19", "1035.30"), ("Schrauben M4", "10", None, "0.50", "19", "5.00")]),
        (ENGLISH_TABLE, [("Pump service", "1", None, "1200.00", None, "1200.00")]),
        (DUTCH_TABLE, [("iPad zilver", "1", None, "399.00", "21", "399.00")]),
        ("Total 5.00", []),
    ],
)  # fmt: skip
def test_line_items(text: str, items: list[tuple[str | None, ...]]) -> None:
    found = _of(f"Invoice\n{text}", language="de").line_items
    assert [(i.description, i.quantity, i.unit, i.unit_price, i.tax_rate, i.amount) for i in found] == items
    assert all(i.evidence.confidence >= 0.95 for i in found)


def test_three_spaces_part_the_columns_of_plain_text() -> None:
    drawn = page("Invoice\nDescription        Qty   Unit price   Amount\nUmbrella, black     2       10.00      20.00\nTotal 20.00")
    assert understand_pages([drawn], "invoice").line_items == ()  # on a page that was typeset so narrow a gap parts words
    (item,) = understand_pages([drawn.model_copy(update={"source": "plain_text"})], "invoice").line_items
    assert (item.description, item.quantity, item.unit_price, item.amount) == ("Umbrella, black", "2", "10.00", "20.00")


def test_a_discount_explains_what_does_not_add_up() -> None:
    assert [p.message for p in _of(UNEVEN_TABLE.format("")).problems] == [
        "the page contradicts itself: the line amounts do not add up to any sum below"
    ]
    assert _of(UNEVEN_TABLE.format("abzgl. Rabatt                  -2,00\n")).problems == ()


def test_a_receipt_owes_nothing() -> None:
    assert _value("amount_due", "Receipt\nTotal RM 5.00\nCash 5.00\nChange 0.00", kind="receipt") is None


def test_a_rule_of_another_kind_stays_away() -> None:
    letter = _of("Dear Anna,\nplease pay by 01.02.2024\nIBAN DE88 2008 0000 0970 3757 00", kind="letter")
    assert {f.name for f in letter.fields} <= {"issue_date"}
    assert letter.line_items == ()
