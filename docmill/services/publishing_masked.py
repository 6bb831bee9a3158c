"""What of fields and line items is shown beside a redacted copy: nothing that a personal span touches or shares text with, nothing never searched.

Belongs here: masking values. Which results they enter is publishing.py's.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
_MASK = re.compile(r"\[([A-Z][A-Z0-9_]+)\]")
_LEAST_SHARED = 3
"""A field and a span share text only from so many letters and figures on; `5` or `no` prove nothing."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What must not be shown.

    Attributes:
        on_page: page number -> spans; what lies over one is hidden.
        texts: the letters and figures of what was found, without spaces and marks, and its type; what reads like it is hidden.
    """

    on_page: Mapping[int, Sequence[Span]]
    texts: Mapping[str, str]


def hidden_by(spans: Sequence[Span], pages: Sequence[Page], shown: Sequence[Page]) -> Hidden:
    """What must not be shown: what was found, and all else that is gone from the copy.

    Args:
        spans: personal data on the pages as read.
        pages: as read; spans and evidence count characters of their text.
        shown: the same pages as the copy shows them. More is gone from them than was found: what only a second reader saw, values repeated elsewhere.
            Single words of that may stand in many fields: they hide what lies over them, not what reads like them.
    """
    on_page, texts = defaultdict[int, list[Span]](list), dict[str, str]()
    for span in spans:
        on_page[span.page].append(span)
    for page, left in zip(pages, shown, strict=True):
        for span in on_page[page.number]:
            texts.setdefault(_bare(page.text[span.start : span.end]), span.type)
        on_page[page.number] += [*_gone(page, left, on_page[page.number])]
    return Hidden(on_page, {text: kind for text, kind in texts.items() if len(text) >= _LEAST_SHARED})


def _gone(page: Page, shown: Page, spans: Sequence[Span]) -> Iterator[Span]:
    """One span for each word that stands no longer where it was read, and that no span touches."""
    standing = {(word.text, word.box) for word in shown.words}
    masks = [(word.box, said[1]) for word in shown.words if (said := _MASK.search(word.text))]
    is_found = bytearray(len(page.text))
    for span in spans:
        is_found[span.start : span.end] = bytes([1]) * len(is_found[span.start : span.end])
    for word, start in zip(page.words, page.word_starts, strict=True):
        end = start + len(word.text)
        if (word.text, word.box) not in standing and not any(is_found[start:end]):
            kind = next((kind for box, kind in masks if box.overlaps(word.box)), _REDACTED)
            yield Span(page=page.number, start=start, end=end, type=kind, confidence=1.0, source="copy", boxes=(word.box,))


def mask_fields(fields: Sequence[Field], hidden: Hidden) -> tuple[Field, ...]:
    """Fields fit to be shown beside a redacted copy.

    A field is masked when its evidence overlaps a span, in characters or on the page, or when it shares a span's text wherever it was
    read: then its value is None and its text the span's type, such as [PERSON]. Its box stays: it frames what was burned out. A text that
    stands nowhere on the pages (an e-invoice's, or what a person typed) was never searched for personal data, so it is masked as
    [NOT_SEARCHED]; figures, dates and the words of docmill's own lists stay.
    """
    return tuple(_masked(one, hidden) for one in fields)


def mask_line_items(items: Sequence[LineItem], hidden: Hidden) -> tuple[LineItem, ...]:
    """Line items fit to be shown beside a redacted copy: a description is kept only where it was searched and nothing was found in it."""
    return tuple(one.model_copy(update={"description": _shown_description(one, hidden)}) for one in items)


def _shown_description(one: LineItem, hidden: Hidden) -> str | None:
    if one.description is None or one.evidence.start is None:
        return None
    as_field = Field(name="description", value=one.description, text=one.description, evidence=one.evidence)
    return _masked(as_field, hidden).value


def _masked(one: Field, hidden: Hidden) -> Field:
    is_unseen = one.evidence.source == REVIEWED or (one.evidence.start is None and one.evidence.source.startswith(EINVOICE))
    if is_unseen and one.name not in FIGURES_AND_WORDS:
        return one.model_copy(update={"value": None, "text": NOT_SEARCHED})
    kind = next((span.type for span in hidden.on_page.get(one.evidence.page, ()) if _overlaps(one, span)), None) or _shared(
        one, hidden.texts
    )
    return one.model_copy(update={"value": None, "text": f"[{kind}]"}) if kind else one


def _overlaps(one: Field, span: Span) -> bool:
    seen = one.evidence
    if seen.start is not None and seen.end is not None and seen.start < span.end and span.start < seen.end:
        return True
    return seen.box is not None and any(seen.box.overlaps(box) for box in span.boxes)


def _shared(one: Field, texts: Mapping[str, str]) -> str | None:
    """The type of what a field's text or value shares letters and figures with."""
    for said in {bare for bare in (_bare(one.text), _bare(one.value or "")) if len(bare) >= _LEAST_SHARED}:
        for text, kind in texts.items():
            if text in said or said in text:
                return kind
    return None


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
