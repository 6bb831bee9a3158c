"""Comparing total, tax and currency with what the accepted lines come to, and the receipt's sums with one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from docmill.stages.matching.lines import LinesFound
from docmill.stages.matching.pairing import ReadLine
from docmill.values.matching import Finding, OrderState, Receipt, Tolerances
from docmill.values.purchasing import cents

WRONG = 0.4
"""The most that a total beyond its tolerance scores, so that with the part weights such a receipt stays below 0.8."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sums:
    """The receipt's sums as far as they were read or follow from one another."""

    net: Decimal | None
    tax: Decimal | None
    total: Decimal | None


def read_sums(receipt: Receipt) -> Sums:
    """Net, tax and total; one that is missing follows from the other two."""
    net, tax, total = receipt.net, receipt.tax, receipt.total
    if tax is None and net is not None and total is not None:
        tax = total - net
    if net is None and tax is not None and total is not None:
        net = total - tax
    if total is None and net is not None and tax is not None:
        total = net + tax
    return Sums(net, tax, total)


def are_prices_gross(sums: Sums, read: Sequence[ReadLine]) -> bool:
    """Whether the lines' amounts add up to the total and not to the net amount: then they hold the tax."""
    if sums.total is None or not sums.tax or sums.net is None or any(line.amount is None for line in read):
        return False
    own = sum((line.amount or ZERO for line in read), ZERO)
    return abs(own - sums.total) < abs(own - sums.net)


def compare_totals(
    state: OrderState, receipt: Receipt, read: Sequence[ReadLine], found: LinesFound, allowed: Tolerances, *, gross: bool
) -> tuple[float, list[Finding]]:
    """Score 0-1 and what was noticed. Below the tolerance the score is 1; beyond it, 0.4 less what the differing money is of the order."""
    sums, findings = read_sums(receipt), _currency(state, receipt)
    if sums.total is None:
        return 0.0, [*findings, Finding(code="total_unread", message="no total was read")]
    net, tax = _expected(state, found)
    slack = max(allowed.total_amount, allowed.total_share * abs(net + tax))
    if abs(sums.total - net - tax) > slack:
        findings.append(Finding(code="total", message=f"the total is {_signed(sums.total - net - tax)} off what the order allows"))
    gap = ZERO
    if sums.tax is not None:
        tax_off = abs(sums.tax - tax)
        if tax_off > max(allowed.total_amount, allowed.total_share * abs(tax)):
            findings.append(Finding(code="tax", message=f"the tax is {_signed(sums.tax - tax)} off what the order allows"))
            gap += abs(sums.tax - _own_tax(state, read, found, gross=gross))
    own = sum((line.amount or ZERO for line in read), ZERO) + (ZERO if gross else sums.tax if sums.tax is not None else tax)
    if abs(own - sums.total) > slack:
        findings.append(
            Finding(code="arithmetic", message=f"lines and tax of the receipt come to {_signed(own - sums.total)} more than its total")
        )
        gap += abs(own - sums.total)
    if any(f.code == "currency" for f in findings):
        return 0.0, findings
    if not findings and found.deviation <= slack:
        return 1.0, findings
    share = float((found.deviation + gap) / max(abs(state.content.total), Decimal("0.01")))
    return round(WRONG * max(0.0, 1.0 - share), 4), findings


def _currency(state: OrderState, receipt: Receipt) -> list[Finding]:
    if receipt.currency is None:
        return [Finding(code="currency_unread", message="no currency was read")]
    if receipt.currency != state.content.currency:
        return [Finding(code="currency", message=f"the receipt is in {receipt.currency}, the order in {state.content.currency}")]
    return []


def _expected(state: OrderState, found: LinesFound) -> tuple[Decimal, Decimal]:
    """Net and tax of what the order allows of the receipt's lines; tax once per rate. Freight without a rate has the order's highest."""
    highest = max((line.tax_rate for line in state.content.lines), default=ZERO)
    nets: dict[Decimal, Decimal] = {}
    for net, rate in found.accepted:
        used = highest if rate < 0 else rate
        nets[used] = nets.get(used, ZERO) + cents(net)
    return sum(nets.values(), ZERO), sum((cents(net * rate / 100) for rate, net in nets.items()), ZERO)


def _own_tax(state: OrderState, read: Sequence[ReadLine], found: LinesFound, *, gross: bool) -> Decimal:
    """The tax that the receipt's own lines would bear at the order's rates; lines that nobody ordered at the rate that they show."""
    rates = {m.receipt_line: state.content.lines[m.order_line].tax_rate for m in found.matches if m.order_line is not None}
    highest = max((line.tax_rate for line in state.content.lines), default=ZERO)
    own = ZERO
    for line in read:
        rate = rates.get(line.index, highest if line.tax_rate is None else line.tax_rate)
        own += (line.amount or ZERO) * rate / (100 + rate if gross else 100)
    return own


def _signed(value: Decimal) -> str:
    return f"{cents(value):+f}"
