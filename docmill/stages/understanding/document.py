"""Understanding of one document: kind first, then the fields that such a document has. The rules themselves live beside this module."""

from collections.abc import Sequence

from docmill.stages.understanding.issue_dates import issue_date
from docmill.stages.understanding.kind_evidence import MONEY_KINDS, OTHER
from docmill.stages.understanding.kinds import decide_kind
from docmill.stages.understanding.numbers import document_number
from docmill.stages.understanding.totals import currency, total
from docmill.stages.understanding.vendors import vendor_name
from docmill.values.evidence import Field, Kind, Understanding
from docmill.values.page import Page

FIRST_PAGES, LAST_PAGES = 4, 2
"""What names a document stands on its first pages and its sums on its last: so many are looked at, however long it is."""

_NUMBERED_KINDS = MONEY_KINDS | {"delivery_note", "contract", OTHER}
_UNDATED_KINDS = frozenset({"book_page", "form"})


def pages_looked_at(page_count: int) -> list[int]:
    """Which pages of a document of `page_count` pages are looked at, as indexes from 0."""
    return sorted({*range(min(FIRST_PAGES, page_count)), *range(max(0, page_count - LAST_PAGES), page_count)})


def understand_pages(pages: Sequence[Page], kind: str) -> Understanding:
    """The kind of a document and its fields: document_number, issue_date, total, currency, vendor_name, as far as they are there.

    Args:
        pages: in order; only those of `pages_looked_at` are used.
        kind: the kind asked for, or `auto` to decide by rules.

    Raises:
        InvalidOptions: the kind asked for is unknown.
    """
    looked_at = [pages[index] for index in pages_looked_at(len(pages))] if len(pages) > FIRST_PAGES + LAST_PAGES else list(pages)
    with_words = [page for page in looked_at if page.words]
    if not with_words:
        decided = decide_kind((), kind) if kind != "auto" else Kind(name=OTHER, confidence=0.5, reason="no words")
        return Understanding(kind=decided)
    decided = decide_kind(with_words, kind)
    return Understanding(kind=decided, fields=tuple(_fields(with_words, decided.name)))


def _fields(pages: list[Page], kind: str) -> list[Field]:
    has_money = kind in MONEY_KINDS
    found: list[Field | None] = []
    if kind in _NUMBERED_KINDS:
        found.append(document_number(pages, kind))
    if kind not in _UNDATED_KINDS:
        found.append(issue_date(pages))
    if has_money or kind == OTHER:
        of_total = total(pages, is_money_document=has_money)
        found += [of_total, currency(pages, of_total) if has_money or of_total else None]
    if has_money or kind == "delivery_note":
        found.append(vendor_name(pages[0]))
    return [f for f in found if f is not None]
