"""The total to pay, tax included, and its currency."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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

_ONLY_CURRENCY, _SHARED_SIGNS = 0.97, frozenset({"$", "¥"})
"""Confidence of a paper's only currency; these signs stand for several."""

_MOST_ROUNDING = Decimal("0.1")
_ARITHMETIC, _IN_TAX_TABLE, _LATER, _AGREEMENT = 0.25, 0.35, 0.12, 0.08


@dataclass(frozen=True, slots=True)
class TotalCandidate:
    """An amount that may be the total.

    Attributes:
        score: 0 to about 1.3.
        rule: what proposed it.
        amount: where it is printed.
        label_score: how clear and near its best label is, 0.0-1.0.
        proofs: how many independent sums on the page lead to it: cash less change, a column's sum, the rounding stated.
        before_rounding: the printed amount that the stated rounding turns into this one, None without.
    """

    score: float
    rule: str
    amount: Amount
    label_score: float = 0.0
    proofs: int = 0
    before_rounding: Decimal | None = None


def total_candidates(pages: Sequence[Page], *, is_money_document: bool) -> list[TotalCandidate]:
    """Amounts that may be the total, the best first; of equal ones the later.

    Args:
        pages: of one document.
        is_money_document: whether its kind has a total at all; then the greatest amount beside a currency is taken for want of a label.
    """
    by_page = [(page, find_amounts(page)) for page in pages]
    found = []
    for index, (page, amounts) in enumerate(by_page):
        found += [replace(c, score=c.score + 0.02 * index) for c in _scored(page, amounts)]
    found = [c for c in reversed(found) if c.score > _LEAST]  # sorting is stable: of equal ones the later comes first
    if not found and is_money_document:
        with_currency = [a for _, amounts in by_page for a in amounts if a.has_currency]
        greatest = max(with_currency, key=lambda a: a.value, default=None)
        return [TotalCandidate(0.3, "greatest_amount", greatest)] if greatest else []
    return sorted(found, key=lambda c: -c.score)


def total_at(seen: Hit, score: float, rule: str) -> TotalCandidate | None:
    """The amount that stands at a place, as somebody else takes it for the total; None where no amount stands there."""
    amount = next((one for one in find_amounts(seen.page) if one.seen.start == seen.start), None)
    return None if amount is None else TotalCandidate(score, rule, amount)


def _scored(page: Page, amounts: list[Amount]) -> list[TotalCandidate]:
    labels = find_labels(page, TOTAL_LABELS)
    table_top = min((h.start for h in find(page, TAX_SUMMARY)), default=None)
    paid, rounded = _cash_less_change(page, amounts), _rounded(page, amounts)
    proofs = (paid, _column_sums(labels, amounts), set(rounded.values()))
    before = {after: value for value, after in rounded.items()}
    scored: list[TotalCandidate] = []
    for amount in amounts:
        good, rule = _label_score(amount, labels)
        by_label = max(0.0, good)
        if good <= 0 and amount.value in paid:
            good, rule = _PAID_ALONE, "cash_less_change"
        if good <= 0:
            continue
        score = 0.85 * good + _LATER * amount.seen.box.y1 / max(1, page.height_px)
        if table_top is not None and amount.seen.start > table_top and good < _PLAIN_WORDS:
            score -= _IN_TAX_TABLE
        proven = sum(amount.value in proof for proof in proofs)
        score += _ARITHMETIC * (bool(proven) - (amount.value in rounded))
        score -= 0.3 if amount.value == 0 else 0.0
        scored.append(TotalCandidate(score, rule, amount, by_label, proven, before.get(amount.value)))
    return [_with_agreement(c, scored) for c in scored]


def _with_agreement(one: TotalCandidate, scored: list[TotalCandidate]) -> TotalCandidate:
    """A value that several labels name is surer."""
    if sum(other.amount.value == one.amount.value for other in scored) < 2:  # noqa: PLR2004 - itself and another
        return one
    return replace(one, score=one.score + _AGREEMENT, proofs=one.proofs + 1)


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
        is_only = len({code for _, code in found}) == 1
        is_plain = any(seen.text.lower() not in _SHARED_SIGNS for seen, _ in found)
        return field("currency", usual, seen, (_ONLY_CURRENCY if is_plain else 0.8) if is_only else 0.6, "most_frequent")
    hint = next((h for page in pages if (h := hinted_currency(page))), None)
    return field("currency", hint[1], hint[0], 0.5, "country_hint") if hint else None


def _nearest(pages: Sequence[Page], of_total: Field, found: list[tuple[Hit, str]]) -> tuple[Hit, str] | None:
    where = of_total.evidence
    page = next(p for p in pages if p.number == where.page)
    at = hit(page, where.start or 0, where.end or 0)
    in_row = [(seen, code) for seen, code in found if at and seen.page is page and on_one_row(seen.box, at.box)]
    return min(in_row, key=lambda pair: abs(pair[0].start - (where.start or 0)), default=None)
