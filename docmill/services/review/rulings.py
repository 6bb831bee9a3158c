"""What people said of personal data: which characters of a page are personal and which are not, and what that makes of the spans found. Pure.

A ruling counts for the document: what is no personal data at one place is none wherever the same type was found in the same text, and what
is personal is hidden wherever it stands. So the copy can be proven by the same gates as every other one.
"""

from collections.abc import Iterable, Sequence

from pydantic import TypeAdapter

from docmill.services.review.aligning import moved
from docmill.stages.privacy.literals import Known, folded
from docmill.values.evidence import Span
from docmill.values.model import Value
from docmill.values.page import Page
from docmill.values.review import ReviewTask, Subject, Verdict

SOURCE = "review"

MARKED = "marked by a person"
"""The reason of tasks about personal data that no search found."""


class Ruling(Value):
    """Characters [start, end) of a page's canonical text and whether they are personal data of a type."""

    page: int
    start: int
    end: int
    type: str
    is_personal: bool


RULINGS = TypeAdapter(list[Ruling])


def ruling_of(task: ReviewTask, verdict: Verdict) -> Ruling | None:
    """What a decision on a span says; None for any other task."""
    if task.subject is not Subject.SPAN or task.page is None or task.start is None or task.end is None:
        return None
    return Ruling(page=task.page, start=task.start, end=task.end, type=task.name, is_personal=verdict is not Verdict.REJECTED)


def ruled(spans: Sequence[Span], rulings: Sequence[Ruling], pages: Sequence[Page]) -> list[Span]:
    """The spans as people see them, by page and place. A later ruling on the same characters counts more.

    Values that are hidden anywhere are hidden everywhere: a rejected span stays where its text holds a value that is personal elsewhere.
    """
    by_number = {page.number: page for page in pages}
    last = {(one.page, one.start, one.end, one.type): one for one in rulings if one.page in by_number}
    denied = {(one.type, _value(by_number, one)) for one in last.values() if not one.is_personal}
    said = [one for one in last.values() if one.is_personal]
    kept = [span for span in spans if span.page not in by_number or (span.type, _value(by_number, span)) not in denied]
    sure = {(one.page, one.start, one.end, one.type) for one in said}
    found: dict[tuple[int, int, int, str], Span] = {}
    for span in kept:
        found[_place(span)] = span.model_copy(update={"confidence": 1.0}) if _place(span) in sure else span
    for one in said:
        found.setdefault(_place(one), _span(by_number[one.page], one.start, one.end, one.type))
    return sorted([*found.values(), *_elsewhere(list(found.values()), pages)], key=lambda span: (span.page, span.start, span.end))


def on_new_pages(rulings: Iterable[Ruling], old: Sequence[Page], new: Sequence[Page]) -> list[Ruling]:
    """The rulings with the places that their words have on corrected pages; those whose words are gone are left out.

    What is no personal data says so of its own words only; what is personal hides whatever stands in its place.
    """
    before, after = ({page.number: page for page in pages} for pages in (old, new))
    found = []
    for one in rulings:
        place = moved(before[one.page], after[one.page], one.start, one.end) if one.page in before and one.page in after else None
        there = one if place is None else one.model_copy(update={"start": place[0], "end": place[1]})
        if place is not None and (one.is_personal or _value(before, one) == _value(after, there)):
            found.append(there)
    return found


def _elsewhere(spans: Sequence[Span], pages: Sequence[Page]) -> list[Span]:
    """Spans over occurrences of hidden values that no span covers yet."""
    by_number = {page.number: page for page in pages}
    values = Known(sorted({(by_number[s.page].text[s.start : s.end], s.type) for s in spans if s.page in by_number}))
    added: list[Span] = []
    for page in pages:
        for start, end, (_, entity) in values.occurrences(page.text):
            if not any(s.page == page.number and s.start <= start and end <= s.end for s in (*spans, *added)):
                added.append(_span(page, start, end, entity))
    return added


def _span(page: Page, start: int, end: int, entity: str) -> Span:
    boxes = tuple(word.box for word in page.words_in(start, end))
    return Span(page=page.number, start=start, end=end, type=entity, confidence=1.0, source=SOURCE, boxes=boxes)


def _value(pages: dict[int, Page], one: Ruling | Span) -> str:
    return folded(pages[one.page].text[one.start : one.end])


def _place(one: Ruling | Span) -> tuple[int, int, int, str]:
    return one.page, one.start, one.end, one.type
