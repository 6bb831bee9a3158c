"""The date of issue: the date nearest to the best label, else the first date near the top."""

import re
from collections.abc import Sequence

from docmill.stages.understanding.dates import PrintedDate, find_dates, is_month_first
from docmill.stages.understanding.labels import ISSUE_DATE_LABELS, Label, find_labels
from docmill.stages.understanding.layout import Hit, closeness, field
from docmill.values.evidence import Field
from docmill.values.page import Page

_BASE, _UNSURE_ORDER = 0.3, 0.06
"""What a date is worth without any label, and what it loses when day and month could be swapped."""

_DASH_BESIDE = re.compile(r"[-\u2013] ?\||\| ?[-\u2013]")


def issue_date(pages: Sequence[Page]) -> Field | None:
    """The date of issue as ISO 8601; None when there is no date."""
    month_first = is_month_first(pages)
    best: tuple[float, str, PrintedDate] | None = None
    for index, page in enumerate(pages):
        labels = find_labels(page, ISSUE_DATE_LABELS)
        for printed in find_dates(page, month_first=month_first):
            score, rule = _score(printed, labels)
            score -= 0.1 * min(index, 3)
            if score > (best[0] if best else 0.0):
                best = score, rule, printed
    if best is None:
        return None
    score, rule, printed = best
    sure = min(0.97, score) - (0.0 if printed.is_certain else _UNSURE_ORDER)
    return field("issue_date", printed.value.isoformat(), printed.seen, sure, rule)


def _score(printed: PrintedDate, labels: list[tuple[Label, Hit]]) -> tuple[float, str]:
    good, rule, bad = 0.0, "first_date", 0.0
    for label, seen in labels:
        near = closeness(seen, printed.seen)
        if label.weight * near > good:
            good, rule = label.weight * near, f"label:{label.name}"
        bad = max(bad, -label.weight * near)
    if printed.is_compact and good < 0.5:  # noqa: PLR2004 - eight figures are a date only beside a label
        return 0.0, rule
    text, seen = printed.seen.page.text, printed.seen
    around = text[max(0, seen.start - 3) : seen.start] + "|" + text[seen.end : seen.end + 3]
    is_range = bool(_DASH_BESIDE.search(around))
    down = seen.box.y0 / max(1, seen.page.height_px)
    return _BASE + 0.65 * good - 0.6 * bad - (0.4 if is_range else 0.0) - 0.1 * down, rule
