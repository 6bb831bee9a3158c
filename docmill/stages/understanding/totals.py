"""The total to pay, tax included, and its currency."""

from collections.abc import Sequence
from decimal import Decimal

from docmill.stages.understanding.amounts import Amount, find_amounts, find_currencies, hinted_currency, usual_currency
from docmill.stages.understanding.labels import CASH_LABEL, CHANGE_LABEL, ROUNDING_LABEL, TAX_SUMMARY, TOTAL_LABELS, Label, find_labels
from docmill.stages.understanding.layout import BELOW, Hit, closeness, field, find, hit, on_one_row
from docmill.values.evidence import Field
from docmill.values.page import Page

_LEAST = 0.3
_REACH_DOWN = 7.0
"""Sums stand below their column's head, tax rates between them: so many label heights."""

_PAID_ALONE = 0.4
"""What an amount without a label is worth when it is what was handed over less what was handed back."""

_PLAIN_WORDS = 0.85
"""A label this clear names the total even below a table of taxes."""

_MOST_ROUNDING = Decimal("0.1")
_ARITHMETIC, _IN_TAX_TABLE, _LATER, _AGREEMENT = 0.25, 0.35, 0.12, 0.08


def total(pages: Sequence[Page], *, is_money_document: bool) -> Field | None:
    """The total as a decimal number with at least two decimals; None when no label points at one.

    Args:
        pages: of one document.
        is_money_document: whether its kind has a total at all; then the greatest amount beside a currency is taken for want of a label.
    """
    by_page = [(page, find_amounts(page)) for page in pages]
    best: tuple[float, str, Amount] | None = None
    for index, (page, amounts) in enumerate(by_page):
        for score, rule, amount in _scored(page, amounts):
            later = score + 0.02 * index
            if later > _LEAST and (best is None or later >= best[0]):
                best = later, rule, amount
    if best is None and is_money_document:
        with_currency = [a for _, amounts in by_page for a in amounts if a.has_currency]
        best = max(((0.3, "greatest_amount", a) for a in with_currency), key=lambda c: c[2].value, default=None)
    return field("total", str(best[2].value), best[2].seen, best[0] * 0.95, best[1]) if best else None


def _scored(page: Page, amounts: list[Amount]) -> list[tuple[float, str, Amount]]:
    labels = find_labels(page, TOTAL_LABELS)
    table_top = min((h.start for h in find(page, TAX_SUMMARY)), default=None)
    paid, rounded = _cash_less_change(page, amounts), _rounded(page, amounts)
    proven = paid | _column_sums(labels, amounts) | set(rounded.values())
    scored = []
    for amount in amounts:
        good, rule = _label_score(amount, labels)
        if good <= 0 and amount.value in paid:
            good, rule = _PAID_ALONE, "cash_less_change"
        if good <= 0:
            continue
        score = 0.85 * good + _LATER * amount.seen.box.y1 / max(1, page.height_px)
        if table_top is not None and amount.seen.start > table_top and good < _PLAIN_WORDS:
            score -= _IN_TAX_TABLE
        score += _ARITHMETIC * ((amount.value in proven) - (amount.value in rounded))
        score -= 0.3 if amount.value == 0 else 0.0
        scored.append((score, rule, amount))
    return [(s + _AGREEMENT * (sum(o[2].value == a.value for o in scored) > 1), r, a) for s, r, a in scored]


def _label_score(amount: Amount, labels: list[tuple[Label, Hit]]) -> tuple[float, str]:
    good, rule, bad = 0.0, "", 0.0
    for label, seen in labels:
        near = closeness(seen, amount.seen, reach_down=_REACH_DOWN if label.weight > 0 else 1.5)
        if not near:
            continue
        if label.weight < 0 and on_one_row(seen.box, amount.seen.box):
            bad = max(bad, -label.weight)
        elif label.weight * near > good:
            good, rule = label.weight * near, f"label:{label.name}"
    return good - bad, rule


def _cash_less_change(page: Page, amounts: list[Amount]) -> set[Decimal]:
    handed_over = _beside(find(page, CASH_LABEL), amounts)
    handed_back = _beside(find(page, CHANGE_LABEL), amounts)
    return {abs(over) - abs(back) for over in handed_over for back in handed_back if abs(over) > abs(back)}


def _rounded(page: Page, amounts: list[Amount]) -> dict[Decimal, Decimal]:
    """Amount before -> amount after the rounding that the page states, where both are printed."""
    values = {a.value for a in amounts}
    rounding = {r for r in _beside(find(page, ROUNDING_LABEL), amounts) if r and abs(r) < _MOST_ROUNDING}
    return {value: value + r for value in values for r in rounding if value + r in values and abs(value) > _MOST_ROUNDING}


def _column_sums(labels: list[tuple[Label, Hit]], amounts: list[Amount]) -> set[Decimal]:
    """Amounts that are the sum of at least two others standing above them under the same label."""
    sums: set[Decimal] = set()
    for label, head in labels:
        column = [a.value for a in amounts if label.weight > 0 and 0 < closeness(head, a.seen, reach_down=_REACH_DOWN) <= BELOW]
        sums |= {value for index, value in enumerate(column) if index > 1 and value and value == sum(column[:index])}
    return sums


def _beside(labels: list[Hit], amounts: list[Amount]) -> set[Decimal]:
    return {a.value for label in labels for a in amounts if on_one_row(label.box, a.seen.box) and a.seen.start > label.start}


def currency(pages: Sequence[Page], of_total: Field | None) -> Field | None:
    """ISO 4217 code: the one beside the total, else the one seen most often, else what the country's legal forms suggest."""
    found = [pair for page in pages for pair in find_currencies(page)]
    if of_total and (beside := _nearest(pages, of_total, found)):
        return field("currency", beside[1], beside[0], 0.95, "beside_total")
    if usual := usual_currency(found):
        seen = next(seen for seen, code in found if code == usual)
        return field("currency", usual, seen, 0.8 if len({code for _, code in found}) == 1 else 0.6, "most_frequent")
    hint = next((h for page in pages if (h := hinted_currency(page))), None)
    return field("currency", hint[1], hint[0], 0.5, "country_hint") if hint else None


def _nearest(pages: Sequence[Page], of_total: Field, found: list[tuple[Hit, str]]) -> tuple[Hit, str] | None:
    where = of_total.evidence
    page = next(p for p in pages if p.number == where.page)
    at = hit(page, where.start or 0, where.end or 0)
    in_row = [(seen, code) for seen, code in found if at and seen.page is page and on_one_row(seen.box, at.box)]
    return min(in_row, key=lambda pair: abs(pair[0].start - (where.start or 0)), default=None)
