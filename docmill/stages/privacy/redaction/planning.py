"""What goes of every page, put together from what the first and the second reading found, and the pages without it.

Belongs here: which spans go where, of the document as a whole. Does not belong here: which pixels that are (burning), files (copies).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction import proof
from docmill.stages.privacy.redaction.burning import CODE, Burn, plan_burn
from docmill.stages.privacy.redaction.unread import spread, values_seen, words_under
from docmill.values.evidence import Span
from docmill.values.page import Page

_Seen = tuple[Page, Sequence[Span]]


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
    unread: Mapping[int, Sequence[_Seen]]
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


def plan_of(pages: Sequence[Page], spans: Sequence[Span], unread: Sequence[_Seen], style: str) -> Plan:
    """Everything that goes: what was found, the same values elsewhere, and words that stand where a second reader saw some.

    Args:
        pages: all pages of the document as read.
        spans: what was found on them.
        unread: what a second reader saw, with what must go of it.
        style: one of burning.STYLES.
    """
    values, found, seen = Known(values_seen(unread)), defaultdict[int, list[Span]](list), defaultdict[int, list[_Seen]](list)
    for span in spans:
        found[span.page].append(span)
    for one in unread:
        seen[one[0].number].append(one)
    goes, secrets, numbers = dict[int, list[Span]](), set[proof.Secret](), list[int]()
    for page in pages:
        numbers.append(page.number)
        own, there = found[page.number], seen[page.number]
        goes[page.number] = [*own, *spread(page, values, own), *_under(page, there, is_code=False)]
        # not what OCR made of a code's dots, or of print in its corners: that is no value
        secrets.update(proof.secrets_of([page], goes[page.number]))
        goes[page.number] += _under(page, there, is_code=True)
    return Plan(pages, numbers, goes, seen, sorted(secrets), style)


def _under(page: Page, seen: Sequence[_Seen], *, is_code: bool) -> Iterator[Span]:
    """Words of the page that stand where something must go that a second reader saw, in a code or elsewhere."""
    for one, found in seen:
        if (one.source == CODE) == is_code:
            yield from words_under(page, one, found)
