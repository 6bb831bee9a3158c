"""Net, tax, total and amount due chosen together: labels propose, exact arithmetic decides.

Belongs here: the joint choice. How a total is proposed is in totals.py, taxes by rate are in tax_rates.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from docmill.stages.understanding.amounts import Amount, find_amounts
from docmill.stages.understanding.labels import Label, find_labels
from docmill.stages.understanding.labels_sums import DUE_LABELS, NET_LABELS, PREPAID_LABELS, TAX_LABELS
from docmill.stages.understanding.layout import DOUBT, LEAST_DOUBT, closeness, field, on_one_row
from docmill.stages.understanding.sum_checks import CENT
from docmill.stages.understanding.tax_rates import RatedRow, tax_rows, tax_shares
from docmill.stages.understanding.totals import TotalCandidate, total_candidates
from docmill.values.evidence import Field, TaxShare
from docmill.values.page import Page

MOST = 10
"""So many candidates of a role are tried together."""

PROVEN = 0.985
"""Confidence of what arithmetic proves; the doubt left is that three wrong figures may add up."""

_LED_TO = 0.975
"""Confidence of a total with a clear label to which one more sum or another label leads."""

_CLEAR = 0.75
"""A label this near and this clear leaves no doubt about an amount's role."""

_CLEAR_TOTAL = 0.6
"""The same for the total, whose label often stands at the other end of the row."""

_REACH_DOWN = 7.0
_RIGHT_SUM = 0.6
_SEVERAL_RATES, _LATER = 0.05, 0.02


@dataclass(frozen=True, slots=True)
class Candidate:
    """An amount in a role. `amount` is where it is printed; a derived value stands where its last part is printed."""

    score: float
    rule: str
    value: Decimal
    amount: Amount


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, what proves it, and what it contradicts."""

    total: TotalCandidate | None
    net: Candidate | None
    tax: Candidate | None
    due: Candidate | None
    is_proven: bool
    rows: tuple[RatedRow, ...]
    contradictions: tuple[str, ...] = ()

    def fields(self) -> list[Field]:
        """The fields of the sums."""
        found = []
        if self.total is not None:
            one, doubt = self.total, LEAST_DOUBT if self.is_proven or self.total.proofs else DOUBT
            sure = self._total_confidence()
            found.append(field("total", str(one.amount.value), one.amount.seen, sure, one.rule, doubt=doubt))
        for name, part in (("net_total", self.net), ("tax_total", self.tax)):
            if part is not None:
                sure = PROVEN if self.is_proven else min(0.85, 0.75 * part.score)
                found.append(
                    field(name, str(part.value), part.amount.seen, sure, part.rule, doubt=LEAST_DOUBT if self.is_proven else DOUBT)
                )
        if self.due is not None:
            found.append(field("amount_due", str(self.due.value), self.due.amount.seen, self.due.score, self.due.rule))
        return found

    def shares(self) -> tuple[TaxShare, ...]:
        """Tax by rate."""
        whole = (self.net, self.tax) if self.is_proven else (None, None)
        printed = [one.amount if one is not None and one.amount.value == one.value else None for one in whole]
        return tax_shares(self.rows, printed[0], printed[1])

    def _total_confidence(self) -> float:
        assert self.total is not None  # noqa: S101 - only asked for when there is one
        if not self.total.label_score:
            return min(0.85, 0.95 * self.total.score)
        if self.is_proven or self.total.proofs > 1:
            return PROVEN
        if self.total.proofs and self.total.label_score > _CLEAR_TOTAL:
            return _LED_TO
        return min(0.92, 0.95 * self.total.score)


def choose_sums(pages: Sequence[Page], *, is_money_document: bool, totals: Sequence[TotalCandidate] = ()) -> Choice:
    """The joint best of net, tax, total and amount due.

    Args:
        pages: of one document.
        is_money_document: whether its kind has a total at all.
        totals: what alone may be the total; without any all that labels and places propose.
    """
    totals = totals or total_candidates(pages, is_money_document=is_money_document)
    amounts = [(page, find_amounts(page)) for page in pages]
    rows = tuple(row for page, found in amounts for row in tax_rows(page, found))
    nets = sorted([*_candidates(amounts, NET_LABELS), *_from_rows(rows, "net")], key=lambda c: -c.score)
    labelled = _candidates(amounts, TAX_LABELS)
    taxes = sorted([*labelled, *_from_rows(rows, "tax"), *_of_several_rates(labelled, rows)], key=lambda c: -c.score)
    best = max(_triples(totals, nets, taxes), key=lambda found: found[0], default=None)
    plain = totals[0] if totals else None
    if best is not None and (plain is None or best[0] + _RIGHT_SUM > plain.score):
        _, total, net, tax = best
        return Choice(total, net, tax, _due(amounts, total), is_proven=True, rows=rows)
    return _without_proof(plain, nets, taxes, rows, amounts)


def _without_proof(
    total: TotalCandidate | None,
    nets: Sequence[Candidate],
    taxes: Sequence[Candidate],
    rows: tuple[RatedRow, ...],
    amounts: Sequence[tuple[Page, list[Amount]]],
) -> Choice:
    """Where nothing adds up: each by its own label, unless they contradict one another without anybody saying so."""
    due = _due(amounts, total)
    if total is None:
        return Choice(None, None, None, due, is_proven=False, rows=rows)
    best_net, best_tax = nets[0] if nets else None, taxes[0] if taxes else None
    wrong = _contradictions(total, best_net, best_tax, {abs(a.value) for _, found in amounts for a in found})
    if wrong:
        return Choice(total, best_net, best_tax, due, is_proven=False, rows=rows, contradictions=wrong)
    net, tax, is_proven = _from_total(total, nets, taxes, rows)
    if not is_proven and net is not None and tax is not None and net.value + tax.value != total.amount.value:
        net = tax = None  # neither is sure enough to contradict the total, nor to stand beside it
    return Choice(total, net, tax, due, is_proven=is_proven, rows=rows)


def _candidates(amounts: Sequence[tuple[Page, list[Amount]]], table: tuple[Label, ...]) -> list[Candidate]:
    found = []
    for index, (page, on_page) in enumerate(amounts):
        labels = find_labels(page, table)
        for amount in on_page:
            good, rule, bad = 0.0, "", 0.0
            for label, seen in labels:
                near = closeness(seen, amount.seen, reach_down=_REACH_DOWN if label.weight > 0 else 1.5)
                if not near:
                    continue
                if label.weight < 0 and on_one_row(seen.box, amount.seen.box):
                    bad = max(bad, -label.weight * near)
                elif label.weight * near > good:
                    good, rule = label.weight * near, f"label:{label.name}"
            if good - bad > 0:
                lower = _LATER * amount.seen.box.y1 / max(1, page.height_px)
                found.append(Candidate(good - bad + lower + _LATER * index, rule, amount.value, amount))
    return sorted(found, key=lambda c: -c.score)[:MOST]


def _from_rows(rows: Sequence[RatedRow], part: str) -> list[Candidate]:
    """Taxes by rate added up, over every set of rows that has each rate once."""
    by_rate: dict[Decimal, RatedRow] = {}
    for row in rows:
        if row.tax is not None and row.net is not None:
            by_rate[row.rate] = row
    chosen = list(by_rate.values())
    if not chosen:
        return []
    last = chosen[-1].tax if part == "tax" else chosen[-1].net
    assert last is not None  # noqa: S101 - only rows with both are kept
    value = sum((a.value for row in chosen if (a := row.tax if part == "tax" else row.net) is not None), Decimal(0))
    rule = "sum_of_rates" if len(chosen) > 1 else "rate_row"
    return [Candidate(0.8 - _SEVERAL_RATES * len(chosen), rule, value, last)]


def _of_several_rates(labelled: Sequence[Candidate], rows: Sequence[RatedRow]) -> list[Candidate]:
    """The sum of taxes that stand each beside its label and a rate of its own, without the net amount: `VAT 19 %  9.50`, `VAT 7 %  2.10`."""
    by_rate: dict[Decimal, Candidate] = {}
    for row in rows:
        beside = [c for c in labelled if c.amount.seen.page is row.seen.page and on_one_row(c.amount.seen.box, row.seen.box)]
        if len(beside) == 1:
            by_rate[row.rate] = beside[0]
    if len({id(c.amount) for c in by_rate.values()}) < 2:  # noqa: PLR2004 - several
        return []
    value = sum((c.value for c in by_rate.values()), Decimal(0))
    last = max((c.amount for c in by_rate.values()), key=lambda a: (a.seen.page.number, a.seen.box.y1))
    return [Candidate(0.8 - _SEVERAL_RATES * len(by_rate), "sum_of_taxes", value, last)]


def _triples(
    totals: Sequence[TotalCandidate], nets: Sequence[Candidate], taxes: Sequence[Candidate]
) -> Iterator[tuple[float, TotalCandidate, Candidate, Candidate]]:
    """Net + tax = total, exactly or up to the rounding that the page states."""
    for total in totals[:MOST]:
        for net in nets:
            for tax in taxes:
                if net.amount.seen.start == tax.amount.seen.start and net.amount.seen.page is tax.amount.seen.page:
                    continue
                if tax.value and net.value + tax.value in {total.amount.value, total.before_rounding} and abs(tax.value) < abs(net.value):
                    yield total.score + 0.3 * net.score + 0.3 * tax.score, total, net, tax


def _from_total(
    total: TotalCandidate, nets: Sequence[Candidate], taxes: Sequence[Candidate], rows: Sequence[RatedRow]
) -> tuple[Candidate | None, Candidate | None, bool]:
    """Where one of net and tax is missing: the other, proven by a printed rate, or as its label says."""
    rates = {row.rate for row in rows}
    for one in taxes:
        rest = total.amount.value - one.value
        if rest and any(abs(rest * rate / 100 - one.value) <= CENT for rate in rates if rate):
            return Candidate(0.8, "total_less_tax", rest, total.amount), one, True
    net = next((n for n in nets if n.score > _CLEAR and abs(n.value) <= abs(total.amount.value)), None)
    tax = next((x for x in taxes if x.score > _CLEAR and abs(x.value) < abs(total.amount.value)), None)
    return net, tax, False


def _contradictions(total: TotalCandidate, net: Candidate | None, tax: Candidate | None, printed: set[Decimal]) -> tuple[str, ...]:
    """Clear labels on all three, no way to add them up, and no printed amount that would explain the rest."""
    if net is None or tax is None or not (net.rule.startswith("label:") and tax.rule.startswith("label:")):
        return ()  # rows by rate leave out what is free of tax
    if min(net.score, tax.score) < _CLEAR or total.label_score < _CLEAR_TOTAL:
        return ()
    value = total.before_rounding or total.amount.value
    rest = abs(value - net.value - tax.value)
    is_tax = 0 < abs(tax.value) * 2 < abs(net.value)  # no country takes half; then the net amount was taken for the tax
    if rest <= CENT or rest in printed or abs(value) == abs(net.value) or not is_tax:
        return ()
    return ("net_total + tax_total is not total",)


def _due(amounts: Sequence[tuple[Page, list[Amount]]], total: TotalCandidate | None) -> Candidate | None:
    """The amount due by its label; without one the total itself, unless something was paid before."""
    labelled = [c for c in _candidates(amounts, DUE_LABELS) if c.score > _CLEAR]
    prepaid = [c for c in _candidates(amounts, PREPAID_LABELS) if c.score > _CLEAR and c.value]
    if total is not None:
        for c in labelled:
            if any(total.amount.value - abs(p.value) == c.value for p in prepaid):
                return Candidate(PROVEN, "total_less_prepaid", c.value, c.amount)
    if labelled:
        return Candidate(min(0.9, labelled[0].score), labelled[0].rule, labelled[0].value, labelled[0].amount)
    if total is None or prepaid:
        return None
    return Candidate(min(0.85, 0.9 * total.score), "total", total.amount.value, total.amount)
