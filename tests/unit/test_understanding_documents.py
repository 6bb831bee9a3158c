"""The fields of whole documents: totals, dates of issue, document numbers, and the words they were seen in.

Single fields by rule stand in test_understanding_fields.py.
"""

import pytest
from understanding_pages import page
from understanding_papers import ENGLISH_INVOICE, FRENCH_INVOICE, GERMAN_INVOICE, RECEIPT, values

from docmill.stages.understanding.document import pages_looked_at, understand_pages


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
    assert values(understand_pages([page(text, language=language)], "auto")) == expected


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
    assert values(understand_pages([page(text)], "auto"))["total"] == total


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
    assert values(understand_pages([page(text, language="de")], "auto"))["issue_date"] == iso


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
    assert values(understand_pages([page(text)], "auto"))["document_number"] == number


def test_no_number_is_better_than_another_number() -> None:
    assert "document_number" not in values(understand_pages([page("Invoice\nGST Reg No: 000243941376\nTel: 0301234567")], "auto"))


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


def test_letters_and_books_have_no_total() -> None:
    letter = "Dear Ann,\nI paid 50.00 EUR in total 50.00 EUR.\nKind regards"
    assert "total" not in values(understand_pages([page(letter)], "auto"))


def test_a_long_document_is_looked_at_front_and_back() -> None:
    assert pages_looked_at(500) == [0, 1, 2, 3, 498, 499]
    assert pages_looked_at(3) == [0, 1, 2]
    many = [
        page(ENGLISH_INVOICE.split("Subtotal", maxsplit=1)[0]),
        *[page("more", number=n) for n in range(2, 41)],
        page("Total due £ 7.00", number=41),
    ]
    assert values(understand_pages(many, "auto"))["total"] == "7.00"
