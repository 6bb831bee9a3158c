"""Taxes by rate: rows of a page that show a rate in percent beside a net amount and its tax, told apart by arithmetic alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docmill.stages.understanding.amounts import Amount
from docmill.stages.understanding.labels_sums import RATE
from docmill.stages.understanding.layout import Hit, find, on_one_row
from docmill.stages.understanding.sum_checks import CENT, tax_of
from docmill.values.evidence import Evidence, TaxShare
from docmill.values.page import Page

_MOST_RATE = Decimal(40)
_MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class RatedRow:
    """A rate in percent with what stands in its row: net and tax where the two prove each other, or neither."""

    rate: Decimal
    seen: Hit
    net: Amount | None = None
    tax: Amount | None = None


def tax_rows(page: Page, amounts: Sequence[Amount]) -> list[RatedRow]:
    """Every rate on a page, with net and tax when they stand in its row and net x rate = tax."""
    return [_row(seen, amounts) for seen in find(page, RATE, most=_MOST_ROWS) if 0 < _rate(seen) < _MOST_RATE]


def _rate(seen: Hit) -> Decimal:
    return Decimal(seen.text.rstrip("% ").replace(",", "."))


def _row(seen: Hit, amounts: Sequence[Amount]) -> RatedRow:
    rate = _rate(seen)
    beside = [a for a in amounts if a.seen.page is seen.page and on_one_row(a.seen.box, seen.box) and a.value]
    for net, tax in _pairs(beside):
        if abs(tax_of(net.value, rate) - tax.value) <= CENT and abs(tax.value) > CENT:
            return RatedRow(rate, seen, net, tax)
    return RatedRow(rate, seen)


def _pairs(beside: Sequence[Amount]) -> Iterator[tuple[Amount, Amount]]:
    for index, net in enumerate(beside):
        for tax in beside[index + 1 :]:
            yield net, tax
            yield tax, net


def tax_shares(rows: Sequence[RatedRow], net: Amount | None = None, tax: Amount | None = None) -> tuple[TaxShare, ...]:
    """One share of each rate that a row proves.

    Args:
        rows: of all pages.
        net: of the document; with `tax` it is the share of the one printed rate that leads from one to the other.
        tax: of the document.
    """
    if net is not None and tax is not None and not any(row.net for row in rows):
        rows = [RatedRow(row.rate, row.seen, net, tax) for row in rows if abs(tax_of(net.value, row.rate) - tax.value) <= CENT][:1]
    found: dict[Decimal, TaxShare] = {}
    for row in rows:
        if row.net is not None and row.tax is not None:
            seen = row.tax.seen
            where = Evidence(
                page=seen.page.number, box=seen.box.rounded(), start=seen.start, end=seen.end,
                confidence=round(0.97 * (0.5 + 0.5 * seen.confidence), 3), source="rate_row",
            )  # fmt: skip
            rate = f"{row.rate.normalize():f}"
            found[row.rate] = TaxShare(rate=rate, net=str(row.net.value), tax=str(row.tax.value), evidence=where)
    return tuple(found.values())
