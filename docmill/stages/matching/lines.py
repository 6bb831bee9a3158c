"""Comparing lines: quantity, unit, price and tax of each pair, what is missing, what nobody ordered, and how much money that makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from docmill.stages.matching.pairing import ReadLine, pair_lines
from docmill.stages.matching.units import unit_factor
from docmill.stages.matching.wording import FREIGHT
from docmill.values.matching import Finding, LineMatch, OrderState, Tolerances
from docmill.values.purchasing import OrderLine

WEIGHTS = {"description": 0.2, "quantity": 0.25, "unit": 0.15, "unit_price": 0.3, "tax_rate": 0.1}
LEAST_LIKENESS = 0.6
"""Descriptions less alike may be another product: a person looks."""

_HALF_CENT, _TWO_CENTS = Decimal("0.005"), Decimal("0.02")
ZERO = Decimal(0)


@dataclass(slots=True)
class LinesFound:
    """What the lines say.

    Attributes:
        score: 0-1.
        deviation: money by which lines differ from the order, signs left out, missing and extra lines in full.
        accepted: (net amount that the order allows for a line, its tax rate; -1 when it is unknown).
        is_partial: whether something of the order stays open.
    """

    score: float = 0.0
    deviation: Decimal = ZERO
    is_partial: bool = False
    accepted: list[tuple[Decimal, Decimal]] = field(default_factory=list)
    matches: list[LineMatch] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def compare_lines(state: OrderState, read: Sequence[ReadLine], allowed: Tolerances, *, gross: bool, priced: bool) -> LinesFound:
    """Compare every line.

    Args:
        state: the order and what was taken of it.
        read: the receipt's lines.
        allowed: tolerances.
        gross: whether the receipt's prices hold the tax.
        priced: whether the receipt asks for money; on a delivery note prices are not looked for.
    """
    found = LinesFound()
    order = state.content.lines
    paired = pair_lines(order, read)
    for index, seen, likeness in paired:
        _compare_pair(found, index, order[index], seen, likeness, _left(state, index), allowed, gross=gross, priced=priced)
    _missing(found, state, {index for index, _, _ in paired})
    used = {seen.index for _, seen, _ in paired}
    extra = [seen for seen in read if seen.index not in used]
    is_freight_paid = not priced or _is_within_limit([seen.amount for seen in extra if seen.sort == FREIGHT], allowed)
    for seen in extra:
        _extra(found, seen, is_freight_paid=is_freight_paid)
    counted = [m.score for m in found.matches if m.order_line is not None or not m.score]  # accepted freight neither adds nor takes
    found.score = round(sum(counted) / len(counted), 4) if counted else 0.0
    return found


def _left(state: OrderState, index: int) -> Decimal:
    return max(ZERO, state.content.lines[index].quantity - state.taken.get(index, ZERO))


def _compare_pair(
    found: LinesFound,
    index: int,
    line: OrderLine,
    seen: ReadLine,
    likeness: float,
    left: Decimal,
    allowed: Tolerances,
    *,
    gross: bool,
    priced: bool,
) -> None:
    factor = unit_factor(seen.unit, line.unit) if seen.unit else Decimal(1)
    divisor = 1 + line.tax_rate / 100 if gross else Decimal(1)
    price = seen.unit_price / divisor / (factor or 1) if seen.unit_price is not None else None
    amount = seen.amount / divisor if seen.amount is not None else None
    quantity = seen.quantity * (factor or 1)
    slack = allowed.quantity_share * line.quantity
    if not seen.has_quantity and amount is not None and _near(amount, line.unit_price * left, allowed):
        quantity, price = left, line.unit_price  # a line that shows its amount alone
    billable = min(quantity, left)
    checks = {
        "description": float(likeness >= LEAST_LIKENESS),
        "quantity": float(ZERO < quantity <= left + slack),
        "unit": float(factor is not None),
        "unit_price": float(not priced or _price_agrees(price, amount, line, quantity, allowed)),
        "tax_rate": float(seen.tax_rate is None or seen.tax_rate == line.tax_rate),
    }
    _explain(found, index, checks, likeness, quantity, left)
    if not seen.words:
        told = "no description was read; the line is known by its figures"
        found.findings.append(Finding(code="description_unread", message=told, blocks=False, line=index))
    found.is_partial |= quantity < left - slack
    score = round(sum(WEIGHTS[name] * value for name, value in checks.items()), 4)
    found.matches.append(
        LineMatch(
            order_line=index,
            receipt_line=seen.index,
            quantity=billable + min(slack, max(ZERO, quantity - left)),
            checks=checks,
            score=score,
        )
    )
    found.accepted.append((line.unit_price * billable, line.tax_rate))
    if priced:
        found.deviation += _deviation(line, price, amount, quantity, left, is_agreed=bool(checks["unit_price"]))


def _deviation(
    line: OrderLine, price: Decimal | None, amount: Decimal | None, quantity: Decimal, left: Decimal, *, is_agreed: bool
) -> Decimal:
    """Money by which a pair differs: price over all that is left, amount against quantity times price, and what is too much. At most the line."""
    whole = abs(line.unit_price) * max(left, line.quantity)
    if price is None or amount is None:
        return whole
    off = ZERO if is_agreed else abs(price - line.unit_price) * max(left, quantity) + abs(amount - price * quantity)
    return min(whole, off + abs(line.unit_price) * max(ZERO, quantity - left))


def _near(amount: Decimal, expected: Decimal, allowed: Tolerances) -> bool:
    return abs(amount - expected) <= max(_TWO_CENTS, allowed.line_price_share * abs(expected))


def _price_agrees(price: Decimal | None, amount: Decimal | None, line: OrderLine, quantity: Decimal, allowed: Tolerances) -> bool:
    """The unit price agrees, or differs by its rounding to cents while the amount agrees; and the amount is quantity times price."""
    if price is None or amount is None:
        return False
    off = abs(price - line.unit_price)
    is_near = off <= allowed.line_price_share * abs(line.unit_price) or off <= _HALF_CENT
    return is_near and _near(amount, line.unit_price * quantity, allowed)


def _explain(found: LinesFound, index: int, checks: dict[str, float], likeness: float, quantity: Decimal, left: Decimal) -> None:
    told = {
        "description": ("description", f"the descriptions are not alike (likeness {likeness:.2f})"),
        "quantity": ("over_delivery", f"{_figure(quantity)} is more than the {_figure(left)} that are open")
        if quantity > left
        else ("quantity", f"{_figure(quantity)} is no quantity that was ordered"),
        "unit": ("unit", "the units do not measure the same"),
        "unit_price": ("unit_price", "price or amount of the line differ from the order beyond the tolerance, or were not read"),
        "tax_rate": ("tax_rate", "the line shows another tax rate"),
    }
    for name, value in checks.items():
        if not value:
            code, message = told[name]
            found.findings.append(Finding(code=code, message=message, line=index))


def _figure(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _missing(found: LinesFound, state: OrderState, paired: set[int]) -> None:
    for index, line in enumerate(state.content.lines):
        left = _left(state, index)
        if index not in paired and left > 0:
            found.is_partial = True
            found.deviation += abs(line.unit_price) * line.quantity
            found.matches.append(LineMatch(order_line=index, receipt_line=None))
            found.findings.append(Finding(code="missing_line", message="an open line of the order is not on the receipt", line=index))


def _is_within_limit(freight: Sequence[Decimal | None], allowed: Tolerances) -> bool:
    """Whether freight that nobody ordered is paid: all of it was read, and together it is no more than the limit."""
    amounts = [amount for amount in freight if amount is not None and amount >= 0]
    return len(amounts) == len(freight) and sum(amounts, ZERO) <= allowed.freight_limit


def _extra(found: LinesFound, seen: ReadLine, *, is_freight_paid: bool) -> None:
    amount = seen.amount or ZERO
    if seen.sort == FREIGHT and is_freight_paid:
        found.matches.append(LineMatch(order_line=None, receipt_line=seen.index, score=1.0))
        found.accepted.append((amount, seen.tax_rate if seen.tax_rate is not None else Decimal(-1)))
        found.findings.append(Finding(code="freight", message="freight that was not ordered, within its limit", blocks=False))
        return
    found.deviation += abs(amount) or _TWO_CENTS
    found.matches.append(LineMatch(order_line=None, receipt_line=seen.index))
    found.findings.append(Finding(code="extra_line", message=f"line {seen.index + 1} of the receipt ({seen.sort}) was not ordered"))
