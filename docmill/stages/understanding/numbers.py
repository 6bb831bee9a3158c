"""The document's own number: the token with a figure nearest to the best label."""

import re
from collections.abc import Sequence

from docmill.stages.understanding.labels import NUMBER_LABELS, ORDER_LABELS, Label, find_labels
from docmill.stages.understanding.layout import ADJACENT, Hit, closeness, field, find
from docmill.values.evidence import Field
from docmill.values.order_number import find_order_number
from docmill.values.page import Page

_TOKEN = re.compile(r"(?<![\w/.-])#?(?P<id>(?=[a-z/_.-]{0,8}\d|[a-z0-9]*\d)[a-z0-9](?:[a-z0-9]|[./_-](?=\w))*)(?![\w%])")
_NOT_A_NUMBER = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?:19|20)\d\d-\d\d-\d\d|\d{1,3}(?:[.,]\d{3})*[.,]\d{2}|\d{1,2}:\d\d.*|\d{1,2}(?:st|nd|rd|th|pm|am|x)|\d+(?:kg|ml|g|l|pcs)"
)
_OWN_ORDER = re.compile(r"(?<![a-z0-9])p[o0]\s?[-\u2013\u2014_.:]?\s?[0-9oqdilsbzg]{10}\s?[a-z0-9]{3}(?![a-z0-9])")
_PROVEN = 0.98
_LEAST = 0.4
"""A candidate scored lower is no number of the document."""


def document_number(pages: Sequence[Page], kind: str) -> Field | None:
    """The number that the document gives itself; None when no label points at one."""
    return _best(pages, "document_number", [label for label in NUMBER_LABELS if not label.kinds or kind in label.kinds])


def purchase_order_number(pages: Sequence[Page]) -> Field | None:
    """The number of the customer's order; None when no label points at one.

    A number of docmill's own form proves itself by its check characters, whatever stands before it; of several the labels choose.
    """
    own = [(number, seen) for page in pages for seen in find(page, _OWN_ORDER) if (number := find_order_number(seen.text))]
    if len({number for number, _ in own}) == 1:
        return field("purchase_order_number", own[0][0], own[0][1], _PROVEN, "check_characters", doubt=0.0)
    return _best(pages, "purchase_order_number", ORDER_LABELS)


def number_tokens(page: Page) -> list[Hit]:
    """What may be a number of something: tokens with a figure that are no date, amount, time or measure."""
    return [token for token in find(page, _TOKEN, 1) if not _NOT_A_NUMBER.fullmatch(token.text.lower())]


def _best(pages: Sequence[Page], name: str, table: Sequence[Label]) -> Field | None:
    best: tuple[float, str, Hit] | None = None
    for page in pages:
        tokens = number_tokens(page)
        labels = find_labels(page, table)
        for token in tokens:
            score, rule = _score(token, labels)
            if score > (best[0] if best else _LEAST):
                best = score, rule, token
    return field(name, best[2].text, best[2], best[0], f"label:{best[1]}") if best else None


def _score(token: Hit, labels: list[tuple[Label, Hit]]) -> tuple[float, str]:
    good, rule, bad = 0.0, "", 0.0
    for label, seen in labels:
        if seen.start <= token.start < seen.end:
            continue
        near = closeness(seen, token)
        if label.weight > 0 and label.weight * near > good:
            good, rule = label.weight * near, label.name
        elif label.weight < 0 and near == ADJACENT:  # only written directly before: on forms other labels stand in the same row
            bad = max(bad, -label.weight)
    length = 0.1 if len(token.text) < 3 else 0.0  # noqa: PLR2004 - one or two characters are rarely a number
    return good - bad - length, rule
