"""Decisions on spans and passages, told by their places on the pages as read: what is personal, what should be read, what is no passage. Pure."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from docmill.services.review.aligning import moved
from docmill.services.review.correcting import corrected_page
from docmill.services.review.rewriting import Decided, settled_checks, settled_messages
from docmill.services.review.rulings import Ruling, on_new_pages, ruling_of
from docmill.values.model import Value
from docmill.values.page import Page
from docmill.values.review import Doubt, Subject, Verdict

Place = tuple[int, int, int]
"""Page, start and end of a passage on the page as read."""


class Correction(Value):
    """What a passage should say."""

    page: int
    start: int
    end: int
    text: str


class Changes(Value):
    """All that people said of spans and passages so far. Corrections are of this round only: afterwards they are the page's words.

    Attributes:
        rulings: first to last.
        dropped: passages that search should not find.
        corrections: passages with other words.
    """

    rulings: tuple[Ruling, ...] = ()
    dropped: tuple[Place, ...] = ()
    corrections: tuple[Correction, ...] = Field(default=(), exclude=True)

    def on(self, old: Sequence[Page], new: Sequence[Page]) -> "Changes":
        """The same with places on corrected pages."""
        before, after = _by_number(old), _by_number(new)
        dropped = [(page, *place) for page, start, end in self.dropped if (place := moved(before[page], after[page], start, end))]
        return self.model_copy(update={"rulings": tuple(on_new_pages(self.rulings, old, new)), "dropped": tuple(dropped)})

    def dropped_on(self, pages: Sequence[Page], masked: Sequence[Page]) -> list[Place]:
        """The dropped passages by their places on the pages that were indexed."""
        read, indexed = _by_number(pages), _by_number(masked or pages)
        found = [
            (page, moved(read[page], indexed[page], start, end)) for page, start, end in self.dropped if page in read and page in indexed
        ]
        return [(page, *place) for page, place in found if place]


def changes_of(decided: Sequence[Decided], earlier: Changes, pages: Sequence[Page], masked: Sequence[Page]) -> Changes:
    """What this round's decisions add to what was said before.

    Args:
        decided: first to last.
        earlier: of the version before.
        pages: as read; spans count in their text.
        masked: of a redacted copy; passages count in their text. Empty without redaction.
    """
    rulings = [said for one in decided if (said := ruling_of(one.task, one.decision.verdict))]
    read, indexed = _by_number(pages), _by_number(masked or pages)
    dropped, corrections = [], []
    for one in decided:
        task = one.task
        if task.subject is not Subject.CHUNK or task.page not in read or task.page not in indexed or task.start is None or task.end is None:
            continue
        place = moved(indexed[task.page], read[task.page], task.start, task.end)
        if place and one.decision.verdict is Verdict.REJECTED:
            dropped.append((task.page, *place))
        elif place and one.decision.verdict is Verdict.CORRECTED and one.record.new is not None:
            corrections.append(Correction(page=task.page, start=place[0], end=place[1], text=one.record.new))
    return Changes(rulings=(*earlier.rulings, *rulings), dropped=(*earlier.dropped, *dropped), corrections=tuple(corrections))


def corrected_pages(pages: Sequence[Page], asked: Changes, hidden: Mapping[int, Sequence[tuple[int, int]]]) -> list[Page]:
    """The pages with the corrected passages; the others are the same objects.

    Args:
        pages: as read.
        asked: what people said.
        hidden: by page, what redaction covers so far.
    """
    old, new = _by_number(pages), _by_number(pages)
    for one in asked.corrections:
        now = new[one.page]
        place = moved(old[one.page], now, one.start, one.end)
        if place is not None:
            covered = [found for start, end in hidden.get(one.page, ()) if (found := moved(old[one.page], now, start, end))]
            new[one.page] = corrected_page(now, *place, one.text, hidden=covered)
    return [new[page.number] for page in pages]


def fresh_doubts(doubts: Sequence[Doubt], decided: Sequence[Decided]) -> tuple[Doubt, ...]:
    """Doubts about a corrected document, without those that people have settled."""
    fields = {one.task.name for one in decided if one.task.subject is Subject.FIELD}
    checks, messages = settled_checks(decided), settled_messages(decided)
    over = {Subject.FIELD: fields, Subject.CHECK: checks}
    return tuple(one for one in doubts if one.name not in over.get(one.subject, ()) and one.reason not in messages)


def _by_number(pages: Sequence[Page]) -> dict[int, Page]:
    return {page.number: page for page in pages}
