import json
from pathlib import Path

import pytest
from understanding_pages import page

from docmill.errors import InvalidOptions, StageFailed
from docmill.stages.understanding import verbs, version
from docmill.stages.understanding.document import pages_looked_at, understand_pages
from docmill.stages.understanding.kind_evidence import KINDS
from docmill.values.evidence import Understanding
from docmill.values.options import MillOptions
from docmill.values.page import Page

GERMAN_INVOICE = """
Nordlicht Werkzeuge GmbH
Hafenweg 3, 20457 Hamburg

Rechnung
Rechnungsnummer      NW-2024-118        Kundennummer 4711
Rechnungsdatum       03.04.2024         Leistungsdatum 28.03.2024

Pos  Artikel                  Menge      Preis        Betrag
1    Bohrer                   2          517,65       1.035,29
2    Schrauben                10         0,50         5,00

Nettobetrag                                           1.040,29
zzgl. 19 % USt.                                         197,66
Gesamtbetrag                                          1.237,95 EUR

Zahlbar bis 17.04.2024. IBAN DE02 1203 0000 0000 2020 51
USt-IdNr. DE123456789
"""

ENGLISH_INVOICE = """
Brightwater Ltd                                  INVOICE
12 Quay Street, Bristol

Invoice No: BW/20231                 Invoice date: 5 July 2023
Order No: 99812                      Due date: 4 August 2023

Description            Qty     Unit price      Amount
Pump service           1       1,200.00        1,200.00

Subtotal                                       1,200.00
VAT 20%                                          240.00
Total due                                    £ 1,440.00
"""

FRENCH_INVOICE = """
Boulangerie Martin SARL
Facture n° F2022-017 du 2 février 2022
Date limite de paiement le 1 mars 2022
Client n° 5512

Total HT                        1 000,00
TVA 20%                           200,00
Total TTC                       1 200,00 €
"""

RECEIPT = """
KEDAI RUNCIT MAJU SDN BHD (812345-K)
NO 5 JALAN BESAR
TAX INVOICE
BILL NO : B-00713        DATE : 09/03/2018 18:21
CASHIER : AINA
1 MILK        2 X 3.30            6.60
2 BREAD       1 X 4.43            4.43
SUBTOTAL                         11.03
ROUNDING ADJ                      0.02
TOTAL                            11.05
CASH                             20.00
CHANGE                            8.95
GST SUMMARY      AMOUNT      TAX
SR 6%            10.41       0.62
TOTAL            10.41       0.62
THANK YOU PLEASE COME AGAIN
"""

KIND_CASES = {
    "invoice": GERMAN_INVOICE,
    "receipt": RECEIPT,
    "proforma_invoice": "Brightwater Ltd\nPRO-FORMA INVOICE\nInvoice No: P-7\nInvoice date: 5 July 2023\nTotal due  £ 40.00",
    "purchase_order": "ACME Inc\nPURCHASE ORDER\nPO Number: 4500012\nShip to: Dock 4\nTotal 50.00 USD",
    "credit_note": "Nordlicht GmbH\nRechnungskorrektur\nBeleg-Nr : RK77\nUrsprungsbeleg-Nr : R76\nEndbetrag EUR - 8,79",
    "delivery_note": "Nordlicht GmbH\nLieferschein\nLieferschein-Nr: L-55\nWare erhalten: ________",
    "quote": "Malermeister Kunz\nAngebot\nAngebots-Nr. A-9\nGültig bis 30.06.2024\nGesamtbetrag 500,00 EUR",
    "contract": "LEASE AGREEMENT\nThis agreement is made by and between the parties\nhereinafter called Landlord\nGoverning law is that of Ohio",
    "letter": "Anna Berg\nHauptstr. 1\n\nSehr geehrte Frau Berg,\nvielen Dank für Ihre Nachricht.\nMit freundlichen Grüßen\nIhr Team",
    "form": "ACCOUNT OPENING FORM\nFull name:  \nDate of birth:  \nAddress:  \nPhone:  \nE-mail:  ",
    "bank_statement": "Example Bank\nKontoauszug\nAlter Kontostand   10,00\nBuchungstag  Text\n01.02.2024   Miete",
    "email": "From: a@example.org\nTo: b@example.org\nSubject: lunch\n\nSee you at noon.",
    "report": "Annual Report\nTable of Contents\n1 Introduction\n2 Method\n3 Results",
    "other": "zzz qqq\nvvv www",
}


def _values(found: Understanding) -> dict[str, str | None]:
    return {f.name: f.value for f in found.fields}


@pytest.mark.parametrize("kind", list(KIND_CASES))
def test_kinds_are_told_with_a_reason(kind: str) -> None:
    found = understand_pages([page(KIND_CASES[kind])], "auto").kind
    assert found.name == kind
    assert 0.3 < found.confidence < 1.0
    assert found.reason


def test_a_book_page_is_running_prose() -> None:
    line = "the ship went down to the harbour while the bells were ringing in the old town again"
    found = understand_pages([page("\n".join([line] * 30))], "auto").kind
    assert (found.name, found.reason) == ("book_page", "book_page: running_prose")


def test_a_title_word_within_prose_is_no_title() -> None:
    prose = "\n".join(["he filled in a form and then another receipt for the invoice of the man from the agreement"] * 3)
    assert understand_pages([page(prose)], "auto").kind.name == "other"


def test_the_reason_never_quotes_the_document() -> None:
    reason = understand_pages([page(GERMAN_INVOICE)], "auto").kind.reason
    assert "nordlicht" not in reason.lower()
    assert "NW-2024" not in reason


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (
            GERMAN_INVOICE,
            "de",
            {"document_number": "NW-2024-118", "issue_date": "2024-04-03", "total": "1237.95", "net_total": "1040.29", "tax_total": "197.66",
             "amount_due": "1237.95", "currency": "EUR", "vendor_name": "Nordlicht Werkzeuge GmbH", "vendor_tax_id": "DE123456789",
             "vendor_address": "Hafenweg 3, 20457 Hamburg", "vendor_iban": "DE02120300000000202051", "due_date": "2024-04-17",
             "delivery_date": "2024-03-28", "payment_terms": "Zahlbar bis 17.04.2024.", "payment_method": "credit_transfer"},
        ),
        (
            ENGLISH_INVOICE,
            "en",
            {"document_number": "BW/20231", "issue_date": "2023-07-05", "total": "1440.00", "net_total": "1200.00", "tax_total": "240.00",
             "amount_due": "1440.00", "currency": "GBP", "vendor_name": "Brightwater Ltd", "vendor_address": "12 Quay Street, Bristol",
             "purchase_order_number": "99812", "due_date": "2023-08-04"},
        ),
        (
            FRENCH_INVOICE,
            "fr",
            {"document_number": "F2022-017", "issue_date": "2022-02-02", "total": "1200.00", "net_total": "1000.00", "tax_total": "200.00",
             "amount_due": "1200.00", "currency": "EUR", "vendor_name": "Boulangerie Martin SARL", "due_date": "2022-03-01"},
        ),
        (
            RECEIPT,
            "en",
            {"document_number": "B-00713", "issue_date": "2018-03-09", "total": "11.05", "net_total": "10.41", "tax_total": "0.62",
             "currency": "MYR", "vendor_name": "KEDAI RUNCIT MAJU SDN BHD", "vendor_address": "NO 5 JALAN BESAR", "payment_method": "cash"},
        ),
    ],
)  # fmt: skip
def test_fields_of_whole_documents(text: str, language: str, expected: dict[str, str]) -> None:
    assert _values(understand_pages([page(text, language=language)], "auto")) == expected


@pytest.mark.parametrize(
    ("text", "total"),
    [
        (
            "Rechnung\nNetto   Steuer   Endbetrag\n10,00   1,90     11,90\n20,00   3,80     23,80\n30,00   5,70     35,70",
            "35.70",
        ),  # last is the sum
        ("Invoice\nTotal discount   5.00\nTotal   45.00", "45.00"),
        ("Invoice\nTotal excl. VAT   40.00\nTotal incl. VAT   48.00", "48.00"),
        ("Receipt\nTOTAL 87.08\nROUNDING 0.02\nNETT 87.10", "87.10"),
        ("Receipt\nGRAND TOTAL 87.08\nROUNDING 0.02\nNET TOTAL 87.10\nthank you", "87.10"),
        ("Receipt\nTOTAL 11.05\nGST SUMMARY AMOUNT TAX\nTOTAL 10.41 0.62\nthank you", "11.05"),  # that table is about taxes
        ("Receipt\n5 items   9.00\nCASH 10.00\nCHANGE 1.00\nthank you", "9.00"),  # proven by what was paid
        ("Factuur\nSubtotaal € 717,97\nTotaal € 727,97", "727.97"),
        ("Fattura\nTotale da pagare EUR 1.250,00", "1250.00"),
        ("Factura\nImporte total 99,50 €", "99.50"),
        ("Invoice\nGoods   €  80.00\nPost   €  5.00", "80.00"),  # no label: the greatest beside a currency
    ],
)
def test_totals_by_label_column_and_arithmetic(text: str, total: str) -> None:
    assert _values(understand_pages([page(text)], "auto"))["total"] == total


def test_a_total_without_a_label_is_unsure() -> None:
    sure, unsure = (
        next(f for f in understand_pages([page(t)], "auto").fields if f.name == "total").evidence.confidence
        for t in ("Invoice\nGrand total   €  80.00", "Invoice\nGoods   €  80.00")
    )
    assert sure > 0.7
    assert unsure < 0.4


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Invoice\nDue date 01.05.2020\nInvoice date 01.04.2020", "2020-04-01"),
        ("Rechnung\nLieferdatum 01.03.2020\nDatum 02.03.2020", "2020-03-02"),
        (
            "                         Rechnung\nLeistung 01.05.2014-31.05.2014\nBonn, 07.06.2014",
            "2014-06-07",
        ),  # a period is no date of issue
        ("Invoice\nInvoice date\n5 May 2021", "2021-05-05"),  # below its label
        ("Dear Ann,\nLondon, 5 May 2021\nKind regards", "2021-05-05"),  # no label at all
        ("Invoice\nDATE 20210506\nOrder 20200101", "2021-05-06"),  # eight figures count beside a label only
    ],
)
def test_dates_of_issue(text: str, iso: str) -> None:
    assert _values(understand_pages([page(text, language="de")], "auto"))["issue_date"] == iso


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Invoice\nInvoice number\nINV-77", "INV-77"),
        ("Rechnung # RE-20140703/502 vom 03.07.2014", "RE-20140703/502"),
        ("TAX INVOICE : BAT0220 12/03/18", "BAT0220"),
        ("Invoice\nGST Reg No: 000243941376\nInvoice No: 17", "17"),
        ("Invoice\nCustomer no: 4711\nInvoice #: A-1", "A-1"),
    ],
)
def test_document_numbers(text: str, number: str) -> None:
    assert _values(understand_pages([page(text)], "auto"))["document_number"] == number


def test_no_number_is_better_than_another_number() -> None:
    assert "document_number" not in _values(understand_pages([page("Invoice\nGST Reg No: 000243941376\nTel: 0301234567")], "auto"))


def test_evidence_points_at_the_words() -> None:
    read = page(GERMAN_INVOICE, number=3)
    found = {f.name: f for f in understand_pages([read], "auto").fields}["total"]
    seen = found.evidence
    assert seen.page == 3
    assert read.text[seen.start : seen.end] == found.text == "1.237,95"
    assert seen.box == read.words_in(seen.start, seen.end)[0].box
    assert seen.source.startswith("label:")


def test_doubtful_reading_makes_doubtful_fields() -> None:
    sure, unsure = (understand_pages([page(GERMAN_INVOICE, confidence=c)], "auto").fields[0].evidence.confidence for c in (1.0, 0.4))
    assert unsure < sure


def test_an_asked_kind_is_taken_and_an_unknown_one_refused() -> None:
    assert understand_pages([page("Nothing")], "receipt").kind.name == "receipt"
    with pytest.raises(InvalidOptions, match="bank_statement"):
        understand_pages([page("Nothing")], "poem")
    with pytest.raises(InvalidOptions):
        understand_pages([], "poem")


@pytest.mark.parametrize("pages", [[], [page("")]])
def test_nothing_read_is_nothing_understood(pages: list[Page]) -> None:
    found = understand_pages(pages, "auto")
    assert (found.kind.name, found.fields) == ("other", ())


def test_letters_and_books_have_no_total() -> None:
    letter = "Dear Ann,\nI paid 50.00 EUR in total 50.00 EUR.\nKind regards"
    assert "total" not in _values(understand_pages([page(letter)], "auto"))


def test_a_long_document_is_looked_at_front_and_back() -> None:
    assert pages_looked_at(500) == [0, 1, 2, 3, 498, 499]
    assert pages_looked_at(3) == [0, 1, 2]
    many = [
        page(ENGLISH_INVOICE.split("Subtotal", maxsplit=1)[0]),
        *[page("more", number=n) for n in range(2, 41)],
        page("Total due £ 7.00", number=41),
    ]
    assert _values(understand_pages(many, "auto"))["total"] == "7.00"


def test_every_kind_can_be_asked_for_as_an_option() -> None:
    for kind in KINDS:
        assert MillOptions(kind=kind).kind == kind


def test_the_verb_writes_what_the_function_finds(tmp_path: Path) -> None:
    read = page(GERMAN_INVOICE)
    (tmp_path / "1.json").write_text(read.model_dump_json())
    reply = verbs.understand([str(tmp_path / "1.json")], "auto", str(tmp_path / "out.json"))
    kept = Understanding.model_validate_json((tmp_path / "out.json").read_bytes())
    assert kept == understand_pages([read], "auto")
    assert reply == {"kind": "invoice", "fields": len(kept.fields), "line_items": 2, "doubts": 0}
    assert json.dumps(reply)


@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_a_broken_page_file_is_a_typed_failure_without_its_words(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "1.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StageFailed) as caught:
        verbs.understand([str(path)], "auto", str(tmp_path / "out.json"))
    assert "1.json" not in caught.value.message


def test_the_version_is_cheap_and_stable() -> None:
    assert version.engine(MillOptions()) == version.engine(MillOptions(language="de"))
