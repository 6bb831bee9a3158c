"""Understanding as a stage: kinds with their reasons, kinds that were asked for, documents with nothing in them, its verb and version.

The fields of whole documents stand in test_understanding_documents.py.
"""

import json
from pathlib import Path

import pytest
from understanding_pages import page
from understanding_papers import GERMAN_INVOICE, RECEIPT

from docmill.errors import InvalidOptions, StageFailed
from docmill.stages.understanding import verbs, version
from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.kind_evidence import KINDS
from docmill.values.evidence import Understanding
from docmill.values.options import MillOptions
from docmill.values.page import Page

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
