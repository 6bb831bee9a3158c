"""Exact arithmetic over the sums of one document: what must hold, whether it was read from XML or from a page.

Each check gives the sentence of a contradiction, naming fields and never values, or nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from docmill.stages.understanding.checksums import is_iban

CENT = Decimal("0.01")

PAGE_SAYS = "the page contradicts itself: "
"""How the message of a contradiction on the page begins; the sentence follows."""


@dataclass(frozen=True, slots=True)
class Rated:
    """Tax of one rate in percent."""

    rate: Decimal
    net: Decimal | None
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """One line: quantity x price = amount, with or without the tax of `rate` percent."""

    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of one document; what is not known is None."""

    net: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    due: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    line_total: Decimal | None = None
    allowances: Decimal = Decimal(0)
    charges: Decimal = Decimal(0)
    taxes: Sequence[Rated] = ()
    lines: Sequence[Priced] = field(default_factory=tuple)


def tax_of(net: Decimal, rate: Decimal) -> Decimal:
    """Tax on a net amount at a rate in percent, rounded to cents, half up."""
    return (net * rate / 100).quantize(CENT, ROUND_HALF_UP)


def sum_contradictions(sums: Sums) -> list[str]:
    """What does not add up."""
    return [sentence for sentence in (*_of_totals(sums), *_of_taxes(sums), *_of_lines(sums)) if sentence]


def _of_totals(sums: Sums) -> Iterable[str]:
    if sums.net is not None and sums.tax is not None and sums.total is not None and abs(sums.net + sums.tax - sums.total) > CENT:
        yield "net_total + tax_total is not total"
    if sums.total is not None and sums.due and sums.prepaid is not None:  # nothing due is a way to say that it was settled
        expected = sums.total - sums.prepaid + (sums.rounding or Decimal(0))
        if abs(expected - sums.due) > CENT:
            yield "total less what was paid is not amount_due"


def _of_taxes(sums: Sums) -> Iterable[str]:
    if sums.taxes and sums.tax is not None and abs(sum(t.tax for t in sums.taxes) - sums.tax) > CENT * len(sums.taxes):
        yield "the taxes by rate do not add up to tax_total"
    for share in sums.taxes:
        if share.net is not None and abs(tax_of(share.net, share.rate) - share.tax) > 2 * CENT:
            yield "rate x net amount is not the tax of that rate"
            return


def _of_lines(sums: Sums) -> Iterable[str]:
    amounts = [line.amount for line in sums.lines if line.amount is not None]
    if amounts and len(amounts) == len(sums.lines) and sums.line_total is not None:
        # some senders write lines with tax: then they add up to the total
        wanted = (sums.line_total, sums.total) if sums.total is not None else (sums.line_total,)
        if all(abs(sum(amounts) - whole) > CENT * len(amounts) for whole in wanted):
            yield "the line amounts do not add up to the line total"
    if not all(is_priced_right(line) for line in sums.lines):
        yield "quantity x unit_price is not the amount of a line"
    if sums.line_total is not None and sums.net is not None and abs(sums.line_total - sums.allowances + sums.charges - sums.net) > CENT:
        yield "the line total less allowances plus charges is not net_total"


def is_priced_right(line: Priced) -> bool:
    """Whether quantity x price is the amount, as far as all three are known, within the rounding of the price."""
    if line.quantity is None or line.price is None or line.amount is None:
        return True
    # a price of few decimals is a rounded one: half a unit of its last place may be lost per piece
    places = min(-2, int(line.price.normalize().as_tuple().exponent))
    slack = CENT + abs(line.quantity) * Decimal((0, (5,), places - 1))
    product = line.quantity * line.price
    with_tax = product + product * (line.rate or Decimal(0)) / 100
    return abs(product - line.amount) <= slack or abs(with_tax - line.amount) <= slack


def field_contradictions(fields: Mapping[str, str]) -> list[str]:
    """What does not fit among fields alone (name -> normalised value): net, tax and total, dates, account number."""
    net, tax, total = (Decimal(fields[name]) if fields.get(name) else None for name in ("net_total", "tax_total", "total"))
    return [*sum_contradictions(Sums(net=net, tax=tax, total=total)), *other_contradictions(fields)]


def other_contradictions(fields: Mapping[str, str]) -> list[str]:
    """Dates out of order and account numbers with wrong check digits among fields (name -> normalised value)."""
    found = []
    issued, due = fields.get("issue_date"), fields.get("due_date")
    if issued and due and date.fromisoformat(due) < date.fromisoformat(issued):
        found.append("due_date lies before issue_date")
    if (iban := fields.get("vendor_iban")) and not is_iban(iban):
        found.append("vendor_iban fails its checksum")
    return found
