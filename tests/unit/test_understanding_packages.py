"""Files that hold several documents: where a new one begins, and where it doesn't."""

import pytest

from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.packages import documents_of, parts_of
from docmill.values.page import Page
from tests.unit.understanding_pages import page

LETTER = "Harbour Trust\n12 Quay Road\n\nDear Ms Moor,\nPlease find enclosed our invoice of last month.\nKind regards\nA. Reed"
MORE_LETTER = "and so we would be grateful for an answer in the course of this week\nas to when the work on the quay can begin"
INVOICE = "Reed Ropes Ltd\nINVOICE\nInvoice number: RR-2041\nInvoice date: 3 May 2024\nRope   100.00\nNet total  100.00\nVAT 20%  20.00\nTotal  120.00"
SECOND_PAGE = "Reed Ropes Ltd\nInvoice number: RR-2041\nINVOICE\nTwine   10.00\nTotal  130.00"
OTHER_INVOICE = "Moor Sails Ltd\nINVOICE\nInvoice number: 7719\nInvoice date: 4 May 2024\nSail   50.00\nTotal  50.00"
FORM = "REGISTRATION FORM\nFirst name: ______\nLast name: ______\nDate of birth: ______\nPlease complete in block letters"

TERMS = "TERMS AND CONDITIONS OF SALE\n1. In this agreement the parties shall mean\n2. Governing law: English law\nwhereas the buyer hereinafter"
RECHNUNG = (
    "Seilerei Moor GmbH\nRECHNUNG\nRechnungsnummer: 2024-118\nRechnungsdatum: 03.05.2024\nTau 20 mm   4   25,00   100,00\nÜbertrag   100,00"
)
AGB = "Allgemeine Geschäftsbedingungen\n§ 1 Geltung\nDie Parteien vereinbaren\n§ 2 Gerichtsstand\nGerichtsstand ist Hamburg.\n§ 3 Vertrag"
CALLS = "Verbindungen\n" + "\n".join(f"{day:02d}.04.2024  09:1{day % 10}  0401234{day}  0,12" for day in range(1, 26))


def _pages(*texts: str) -> list[Page]:
    return [page(text, number=n) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("texts", "begins"),
    [
        ((LETTER,), [0]),
        ((LETTER, MORE_LETTER), [0]),
        ((LETTER, MORE_LETTER, INVOICE), [0, 2]),
        ((INVOICE, SECOND_PAGE), [0]),
        ((INVOICE, "Continued\nINVOICE\nTwine   10.00\nTotal of RR-2041  130.00"), [0]),
        ((INVOICE, "Continued\nINVOICE\nTwine   10.00\nTotal  130.00"), [0]),
        ((INVOICE, "INVOICE\nTwine   10.00\nTotal  130.00"), [0]),  # no number of its own
        ((INVOICE, "INVOICE\nTwine   10.00\nTotal  130.00\nPage 2"), [0]),
        ((INVOICE, TERMS), [0]),
        ((RECHNUNG, AGB), [0]),
        ((RECHNUNG, "Übertrag   100,00\nLeine   3   10,00   30,00\nGesamtbetrag   130,00"), [0]),
        ((RECHNUNG, CALLS), [0]),  # dated rows alone begin nothing
        ((INVOICE, "Time sheet\nName: A. Reed\nMonday: 8\nTuesday: 8\nWednesday: 8\nApproved by: ____\nSignature ____"), [0]),
        ((FORM, "SECTION B - APPLICATION FOR BENEFITS\nEmployer: ____\nAddress: ____\nSignature ____"), [0]),
        ((INVOICE, "Reed Ropes Ltd\nDELIVERY NOTE\nDelivery note no: 5512\nDate: 2 May 2024\nGoods received by ____"), [0, 1]),
        ((INVOICE, OTHER_INVOICE), [0, 1]),
        ((INVOICE, "", FORM), [0, 2]),
        ((INVOICE + "\nPage 1 of 2", OTHER_INVOICE + "\nPage 2 of 2"), [0]),
        (("Some words\nPage 2 of 2", "Other words\nPage 1 of 3", "More words\nPage 2 of 3"), [0, 1]),
        ((LETTER, LETTER.replace("Harbour Trust", "City Library").replace("12 Quay Road", "1 Shelf Lane"), FORM), [0, 1, 2]),
    ],
)
def test_where_documents_begin(texts: tuple[str, ...], begins: list[int]) -> None:
    assert documents_of(_pages(*texts)) == begins


def test_a_package_is_told_and_its_money_document_is_understood() -> None:
    found = understand_pages(_pages(LETTER, INVOICE, SECOND_PAGE.replace("130.00", "120.00"), FORM), "auto")
    values = {f.name: f.value for f in found.fields}
    assert (found.kind.name, values["document_number"], values["total"]) == ("invoice", "RR-2041", "120.00")
    told = found.problems[0].message
    assert told == "the file holds 3 documents: letter on page 1, invoice on pages 2-3, form on page 4; the fields are those of pages 2-3"


def test_whoever_names_the_kind_gets_one_document() -> None:
    assert not any("holds" in p.message for p in understand_pages(_pages(LETTER, INVOICE), "invoice").problems)


def test_pages_with_gaps_and_long_files_are_no_packages() -> None:
    first, last = page(LETTER, number=1), page(INVOICE, number=9)
    assert parts_of([first, last]) == []
    assert parts_of([page(INVOICE if n % 2 else FORM, number=n) for n in range(1, 50)]) == []
