"""What of fields and line items is shown beside a redacted copy: nothing that a personal span touches or shares text with, nothing never searched.

Belongs here: masking values. Which results they enter is publishing.py's.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docmill.values.evidence import Field, LineItem, Span
from docmill.values.page import Page

EINVOICE = "einvoice:"
"""How the source of a value begins that was taken from an e-invoice's XML."""

FIGURES_AND_WORDS = frozenset(
    {"issue_date", "due_date", "delivery_date", "currency", "net_total", "tax_total", "total", "amount_due", "payment_method"}
)
"""Fields that cannot hold a person's name or number."""

REVIEWED = "review"
"""The source of a value that a person typed."""

NOT_SEARCHED = "[NOT_SEARCHED]"
"""What stands for a text that was never searched for personal data, beside a redacted copy."""

_REDACTED = "REDACTED"  # a later line of what has its mask on the first
_MASK = re.compile(r"\[([A-Z_]+)\]")
_LEAST_SHARED = 3
"""A field and a span share text only from so many letters and figures on; `5` or `no` prove nothing."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """A span of personal data and its letters and figures, without spaces and marks."""

    span: Span
    bare: str


def hidden_by(spans: Sequence[Span], pages: Sequence[Page], shown: Sequence[Page]) -> tuple[Hidden, ...]:
    """What must not be shown: what was found, and all else that is gone from the copy.

    Args:
        spans: personal data on the pages as read.
        pages: as read; spans and evidence count characters of their text.
        shown: the same pages as the copy shows them. More is gone from them than was found: what only a second reader saw, values repeated elsewhere.
    """
    on_page = defaultdict[int, list[Span]](list)
    for span in spans:
        on_page[span.page].append(span)
    hidden = list[Hidden]()
    for page, left in zip(pages, shown, strict=True):
        hidden += (Hidden(span, _bare(page.text[span.start : span.end])) for span in on_page[page.number])
        # single words of them may stand in many fields: they hide what lies over them, not what reads like them
        hidden += (Hidden(span, "") for span in _gone(page, left) if not any(_touches(span, one) for one in on_page[page.number]))
    return tuple(hidden)


def _touches(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _gone(page: Page, shown: Page) -> Iterator[Span]:
    """One span for each word that stands no longer where it was read."""
    standing = {(word.text, word.box) for word in shown.words}
    masks = [(word.box, said[1]) for word in shown.words if (said := _MASK.search(word.text))]
    for word, start in zip(page.words, page.word_starts, strict=True):
        if (word.text, word.box) not in standing:
            kind = next((kind for box, kind in masks if box.overlaps(word.box)), _REDACTED)
            yield Span(
                page=page.number, start=start, end=start + len(word.text), type=kind, confidence=1.0, source="copy", boxes=(word.box,)
            )


def mask_fields(fields: Sequence[Field], hidden: Sequence[Hidden]) -> tuple[Field, ...]:
    """Fields fit to be shown beside a redacted copy.

    A field is masked when its evidence overlaps a span, in characters or on the page, or when it shares a span's text wherever it was
    read: then its value is None and its text the span's type, such as [PERSON]. Its box stays: it frames what was burned out. A text that
    stands nowhere on the pages (an e-invoice's, or what a person typed) was never searched for personal data, so it is masked as
    [NOT_SEARCHED]; figures, dates and the words of docmill's own lists stay.
    """
    return tuple(_masked(one, hidden) for one in fields)


def mask_line_items(items: Sequence[LineItem], hidden: Sequence[Hidden]) -> tuple[LineItem, ...]:
    """Line items fit to be shown beside a redacted copy: a description is kept only where it was searched and nothing was found in it."""
    return tuple(one.model_copy(update={"description": _shown_description(one, hidden)}) for one in items)


def _shown_description(one: LineItem, hidden: Sequence[Hidden]) -> str | None:
    if one.description is None or one.evidence.start is None:
        return None
    as_field = Field(name="description", value=one.description, text=one.description, evidence=one.evidence)
    return _masked(as_field, hidden).value


def _masked(one: Field, hidden: Sequence[Hidden]) -> Field:
    is_unseen = one.evidence.source == REVIEWED or (one.evidence.start is None and one.evidence.source.startswith(EINVOICE))
    if is_unseen and one.name not in FIGURES_AND_WORDS:
        return one.model_copy(update={"value": None, "text": NOT_SEARCHED})
    for what in hidden:
        if _overlaps(one, what.span) or _shares(one.text, what.bare) or _shares(one.value or "", what.bare):
            return one.model_copy(update={"value": None, "text": f"[{what.span.type}]"})
    return one


def _overlaps(one: Field, span: Span) -> bool:
    seen = one.evidence
    if seen.page != span.page:
        return False
    if seen.start is not None and seen.end is not None and seen.start < span.end and span.start < seen.end:
        return True
    return seen.box is not None and any(seen.box.overlaps(box) for box in span.boxes)


def _shares(text: str, bare_span: str) -> bool:
    if len(bare_span) < _LEAST_SHARED:
        return False
    bare = _bare(text)
    return len(bare) >= _LEAST_SHARED and (bare_span in bare or bare in bare_span)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
