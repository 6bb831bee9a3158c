"""The date of issue: the date nearest to the best label, else the first date near the top."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from docmill.stages.understanding.amounts import find_currencies, hinted_currency
from docmill.stages.understanding.dates import PrintedDate, find_dates, is_month_first
from docmill.stages.understanding.labels import ISSUE_DATE_LABELS, Label, find_labels
from docmill.stages.understanding.layout import LEAST_DOUBT, LITTLE_DOUBT, Hit, closeness, field
from docmill.stages.understanding.misread import BORN_DIGITAL
from docmill.values.evidence import Field
from docmill.values.page import Page

if TYPE_CHECKING:
    from datetime import date

_BASE, _UNSURE_ORDER, _KNOWN_ORDER = 0.3, 0.06, 0.005
"""What a date is worth without any label, and what it loses when day and month could be swapped, or could but for the country."""

_ONLY_DATE, _LABELLED, _CLEAR = 0.985, 0.98, 0.72
"""Confidence of a paper's only date, of one beside a clear label, and the score from which a label is clear."""

_COMPACT_ALONE, _COMPACT_SURE = 0.01, 0.4
"""Eight figures without a label on a page that an engine read: a date when there is no other, with this confidence."""

DAY_FIRST_CURRENCIES = frozenset({"EUR", "GBP", "CHF", "MYR", "SGD", "AUD", "NZD", "INR", "BRL", "MXN", "ZAR"})

_DASH_BESIDE = re.compile(r"[-\u2013] ?\||\| ?[-\u2013]")


def issue_date(pages: Sequence[Page]) -> Field | None:
    """The date of issue as ISO 8601; None when there is no date."""
    month_first = is_month_first(pages)
    best: tuple[float, str, PrintedDate] | None = None
    days: Counter[date] = Counter()
    for index, page in enumerate(pages):
        labels = find_labels(page, ISSUE_DATE_LABELS)
        for printed in find_dates(page, month_first=month_first):
            score, rule = _score(printed, labels)
            score -= 0.1 * min(index, 3)
            if not printed.is_compact or score > _BASE:
                days[printed.value] += 1
            if score > (best[0] if best else 0.0):
                best = score, rule, printed
    if best is None:
        return None
    score, rule, printed = best
    order = 0.0 if printed.is_certain else _KNOWN_ORDER if month_first or _writes_day_first(pages) else _UNSURE_ORDER
    sure = _confidence(score, rule, is_only=len(days) == 1) - order
    return field(
        "issue_date", printed.value.isoformat(), printed.seen, sure, rule, doubt=LEAST_DOUBT if days[printed.value] > 1 else LITTLE_DOUBT
    )


def _confidence(score: float, rule: str, *, is_only: bool) -> float:
    """How often dates found like this are right (benchmarks/fields.py): the only date of a paper is its date."""
    if rule == "compact":
        return _COMPACT_SURE
    if is_only:
        return _ONLY_DATE
    return _LABELLED if rule.startswith("label:") and score > _CLEAR else min(0.93, score)


def _writes_day_first(pages: Sequence[Page]) -> bool:
    """Whether a currency or a legal form names a country that writes the day first."""
    found = {code for page in pages for _, code in find_currencies(page)} or {hint[1] for page in pages if (hint := hinted_currency(page))}
    return bool(found & DAY_FIRST_CURRENCIES) and "USD" not in found


def _score(printed: PrintedDate, labels: list[tuple[Label, Hit]]) -> tuple[float, str]:
    good, rule, bad = 0.0, "first_date", 0.0
    for label, seen in labels:
        near = closeness(seen, printed.seen)
        if label.weight * near > good:
            good, rule = label.weight * near, f"label:{label.name}"
        bad = max(bad, -label.weight * near)
    if printed.is_compact and good < 0.5:  # noqa: PLR2004 - eight figures are a date only beside a label
        return (_COMPACT_ALONE, "compact") if printed.seen.page.source not in BORN_DIGITAL else (0.0, rule)
    text, seen = printed.seen.page.text, printed.seen
    around = text[max(0, seen.start - 3) : seen.start] + "|" + text[seen.end : seen.end + 3]
    is_range = bool(_DASH_BESIDE.search(around))
    down = seen.box.y0 / max(1, seen.page.height_px)
    return _BASE + 0.65 * good - 0.6 * bad - (0.4 if is_range else 0.0) - 0.1 * down, rule
