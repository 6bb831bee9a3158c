"""What the ranker looks at in a candidate: where it stands, its shape, what labels say about it, what the rules chose. Never a word of the page.

Names of features alone, no weights. Whoever changes what a feature means raises FEATURES, and models that learned the old ones are not used.
"""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from docmill.stages.understanding.address_words import POSTCODE, line_role
from docmill.stages.understanding.labels import (
    COMPANY_FORMS,
    ISSUE_DATE_LABELS,
    NUMBER_LABELS,
    ORDER_LABELS,
    TITLE_WORDS,
    TOTAL_LABELS,
    Label,
    find_labels,
)
from docmill.stages.understanding.labels_dates import DELIVERY_DATE_LABELS, DUE_DATE_LABELS
from docmill.stages.understanding.layout import Hit, closeness
from docmill.stages.understanding.parties import CUSTOMER_LABEL, OTHER_LABEL, VENDOR_LABEL
from docmill.stages.understanding.ranking.candidates import Candidate
from docmill.values.evidence import Field
from docmill.values.page import Page

FEATURES = 1
"""The version of what features mean."""

RULES, NONE = "rules", "none"
"""The features of what the rules chose, and of the choice that nothing printed is the field."""

_LABELS: MappingProxyType[str, tuple[Label, ...]] = MappingProxyType(
    {
        "document_number": NUMBER_LABELS,
        "purchase_order_number": ORDER_LABELS,
        "issue_date": ISSUE_DATE_LABELS,
        "due_date": DUE_DATE_LABELS,
        "delivery_date": DELIVERY_DATE_LABELS,
        "total": TOTAL_LABELS,
    }
)
_PARTIES = (("customer", CUSTOMER_LABEL), ("vendor", VENDOR_LABEL), ("other_party", OTHER_LABEL))
_RANKS = 6


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all candidates of a page share: its lines' texts, the field's labels on it, the usual height of its words in pixels."""

    lines: Sequence[str]
    labels: Sequence[tuple[Label, Hit]]
    usual_px: float


def features_of(name: str, candidates: Sequence[Candidate], chosen: int | None, found: Field | None) -> list[dict[str, float]]:
    """The features of each candidate, and last those of choosing none; all about 0 to 2.

    Args:
        name: of the field.
        candidates: of one document.
        chosen: which of them the rules chose.
        found: the rules' field.
    """
    counts = Counter(one.value for one in candidates)
    sheets = {page.number: _sheet(page, name) for page in {one.seen.page.number: one.seen.page for one in candidates}.values()}
    rows: list[dict[str, float]] = []
    for at, one in enumerate(candidates):
        sheet = sheets[one.seen.page.number]
        row = _place(one.seen, sheet) | _shape(one, counts[one.value]) | _labelled(one.seen, sheet) | _around(one.seen, sheet)
        row |= {f"nth:{min(at, _RANKS)}": 1.0}
        rows.append(row if at != chosen or found is None else row | {RULES: 1.0, f"{RULES}:{found.evidence.source}": 1.0})
    if name == "total":
        rows = [row | more for row, more in zip(rows, _sizes(candidates), strict=True)]
    if name.endswith("_date"):
        rows = [row | more for row, more in zip(rows, _order(candidates), strict=True)]
    return [*rows, {NONE: 1.0} if chosen is not None else {NONE: 1.0, RULES: 1.0}]


def _sheet(page: Page, name: str) -> _Sheet:
    return _Sheet(
        page.text.split("\n"), find_labels(page, _LABELS.get(name, ())), statistics.median(word.box.height for word in page.words)
    )


def _place(seen: Hit, sheet: _Sheet) -> dict[str, float]:
    page, box = seen.page, seen.box
    return {
        "place:down": box.y0 / max(1, page.height_px),
        "place:right": (box.x0 + box.x1) / 2 / max(1, page.width_px),
        "place:wide": box.width / max(1, page.width_px),
        "place:tall": min(2.0, box.height / max(1.0, sheet.usual_px) / 2),
        "place:first_page": float(page.number == 1),
        f"line:{min(_RANKS, page.text.count(chr(10), 0, seen.start))}": 1.0,
    }


def _shape(one: Candidate, same: int) -> dict[str, float]:
    text = one.value
    long = max(1, len(text))
    letters = sum(c.isalpha() for c in text)
    low = text.lower()
    found = {
        "shape:letters": letters / long,
        "shape:figures": sum(c.isdigit() for c in text) / long,
        "shape:capitals": sum(c.isupper() for c in text) / max(1, letters),
        "shape:length": math.log1p(long) / 3,
        "shape:words": min(2.0, text.count(" ") / 4),
        "shape:comma": float("," in text),
        "shape:colon": float(":" in text),
        "shape:dash": float("-" in text),
        "shape:slash": float("/" in text),
        "shape:repeated": min(2.0, same - 1.0),
        "shape:certain": float(one.certain),
        "read": one.seen.confidence,
    }
    hints = (("form", COMPANY_FORMS), ("title", TITLE_WORDS), ("postcode", POSTCODE))
    return found | {f"word:{name}": 1.0 for name, pattern in hints if pattern.search(text if pattern is POSTCODE else low)}


def _labelled(seen: Hit, sheet: _Sheet) -> dict[str, float]:
    found: dict[str, float] = {}
    for label, where in sheet.labels:
        near = closeness(where, seen)
        if near and not where.start <= seen.start < where.end:
            found[f"label:{label.name}"] = max(near, found.get(f"label:{label.name}", 0.0))
            side = "label:good" if label.weight > 0 else "label:bad"
            found[side] = max(near * abs(label.weight), found.get(side, 0.0))
    return found


def _around(seen: Hit, sheet: _Sheet) -> dict[str, float]:
    """What kind of lines the candidate's own line, the one above and the one below are, and what sign stands before it."""
    page, lines = seen.page, sheet.lines
    first, last = page.text.count("\n", 0, seen.start), page.text.count("\n", 0, max(seen.start, seen.end - 1))
    before = lines[first][: seen.start - (page.text.rfind("\n", 0, seen.start) + 1)].rstrip()
    above = lines[first - 1] if first else ""
    found = {
        f"own:{line_role(lines[first])}": 1.0,
        f"last:{line_role(lines[last])}": 1.0,
        f"lines:{min(_RANKS, last - first + 1)}": 1.0,
        f"above:{_role(above)}": 1.0,
        f"below:{_role(lines[last + 1] if last + 1 < len(lines) else '')}": 1.0,
        f"before:{_sign(before)}": 1.0,
    }
    return found | {f"under:{party}": 1.0 for party, label in _PARTIES if label.match(above.lower())}


def _role(line: str) -> str:
    return line_role(line) if line else "nothing"


def _sign(before: str) -> str:
    if not before:
        return "nothing"
    last = before[-1]
    return {":": "colon", "#": "hash", ".": "point", "-": "dash"}.get(
        last, "word" if last.isalpha() else "figure" if last.isdigit() else "sign"
    )


def _sizes(candidates: Sequence[Candidate]) -> list[dict[str, float]]:
    values = [float(one.value) for one in candidates]
    most = max(map(abs, values), default=0.0) or 1.0
    return [{"size:share": max(0.0, value / most), "size:most": float(value == most), "size:none": float(value <= 0)} for value in values]


def _order(candidates: Sequence[Candidate]) -> list[dict[str, float]]:
    days = sorted({one.value for one in candidates})
    return [
        {"day:first": float(one.value == days[0]), "day:last": float(one.value == days[-1]), "day:only": float(len(days) == 1)}
        for one in candidates
    ]
