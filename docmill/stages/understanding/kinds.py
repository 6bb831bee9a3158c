"""What a document is: rules with reasons (words from kind_evidence.py and the shape of the page), weighed together with a small model."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from docmill.errors import InvalidOptions
from docmill.stages.understanding.kind_evidence import KIND_RULES, KINDS, OTHER
from docmill.stages.understanding.kind_features import features_of
from docmill.stages.understanding.kind_model import KindModel, kind_model
from docmill.stages.understanding.layout import Hit, find, on_one_row
from docmill.values.evidence import Kind
from docmill.values.page import Page

AUTO = "auto"
_TOP, _LOWER_WORTH = 0.4, 0.4
"""`top` rules count in full in this share of the page height, and this share of their weight below."""

_TITLE_WORDS = 9
"""A line of more words is prose, not a title (a title may share its line with an address)."""

_LEAST, _LEAST_ALONE, _ENOUGH = 0.35, 0.65, 1.0
"""A kind less probable is `other`: with so much evidence by rules, and without."""

_MOST_OTHER = 0.8
"""Confidence of `other` at most: that nothing is known of a paper says little about what it is."""

_DAMPING, _LEAST_DAMPING, _NO_RULE, _NO_RULES = 0.7, 0.1, 0.02, 0.2
"""`other` has so much evidence without any rule, less the more the best kind has; and what a kind's share counts that no rule speaks for, where rules
speak for others and where none speaks at all."""

_AMOUNT = re.compile(r"\d[.,]\d{2}(?!\d)")
_DATE = re.compile(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")
_NUMBERED_HEADING = re.compile(r"^\d(?:\.\d{1,2}){0,3}\.? [^\W\d][^\n:]{2,60}$", re.MULTILINE)
_LABEL_LINE = re.compile(r"^[^\W\d][^:\n]{1,28}:(?: |$)", re.MULTILINE)


def decide_kind(pages: Sequence[Page], asked: str, model: KindModel | None = None) -> Kind:
    """The kind with the most evidence, `other` when there is too little; or the one asked for.

    Args:
        pages: of the document, at least one.
        asked: a kind, or `auto`.
        model: that weighs words and layout; without one that of docmill.

    Raises:
        InvalidOptions: the kind asked for is unknown; the message lists the known.
    """
    if asked != AUTO:
        if asked not in KINDS:
            raise InvalidOptions(f"unknown kind; known are {AUTO}, {', '.join(KINDS)}")
        return Kind(name=asked, confidence=1.0, reason="asked for")
    evidence = evidence_of(pages)
    worth = worth_of(evidence)
    told = joint((model or kind_model()).probabilities(features_of(pages[0], worth)), worth)
    name, sure = chosen_kind(told, worth)
    if name == OTHER:
        return Kind(name=OTHER, confidence=round(min(_MOST_OTHER, sure), 3), reason="too little evidence for any kind")
    reasons = ", ".join([rule for rule, _ in sorted(evidence.get(name, ()), key=lambda pair: -pair[1])] or ["words and layout"])
    return Kind(name=name, confidence=round(min(0.99, sure), 3), reason=f"{name}: {reasons}")


def chosen_kind(told: Mapping[str, float], worth: Mapping[str, float]) -> tuple[str, float]:
    """The kind to decide on and its confidence (0.0-1.0): the most probable one, `other` where it is not probable enough.

    Args:
        told: probability by kind.
        worth: evidence of the rules by kind.
    """
    sure, name = max((p, kind) for kind, p in told.items())
    least = _LEAST if worth.get(name, 0.0) >= _ENOUGH else _LEAST_ALONE
    return (name, sure) if name == OTHER or sure >= least else (OTHER, 1.0 - sure)


def joint(told: Mapping[str, float], worth: Mapping[str, float]) -> dict[str, float]:
    """By kind, 0.0-1.0: the model's probability times the rules' share of evidence, made to add up to 1."""
    shares = shares_of(worth, told)
    found = {kind: p * shares[kind] for kind, p in told.items()}
    return {kind: p / sum(found.values()) for kind, p in found.items()}


def shares_of(worth: Mapping[str, float], kinds: Iterable[str]) -> dict[str, float]:
    """By kind, the rules' share of evidence, 0.0-1.0; a little for those that no rule speaks for."""
    damping = max(_LEAST_DAMPING, _DAMPING - 0.6 * max(worth.values(), default=0.0))
    whole = sum(worth.values()) + damping
    least = _NO_RULE if worth else _NO_RULES
    return {kind: max(least, (worth.get(kind, 0.0) + damping * (kind == OTHER)) / whole) for kind in kinds}


def worth_of(evidence: Mapping[str, Sequence[tuple[str, float]]]) -> dict[str, float]:
    """By kind, the sum of what its rules are worth."""
    return {kind: sum(worth for _, worth in found) for kind, found in evidence.items()}


def evidence_of(pages: Sequence[Page]) -> dict[str, list[tuple[str, float]]]:
    """By kind, the rules that speak for it with what each is worth."""
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
    if len(rows) < 10:  # noqa: PLR2004 - less is a letter
        return False
    widths = sorted(line.box.width for line in rows)
    full = sum(line.box.width > 0.8 * widths[-1] for line in rows)
    letters = sum(c.isalpha() for c in page.text) / max(1, len(page.text.replace(" ", "").replace("\n", "")))
    side_by_side = sum(on_one_row(a.box, b.box) for a, b in pairwise(rows))
    return full > 0.5 * len(rows) and letters > 0.85 and side_by_side < 0.2 * len(rows)  # noqa: PLR2004 - shares of lines and characters
