"""Planted contradictions are all found, honest papers raise no flag: XML against page, changed accounts, sums that don't add up, swapped dates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from invoice_generator import Sale, changed, cii, iban, printed, sale, ubl, zugferd1

from docmill.stages.understanding.document import understand_pages
from docmill.stages.understanding.einvoice.joining import Attached
from docmill.stages.understanding.einvoice.reader import read_einvoice

WRITERS: tuple[Callable[[Sale], bytes], ...] = (cii, zugferd1, ubl)
SEEDS = range(12)


def _messages(page_sale: Sale, xml_sale: Sale | None, write: Callable[[Sale], bytes] = cii) -> list[str]:
    attached = Attached(read_einvoice(write(xml_sale))) if xml_sale else None
    return [p.message for p in understand_pages([printed(page_sale)], "auto", attached).problems]


def _more(value: Decimal) -> Decimal:
    return value + Decimal("100.10")


def _whole_total(one: Sale) -> Sale:
    """Another total, with all other sums fitted to it: only the page tells."""
    line = one.lines[0]
    more = line.quantity * Decimal("7.31")
    taxes = tuple((r, b + more, (b + more) * r / 100) if r == line.rate else (r, b, t) for r, b, t in one.taxes)
    taxes = tuple((r, b, t.quantize(Decimal("0.01"))) for r, b, t in taxes)
    lines = (replace(line, price=line.price + Decimal("7.31"), amount=line.amount + more), *one.lines[1:])
    net, tax = one.net + more, sum((t for _, _, t in taxes), Decimal(0))
    return changed(one, lines=lines, taxes=taxes, net=net, tax=tax, total=net + tax, amount_due=net + tax - one.prepaid)


AGAINST_PAGE: dict[str, tuple[Callable[[Sale], Sale], str]] = {
    "total": (_whole_total, "XML and page differ: total"),
    "iban": (lambda one: changed(one, account=iban(7_654_321)), "XML and page differ: vendor_iban"),
    "number": (lambda one: changed(one, number="R-1999-001"), "XML and page differ: document_number"),
    "issue_date": (lambda one: changed(one, issued=one.issued - timedelta(days=40)), "XML and page differ: issue_date"),
    "due_date": (lambda one: changed(one, due=one.due + timedelta(days=17)), "XML and page differ: due_date"),
    "swapped_dates": (lambda one: changed(one, issued=one.due, due=one.issued), "XML and page differ: issue_date (swapped with due_date)"),
}
IN_XML: dict[str, tuple[Callable[[Sale], Sale], str]] = {
    "sum": (lambda one: changed(one, total=_more(one.total)), "net_total + tax_total is not total"),
    "tax": (lambda one: changed(one, tax=_more(one.tax)), "the taxes by rate do not add up to tax_total"),
    "rate": (
        lambda one: changed(one, taxes=tuple((r + 4, b, t) for r, b, t in one.taxes)),
        "rate x net amount is not the tax of that rate",
    ),
    "line": (
        lambda one: changed(one, lines=(replace(one.lines[0], quantity=one.lines[0].quantity + 3), *one.lines[1:])),
        "quantity x unit_price",
    ),
    "due": (lambda one: changed(one, amount_due=_more(one.amount_due)), "total less what was paid is not amount_due"),
    "iban_digits": (
        lambda one: changed(one, account=one.account[:-1] + str((int(one.account[-1]) + 1) % 10)),
        "vendor_iban fails its checksum",
    ),
}
ON_PAGE: dict[str, tuple[Callable[[Sale], Sale], str]] = {
    "total": (lambda one: changed(one, total=_more(one.total), prepaid=Decimal(0)), "net_total + tax_total is not total"),
    "net": (lambda one: changed(one, net=_more(one.net), prepaid=Decimal(0)), "net_total + tax_total is not total"),
    "dates": (lambda one: changed(one, issued=one.due, due=one.issued), "due_date lies before issue_date"),
    "iban_digits": (lambda one: changed(one, account=one.account[:-1] + str((int(one.account[-1]) + 1) % 10)), "vendor_iban fails its checksum"),
    "line": (lambda one: changed(one, lines=(replace(one.lines[0], quantity=one.lines[0].quantity + 3), *one.lines[1:])), "quantity x unit_price"),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(36))
def test_an_honest_invoice_raises_no_flag(seed: int) -> None:
    one = sale(seed)
    assert _messages(one, None) == []
    assert _messages(one, one, WRITERS[seed % 3]) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("what", list(AGAINST_PAGE))
def test_xml_that_says_otherwise_than_the_page_is_found(what: str, seed: int) -> None:
    one = sale(seed)
    change, wanted = AGAINST_PAGE[what]
    messages = _messages(one, change(one), WRITERS[seed % 3])
    assert any(m.startswith(wanted) for m in messages), messages


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("what", list(IN_XML))
def test_xml_that_contradicts_itself_is_found(what: str, seed: int) -> None:
    change, wanted = IN_XML[what]
    messages = _messages(sale(seed), change(sale(seed)), WRITERS[seed % 3])
    assert any(m.startswith("XML contradicts itself: ") and wanted in m for m in messages), messages


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("what", list(ON_PAGE))
def test_a_page_that_contradicts_itself_is_found(what: str, seed: int) -> None:
    change, wanted = ON_PAGE[what]
    messages = _messages(change(sale(seed)), None)
    assert any(m.startswith("the page contradicts itself: ") and wanted in m for m in messages), messages


def test_messages_never_carry_values() -> None:
    one = sale(4)
    other = changed(_whole_total(one), account=iban(99), number="R-1999-001", due=one.due + timedelta(days=3))
    messages = " ".join(_messages(one, other))
    assert messages.count("differ") > 3
    for value in (
        one.account,
        other.account,
        one.number,
        other.number,
        str(one.total),
        str(other.total),
        one.vendor[0],
        other.due.isoformat(),
    ):
        assert value not in messages


def test_bare_xml_is_compared_with_nothing() -> None:
    one = sale(1)
    listing = printed(_whole_total(one))
    found = understand_pages([listing], "auto", Attached(read_einvoice(cii(one)), is_bare=True))
    assert found.problems == ()
    assert {f.name: f.value for f in found.fields}["total"] == str(one.total)
