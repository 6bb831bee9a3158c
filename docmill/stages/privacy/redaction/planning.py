"""What goes of every page, put together from what the first and the second reading found, and the pages without it.

Belongs here: which spans go where, of the document as a whole. Does not belong here: which pixels that are (burning), files (copies).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import BOX, LABEL, Burn, plan_burn
from docmill.stages.privacy.redaction.spreading import Seen, across, spread, under_seen, values_seen
from docmill.values.evidence import Span
from docmill.values.page import Page

_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to a document.

    Attributes:
        pages: as read; loaded anew whenever they are gone over, if they are files.
        numbers: theirs, in their order.
        spans: page number -> what goes of its words, what stands where a second reader saw something included.
        unread: page number -> what a second reader saw there, and what goes of it.
        secrets: the values that must not be in the copy.
        style: one of burning.STYLES.
    """

    pages: Sequence[Page]
    numbers: list[int]
    spans: Mapping[int, Sequence[Span]]
    unread: Mapping[int, Sequence[Seen]]
    secrets: Sequence[proof.Secret]
    style: str

    def masked(self) -> Iterator[Page]:
        """The pages with masks in the place of what goes.

        Raises:
            RedactionUnproven: a page still holds a value.
        """
        masked = (next(mask_pages([page], self.spans[page.number])) for page in self.pages)
        return proof.proven_pages(masked, self.secrets)

    def burns(self) -> Iterator[Burn]:
        """What is burned on each page."""
        for page in self.pages:
            yield plan_burn(page, self.spans[page.number], self.style, self.unread.get(page.number, ()))


def plan_of(pages: Sequence[Page], spans: Sequence[Span], unread: Sequence[Seen], style: str | None) -> Plan:
    """Everything that goes: what was found, the same values elsewhere, and words that stand where a second reader saw some.

    The proof looks for every value everywhere, so wherever one still stands it goes as well, also where it would come to stand: of `Ann X Lee`,
    with a box over the X, a reader of the text layer is left with `Ann Lee`.

    Args:
        pages: all pages of the document as read.
        spans: what was found on them.
        unread: what a second reader saw, with what must go of it.
        style: one of burning.STYLES; None for text, where a mask stands in the place of everything that goes.
    """
    values, found, seen = Known(values_seen(unread)), defaultdict[int, list[Span]](list), defaultdict[int, list[Seen]](list)
    for span in spans:
        found[span.page].append(span)
    for one in unread:
        seen[one[0].number].append(one)
    goes, secrets, numbers = dict[int, list[Span]](), set[proof.Secret](), list[int]()
    for page in pages:
        numbers.append(page.number)
        own, under = found[page.number], under_seen(page, seen[page.number])
        goes[page.number] = [*own, *spread(page, values, own)]
        secrets.update(proof.secrets_of([page], [*goes[page.number], *under.values]))
        goes[page.number] += under.words
    known = Known(sorted(secrets))
    before: Page | None = None
    for page in pages:
        goes[page.number] += list(spread(page, known, goes[page.number]))
        for span in across(before, page, known) if before else ():
            goes[span.page].append(span)
        before = page if page.words else before
    for page in pages if style else ():
        goes[page.number] += _brought_together(page, goes[page.number], seen[page.number], known, style or BOX)
    return Plan(pages, numbers, goes, seen, sorted(secrets), style or LABEL)


def _brought_together(page: Page, goes: Sequence[Span], seen: Sequence[Seen], known: Known, style: str) -> list[Span]:
    """Spans over words that read as a value once what stands between them is gone, and its label as well, where a box lies over it."""
    at, added = {id(word): index for index, word in enumerate(page.words)}, list[Span]()
    for turn in count() if goes or seen else ():
        left = page.with_lines(plan_burn(page, [*goes, *added], style, seen).lines)
        found = [(left.words_in(start, end), kind) for start, end, (_, kind) in known.occurrences(left.text)]
        if turn >= _ROUNDS:  # rows of first names beside rows of last names: all of them
            kinds = {word.text: kind for words, kind in found for word in words}
            found = [((word,), kinds[word.text]) for word in left.words if word.text in kinds]
        places = [([at[id(word)] for word in words if id(word) in at], kind) for words, kind in found]  # labels are no words of the page
        new = [_over(page, numbers[0], numbers[-1], kind) for numbers, kind in places if numbers]
        if not new:
            break
        added += new
    return added


def _over(page: Page, first: int, last: int, kind: str) -> Span:
    """One span from a word to another, by their indices."""
    start, end = page.word_starts[first], page.word_starts[last] + len(page.words[last].text)
    boxes = tuple(word.box for word in page.words[first : last + 1])
    return Span(page=page.number, start=start, end=end, type=kind, confidence=1.0, source="repeat:around", boxes=boxes)
