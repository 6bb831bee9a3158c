"""When a document is to be paid and when it was delivered: by label, by sentence, or by days from the date of issue."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from docmill.stages.understanding.dates import PrintedDate, find_dates, is_month_first
from docmill.stages.understanding.labels import Label, find_labels
from docmill.stages.understanding.labels_dates import (
    DEBIT_BEFORE,
    DELIVERY_DATE_LABELS,
    DISCOUNT_BEFORE,
    DUE_AFTER,
    DUE_BEFORE,
    DUE_DATE_LABELS,
    PAYABLE_AT_ONCE,
    TERM_DAYS,
)
from docmill.stages.understanding.layout import Hit, closeness, field, find
from docmill.values.evidence import Field
from docmill.values.page import Page

_LEAST = 0.45
_SENTENCE, _DEBIT, _BY_DAYS, _AT_ONCE = 0.96, 0.85, 0.8, 0.7
_REACH_BACK = 110
_MOST_DAYS = 180
_LIKE_LABEL = 0.05
_DISCOUNT = re.compile(r"skonto|discount|escompte|korting|%")


def due_date(pages: Sequence[Page], issued: Field | None) -> Field | None:
    """The date to pay by as ISO 8601, printed or reckoned from the date of issue; None when nothing says it."""
    best = _best(pages, "due_date", DUE_DATE_LABELS, with_sentences=True)
    if best is not None or issued is None or issued.value is None:
        return best
    return _reckoned(pages, date.fromisoformat(issued.value))


def delivery_date(pages: Sequence[Page]) -> Field | None:
    """The date of delivery or service as ISO 8601; None when no label points at one."""
    return _best(pages, "delivery_date", DELIVERY_DATE_LABELS, with_sentences=False)


def _best(pages: Sequence[Page], name: str, table: tuple[Label, ...], *, with_sentences: bool) -> Field | None:
    month_first = is_month_first(pages)
    best: tuple[float, str, PrintedDate] | None = None
    for page in pages:
        labels = find_labels(page, table)
        for printed in find_dates(page, month_first=month_first):
            score, rule = _by_label(printed, labels)
            if with_sentences:
                score, rule = max((score, rule), _by_sentence(printed))
            if score > (best[0] if best else _LEAST):
                best = score, rule, printed
    if best is None:
        return None
    score, rule, printed = best
    return field(name, printed.value.isoformat(), printed.seen, min(0.97, score) - (0.0 if printed.is_certain else _LIKE_LABEL), rule)


def _by_label(printed: PrintedDate, labels: list[tuple[Label, Hit]]) -> tuple[float, str]:
    good, rule, bad = 0.0, "", 0.0
    for label, seen in labels:
        near = label.weight * closeness(seen, printed.seen)
        if near > good:
            good, rule = near, f"label:{label.name}"
        bad = max(bad, -near)
    # of two labels the nearer one counts: a column's head beside another one, a label before another
    return (good, rule) if good > bad else (good - bad, rule)


def _by_sentence(printed: PrintedDate) -> tuple[float, str]:
    text, seen = printed.seen.page.text.lower().replace("\n", " "), printed.seen
    before, after = text[max(0, seen.start - _REACH_BACK) : seen.start], text[seen.end : seen.end + 30]
    if DISCOUNT_BEFORE.search(before):
        return 0.0, ""
    if DUE_BEFORE.search(before) or DUE_AFTER.search(after):
        return _SENTENCE, "sentence:payable"
    return (_DEBIT, "sentence:debit") if DEBIT_BEFORE.search(before) else (0.0, "")


def _reckoned(pages: Sequence[Page], issued: date) -> Field | None:
    for page in pages:
        for seen in find(page, TERM_DAYS):
            days = int(re.sub(r"\D", "", seen.text) or 0)
            clause = (
                re.split(r"[,;.\n]", page.text[max(0, seen.start - 40) : seen.start].lower())[-1]
                + page.text[seen.end : seen.end + 12].lower()
            )
            if 0 < days <= _MOST_DAYS and not _DISCOUNT.search(clause):
                return field("due_date", (issued + timedelta(days=days)).isoformat(), seen, _BY_DAYS, "terms:days")
        for seen in find(page, PAYABLE_AT_ONCE):
            return field("due_date", issued.isoformat(), seen, _AT_ONCE, "terms:at_once")
    return None
