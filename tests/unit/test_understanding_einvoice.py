"""E-invoices: what the parser refuses, what each syntax is mapped to, where values are found on the page."""

import time
from decimal import Decimal
from pathlib import Path

import pytest
from invoice_generator import changed, cii, printed, sale, ubl, zugferd1
from understanding_pages import page

from docmill.errors import Damaged, TooLarge
from docmill.stages.understanding import verbs
from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.einvoice import xml_tree
from docmill.stages.understanding.einvoice.forms import iso_date, money, number
from docmill.stages.understanding.einvoice.joining import Attached
from docmill.stages.understanding.einvoice.model import kind_of, profile_of
from docmill.stages.understanding.einvoice.reader import own_contradictions, read_einvoice
from docmill.stages.understanding.einvoice.xml_tree import parse_xml
from docmill.values.evidence import Understanding

_BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]><a>&d;&d;&d;&d;</a>'
REFUSED = {
    "entity_bomb": _BOMB,
    "external_entity": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "external_dtd": '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "parameter_entity": '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/b"> %b;]><a/>',
    "empty_dtd": "<!DOCTYPE a><a/>",
    "undeclared_entity": "<a>&b;</a>",
    "cut": "<a><b>",
    "two_roots": "<a/><b/>",
    "no_xml": "Invoice 17",
    "empty": "",
    "unknown_encoding": '<?xml version="1.0" encoding="no-such"?><a/>',
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_xml_with_a_dtd_or_broken_xml_is_refused(what: str) -> None:
    begin = time.process_time()
    with pytest.raises(Damaged) as caught:
        parse_xml(REFUSED[what].encode())
    assert time.process_time() - begin < 0.5
    assert "passwd" not in caught.value.message


@pytest.mark.parametrize(
    "data", [b"<a>" * 60 + b"</a>" * 60, b"<a>" + b"<b/>" * 200_001 + b"</a>", b"<a>" + b"x" * xml_tree.MOST_BYTES + b"</a>"]
)
def test_xml_beyond_the_limits_is_refused(data: bytes) -> None:
    with pytest.raises(TooLarge):
        parse_xml(data)


def test_xml_in_other_encodings_and_with_a_mark_is_read() -> None:
    text = '<?xml version="1.0" encoding="{}"?><a><b>Müller</b></a>'
    for encoding in ("utf-8", "utf-16", "iso-8859-1"):
        assert parse_xml(text.format(encoding).encode(encoding)).value("b") == "Müller"
    assert parse_xml(b"\xef\xbb\xbf<a><b>1</b></a>").value("b") == "1"


@pytest.mark.parametrize("root", ["<Order xmlns='urn:x'/>", "<html/>"])
def test_other_xml_is_no_einvoice(root: str) -> None:
    with pytest.raises(Damaged, match="no e-invoice"):
        read_einvoice(root.encode())


@pytest.mark.parametrize(
    ("write", "profile"), [(cii, "en16931"), (zugferd1, "zugferd-1.0-comfort"), (ubl, "xrechnung-3")], ids=["cii", "zugferd1", "ubl"]
)
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_every_syntax_says_the_same(write, profile: str, seed: int) -> None:
    one = sale(seed)
    found = read_einvoice(write(one))
    assert (found.profile, found.kind) == (profile, "invoice")
    assert found.fields == {
        "document_number": one.number, "issue_date": one.issued.isoformat(), "due_date": one.due.isoformat(), "delivery_date": one.delivered.isoformat(),
        "vendor_name": one.vendor[0], "vendor_address": f"{one.vendor[1]}, {one.vendor[2]}, DE", "vendor_tax_id": "DE136695976", "vendor_iban": one.account,
        "customer_name": one.customer[0], "customer_address": f"{one.customer[1]}, {one.customer[2]}, DE", "purchase_order_number": "PO-9",
        "payment_method": "credit_transfer", "currency": "EUR", "net_total": f"{one.net:.2f}", "tax_total": f"{one.tax:.2f}",
        "total": f"{one.total:.2f}", "amount_due": f"{one.amount_due:.2f}",
    }  # fmt: skip
    assert [(n.description, n.quantity, n.unit, n.unit_price, n.tax_rate, n.amount) for n in found.lines] == [
        (s.text, s.quantity, "C62", s.price, s.rate, s.amount) for s in one.lines
    ]
    assert [(t.rate, t.net, t.tax) for t in found.taxes] == list(one.taxes)
    assert own_contradictions(found) == []


def test_a_ubl_credit_note_is_one() -> None:
    assert read_einvoice(ubl(sale(2), root="CreditNote")).kind == "credit_note"
    assert [kind_of(code) for code in ("380", "381", "325", None)] == ["invoice", "credit_note", "proforma_invoice", "invoice"]


@pytest.mark.parametrize(
    ("guideline", "profile"),
    [
        ("urn:factur-x.eu:1p0:minimum", "factur-x-minimum"),
        ("urn:factur-x.eu:1p0:basicwl", "factur-x-basicwl"),
        ("urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic", "factur-x-basic"),
        ("urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended", "factur-x-extended"),
        ("urn:cen.eu:en16931:2017", "en16931"),
        ("urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0", "xrechnung-3"),
        ("urn:ferd:CrossIndustryDocument:invoice:1p0:basic", "zugferd-1.0-basic"),
        ("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "peppol-bis-3"),
        ("Herr Meier, Hauptstr. 1", "cii"),
        (None, "cii"),
    ],
)
def test_profiles_have_fixed_names(guideline: str | None, profile: str) -> None:
    assert profile_of(guideline, "cii") == profile


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20240229", "2024-02-29"),
        ("2024-02-29", "2024-02-29"),
        ("2013-03-01T00:00:00", "2013-03-01"),
        ("201412", None),
        ("20230229", None),
        ("", None),
    ],
)
def test_dates_of_xml(text: str, value: str | None) -> None:
    assert iso_date(text) == value


def test_figures_of_xml() -> None:
    assert [number(text) for text in ("1.5", "-7", "1e9", "NaN", "1,5", "", None, "9" * 40)] == [Decimal("1.5"), Decimal(-7), *[None] * 6]
    assert [money(Decimal(text)) for text in ("5", "5.5", "5.125000", "-0.10", "0.000000001")] == [
        "5.00",
        "5.50",
        "5.125",
        "-0.10",
        "0.000000001",
    ]


def test_values_are_exact_and_say_where_they_are_printed() -> None:
    one = sale(1)
    shown = printed(one)
    found = understand_pages([shown], "auto", Attached(read_einvoice(cii(one))))
    assert (found.kind.name, found.kind.confidence) == ("invoice", 1.0)
    by_name = {f.name: f for f in found.fields}
    for name in ("document_number", "issue_date", "total", "vendor_iban", "customer_name"):
        seen = by_name[name].evidence
        assert (seen.confidence, seen.source) == (1.0, "einvoice:en16931")
        assert seen.box is not None
        assert by_name[name].text == shown.text[seen.start : seen.end]
    assert by_name["purchase_order_number"].evidence.start is None  # in the XML alone
    assert by_name["purchase_order_number"].evidence.page == 1
    assert [item.amount for item in found.line_items] == [f"{s.amount:.2f}" for s in one.lines]
    assert found.line_items[0].evidence.box is not None


def test_the_page_adds_what_the_xml_leaves_out() -> None:
    one = sale(1)
    without = cii(one).replace(b"DueDateDateTime", b"NoSuchName")
    due = {f.name: f for f in understand_pages([printed(one)], "auto", Attached(read_einvoice(without))).fields}["due_date"]
    assert due.value == one.due.isoformat()
    assert due.evidence.confidence < 1.0


def test_an_accounting_currency_does_not_change_the_tax() -> None:
    text = cii(sale(1)).replace(
        b'<ram:TaxTotalAmount currencyID="EUR">',
        b'<ram:TaxTotalAmount currencyID="GBP">1.00</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="EUR">',
    )
    assert read_einvoice(text).fields["tax_total"] == f"{sale(1).tax:.2f}"


def test_lines_with_tax_and_rounded_prices_are_no_contradiction() -> None:
    one = sale(1)
    gross = cii(one)
    for s in one.lines:
        gross = gross.replace(
            f"<ram:LineTotalAmount>{s.amount}<".encode(),
            f"<ram:LineTotalAmount>{(s.amount * Decimal('1.19')).quantize(Decimal('0.01'))}<".encode(),
        )
    assert own_contradictions(read_einvoice(gross)) == []


@pytest.mark.parametrize("asked", ["auto", "receipt"])
def test_a_kind_that_was_asked_for_stays(asked: str) -> None:
    found = understand_pages([printed(sale(1))], asked, Attached(read_einvoice(cii(sale(1)))))
    assert found.kind.name == ("invoice" if asked == "auto" else asked)


def test_broken_xml_is_a_doubt_and_the_page_counts(tmp_path: Path) -> None:
    read, out, original = tmp_path / "1.json", tmp_path / "out.json", tmp_path / "bare.xml"
    read.write_text(printed(sale(1)).model_dump_json())
    original.write_text(_BOMB)
    verbs.understand([str(read)], "auto", str(out), str(original), "bare")
    found = Understanding.model_validate_json(out.read_bytes())
    assert [p.message for p in found.problems] == ["the e-invoice's XML is not used: the XML declares a document type, which is refused"]
    assert {f.name: f.value for f in found.fields}["document_number"] == sale(1).number


def test_an_image_only_page_is_compared_with_nothing() -> None:
    blank = page("x").model_copy(update={"lines": ()})
    found = understand_pages([blank], "auto", Attached(read_einvoice(cii(sale(1)))))
    assert found.problems == ()
    assert {f.name: f.value for f in found.fields}["total"] == f"{sale(1).total:.2f}"


def test_a_credit_note_printed_without_its_minus_is_the_same() -> None:
    one = sale(1)
    negative = changed(one, net=-one.net, tax=-one.tax, total=-one.total, amount_due=-one.amount_due)
    messages = [p.message for p in understand_pages([printed(one)], "auto", Attached(read_einvoice(cii(negative)))).problems]
    assert not [m for m in messages if m.startswith("XML and page differ")]
