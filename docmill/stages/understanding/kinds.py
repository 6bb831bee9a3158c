"""What a document is, by rules with reasons: words from kind_evidence.py and the shape of the page."""

import re
from collections.abc import Sequence
from itertools import pairwise

from docmill.errors import InvalidOptions
from docmill.stages.understanding.kind_evidence import KIND_RULES, KINDS, OTHER
from docmill.stages.understanding.layout import Hit, find, on_one_row
from docmill.values.evidence import Kind
from docmill.values.page import Page

AUTO = "auto"
_TOP, _LOWER_WORTH = 0.4, 0.4
"""`top` rules count in full in this share of the page height, and this share of their weight below."""

_TITLE_WORDS = 9
"""A line of more words is prose, not a title (a title may share its line with an address)."""

_LEAST, _DAMPING = 1.0, 0.7
"""A kind needs so much evidence; and this much doubt stays in the confidence."""

_AMOUNT = re.compile(r"\d[.,]\d{2}(?!\d)")
_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_NUMBERED_HEADING = re.compile(r"^\d(?:\.\d{1,2}){0,3}\.? [^\W\d][^\n:]{2,60}$", re.MULTILINE)
_LABEL_LINE = re.compile(r"^[^\W\d][^:\n]{1,28}:(?: |$)", re.MULTILINE)


def decide_kind(pages: Sequence[Page], asked: str) -> Kind:
    """The kind with the most evidence, `other` when there is too little; or the one asked for.

    Raises:
        InvalidOptions: the kind asked for is unknown; the message lists the known.
    """
    if asked != AUTO:
        if asked not in KINDS:
            raise InvalidOptions(f"unknown kind; known are {AUTO}, {', '.join(KINDS)}")
        return Kind(name=asked, confidence=1.0, reason="asked for")
    evidence = _evidence(pages)
    ranked = sorted(((sum(w for _, w in found), kind) for kind, found in evidence.items()), reverse=True)
    score, name = ranked[0] if ranked else (0.0, OTHER)
    if score < _LEAST:
        return Kind(name=OTHER, confidence=round(0.5 + 0.3 * (_LEAST - score), 3), reason="too little evidence for any kind")
    second = ranked[1][0] if len(ranked) > 1 else 0.0
    reasons = ", ".join(rule for rule, _ in sorted(evidence[name], key=lambda pair: -pair[1]))
    return Kind(name=name, confidence=round(min(0.99, score / (score + 0.6 * second + _DAMPING)), 3), reason=f"{name}: {reasons}")


def _evidence(pages: Sequence[Page]) -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {}
    for rule in KIND_RULES:
        worth = 0.0
        for index, page in enumerate(pages):
            for seen in find(page, rule.pattern):
                is_high = not rule.at_top or (index == 0 and seen.box.y0 < _TOP * page.height_px and _is_short_line(seen))
                worth = max(worth, rule.weight if is_high else rule.weight * _LOWER_WORTH)
        if worth:
            found.setdefault(rule.kind, []).append((rule.name, worth))
    for kind, name, weight in _shape(pages):
        found.setdefault(kind, []).append((name, weight))
    return found


def _is_short_line(seen: Hit) -> bool:
    text = seen.page.text
    begin, end = text.rfind("\n", 0, seen.start) + 1, text.find("\n", seen.end)
    return text.count(" ", begin, end if end > 0 else len(text)) < _TITLE_WORDS


def _shape(pages: Sequence[Page]) -> list[tuple[str, str, float]]:
    page = pages[0]
    amounts, dates = len(_AMOUNT.findall(page.text)), len(_DATE.findall(page.text))
    words, lines = len(page.words), len(page.lines)
    shapes: list[tuple[str, str, float]] = []
    if words and page.height_px > 1.7 * page.width_px and amounts >= 1:  # A4 is 1.41 times as high as wide
        shapes.append(("receipt", "narrow_strip", 1.2))
    if dates >= 12 and dates > 0.5 * lines:  # noqa: PLR2004 - a list of movements
        shapes.append(("bank_statement", "dated_rows", 1.6))
    labelled = len(_LABEL_LINE.findall(page.text))
    if labelled >= 5 and labelled > 0.35 * lines and not amounts:  # noqa: PLR2004 - most lines ask for something
        shapes.append(("form", "labelled_lines", 1.2))
    if len(_NUMBERED_HEADING.findall(page.text)) > 1 and not amounts:
        shapes.append(("report", "numbered_headings", 1.0))
    if _is_running_prose(page) and not amounts:
        shapes.append(("book_page", "running_prose", 1.4))
    return shapes


def _is_running_prose(page: Page) -> bool:
    """Full lines of mostly letters from margin to margin, as in a book."""
    rows = [line for line in page.lines if len(line.words) >= 4]  # noqa: PLR2004 - shorter ones are headings or cells
    if len(rows) < 12:  # noqa: PLR2004 - less is a letter
        return False
    widths = sorted(line.box.width for line in rows)
    full = sum(line.box.width > 0.8 * widths[-1] for line in rows)
    letters = sum(c.isalpha() for c in page.text) / max(1, len(page.text.replace(" ", "").replace("\n", "")))
    side_by_side = sum(on_one_row(a.box, b.box) for a, b in pairwise(rows))
    return full > 0.6 * len(rows) and letters > 0.9 and side_by_side < 0.2 * len(rows)  # noqa: PLR2004 - shares of lines and characters
