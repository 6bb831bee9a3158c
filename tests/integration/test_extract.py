"""`docmill extract` and `docmill classify` on real files through the cell, and the understanding stage of a run with an e-invoice."""

import json
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from docmill.cli import extract
from docmill.cli.extract import extracted, look_at
from docmill.errors import Damaged, NotFound
from docmill.values.options import MillOptions

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from invoice_generator import changed, cii, iban, sale, ubl
from sale_papers import write_package, write_pdf


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    app = typer.Typer()
    extract.add_to(app)
    return app


def run(cli: typer.Typer, *words: str) -> object:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_pdf_with_an_einvoice_gives_exact_fields(tmp_path: Path, cli: typer.Typer) -> None:
    one = sale(1)
    file = write_pdf(tmp_path / "a.pdf", one, cii(one, guideline="urn:factur-x.eu:1p0:basic"))
    body = run(cli, "extract", str(file), "--json", "--language", "en")
    assert set(body) == {"kind", "kind_confidence", "fields", "line_items", "taxes", "problems", "parts"}
    assert (body["kind"], body["kind_confidence"], body["problems"]) == ("invoice", 1.0, [])
    total = body["fields"]["total"]
    assert set(total) == {"value", "text", "confidence", "page", "box", "rule"}
    assert (total["value"], total["confidence"], total["page"], total["rule"]) == (f"{one.total:.2f}", 1.0, 1, "einvoice:factur-x-basic")
    x0, y0, x1, y1 = total["box"]
    assert x0 < x1
    assert y0 < y1
    assert [item["amount"] for item in body["line_items"]] == [f"{s.amount:.2f}" for s in one.lines]
    assert body["parts"] == []


def test_a_changed_account_is_told_without_its_number(tmp_path: Path, cli: typer.Typer) -> None:
    one, other = sale(1), iban(77)
    file = write_pdf(tmp_path / "a.pdf", one, cii(changed(one, account=other)))
    body = run(cli, "extract", str(file), "--json")
    assert [(p["code"], p["stage"], p["message"]) for p in body["problems"]] == [
        ("check_failed", "understand", "XML and page differ: vendor_iban (another value is printed)")
    ]
    assert body["fields"]["vendor_iban"]["value"] == other


def test_bare_xml_and_a_plain_pdf(tmp_path: Path, cli: typer.Typer) -> None:
    one = sale(4)
    bare, plain = tmp_path / "a.xml", write_pdf(tmp_path / "b.pdf", one, None)
    bare.write_bytes(ubl(one))
    first, second = run(cli, "extract", str(bare), str(plain), "--json")
    assert (first["file"], second["file"]) == (str(bare), str(plain))
    for name in ("document_number", "issue_date", "due_date", "total", "net_total", "tax_total", "vendor_iban", "currency"):
        assert first["fields"][name]["value"] == second["fields"][name]["value"], name
    assert first["fields"]["total"]["rule"] == "einvoice:xrechnung-3"
    assert second["fields"]["total"]["rule"].startswith("label:")
    assert first["problems"] == second["problems"] == []


def test_an_entity_bomb_inside_a_pdf_is_a_doubt(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><CrossIndustryInvoice>&c;</CrossIndustryInvoice>'
    body = extracted(look_at(write_pdf(tmp_path / "a.pdf", sale(1), bomb), MillOptions()))
    assert [p["message"] for p in body["problems"]] == [
        "the e-invoice's XML is not used: the XML declares a document type, which is refused"
    ]
    assert body["fields"]["document_number"]["value"] == sale(1).number


def test_classify(tmp_path: Path, cli: typer.Typer) -> None:
    letter = tmp_path / "a.txt"
    letter.write_text("Anna Berg\nHauptstr. 1\n\nSehr geehrte Frau Berg,\nvielen Dank.\nMit freundlichen Grüßen\nIhr Team\n")
    body = run(cli, "classify", str(letter), "--json")
    assert (body["kind"], body["problems"]) == ("letter", [])
    assert "salutation" in body["reason"]
    shown = CliRunner().invoke(cli, ["classify", str(letter)])
    assert shown.stdout.startswith(f"{letter}: letter (0.")


def test_a_file_that_fails_is_named_and_the_others_go_on(tmp_path: Path, cli: typer.Typer) -> None:
    good, bad = tmp_path / "a.txt", tmp_path / "b.pdf"
    good.write_text("INVOICE\nInvoice No: 17\nTotal EUR 5.00\n")
    bad.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nbroken")
    done = CliRunner().invoke(cli, ["extract", str(bad), str(good), "--json"])
    assert isinstance(done.exception, Damaged)
    first, second = json.loads(done.stdout)
    assert first["error"]["code"] == "damaged"
    assert second["fields"]["document_number"]["value"] == "17"
    assert isinstance(CliRunner().invoke(cli, ["extract", str(tmp_path / "none.pdf"), "--json"]).exception, NotFound)


def test_people_get_a_table(tmp_path: Path, cli: typer.Typer) -> None:
    one = sale(1)
    done = CliRunner().invoke(cli, ["extract", str(write_pdf(tmp_path / "a.pdf", one, None))])
    assert done.exit_code == 0
    assert one.number in done.stdout
    assert one.lines[0].text in done.stdout


def test_a_run_takes_the_einvoice_and_sends_what_differs_to_review(tmp_path: Path, room) -> None:
    from milled_papers import ingest

    from docmill.values.results import read_results

    one = sale(1)
    honest = write_pdf(tmp_path / "a.pdf", one, cii(one))
    forged = write_pdf(tmp_path / "b.pdf", one, cii(changed(one, account=iban(77))))
    ingest(room, honest, forged, language="en", index=False)
    found = [read_results(room.store.read(info.name)) for info in room.store.list("public/") if info.name.endswith("_results.json")]
    by_account = {next(f.value for f in results.fields if f.name == "vendor_iban"): results for results in found}
    good, bad = by_account[one.account], by_account[iban(77)]
    assert [i.amount for i in good.line_items] == [f"{s.amount:.2f}" for s in one.lines]
    assert next(f for f in good.fields if f.name == "total").source == "einvoice:en16931"
    assert "XML and page differ: vendor_iban (another value is printed)" in [p.message for p in bad.outcome.problems]
    assert not [p for p in good.outcome.problems if p.stage == "understand"]
    assert bad.outcome.name == "needs_review"


def test_with_redaction_the_account_of_the_xml_stays_hidden(tmp_path: Path, room) -> None:
    from milled_papers import ingest

    one = sale(1)
    ingest(room, write_pdf(tmp_path / "a.pdf", one, cii(changed(one, account=iban(77)))), language="en", index=False, redact=True)
    told = b"".join(room.store.read(info.name) for info in room.store.list("public/") if info.name.endswith("_results.json"))
    assert told
    assert iban(77).encode() not in told
    assert b"PO-9" not in told


def test_each_document_of_a_package_is_told(tmp_path: Path, cli: typer.Typer) -> None:
    sales = sale(1), sale(2)
    file = write_package(tmp_path / "a.pdf", *sales)
    body = run(cli, "extract", str(file), "--json", "--language", "en")
    assert [(p["first_page"], p["last_page"], p["is_main"], p["kind"]) for p in body["parts"]] == [
        (1, 1, True, "invoice"),
        (2, 2, False, "invoice"),
    ]
    for number, (one, part) in enumerate(zip(sales, body["parts"], strict=True), 1):
        total = part["fields"]["total"]
        assert (total["value"], total["page"]) == (f"{one.total:.2f}", number)
        assert [item["amount"] for item in part["line_items"]] == [f"{s.amount:.2f}" for s in one.lines]
    assert body["fields"] == body["parts"][0]["fields"]
    shown = CliRunner().invoke(cli, ["extract", str(file)]).stdout
    for number, one in enumerate(sales, 1):
        assert f"{file}, page {number}: invoice" in shown
        assert one.number in shown


@pytest.mark.parametrize("redact", [False, True], ids=["open", "redacted"])
def test_with_redaction_what_is_hidden_of_the_second_part_is_hidden(tmp_path: Path, room, redact: bool) -> None:
    from milled_papers import ingest

    from docmill.values.results import read_results

    sales = sale(1), sale(2)
    ingest(room, write_package(tmp_path / "a.pdf", *sales), language="en", index=False, redact=redact)
    published = {info.name: room.store.read(info.name) for info in room.store.list("public/")}
    (told,) = [data for name, data in published.items() if name.endswith("_results.json")]
    results = read_results(told)
    assert results.outcome.name == "needs_review"
    for number, (one, part) in enumerate(zip(sales, results.parts, strict=True), 1):
        fields = {field.name: field for field in part.fields}
        assert (fields["total"].value, fields["total"].page) == (f"{one.total:.2f}", number)
        account = fields["vendor_iban"]
        assert (account.value, account.text == "[IBAN_CODE]") == ((None, True) if redact else (one.account, False))
        assert redact != (one.account.encode() in told)
