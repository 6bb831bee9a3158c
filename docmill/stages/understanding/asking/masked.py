"""From a page whose personal data is masked back to the page as read: evidence counts characters of the latter."""

import re
from typing import Final

from docmill.stages.understanding.asking.grounding import Place
from docmill.stages.understanding.layout import Hit
from docmill.values.page import Page

_MASK: Final = re.compile(r"\[[A-Z_]{2,}\]")
"""What stands in the place of personal data, such as [PERSON]."""


def place_as_read(place: Place, page: Page) -> Place | None:
    """The same words on the page as read; None where a mask is among them: what is hidden is nobody's answer.

    Words that no mask touched keep text and box, so a word is its own address.

    Args:
        place: on the page as it was shown.
        page: as read, of the same number.
    """
    seen = place.seen
    if seen.page is page:
        return place
    words = seen.page.words_in(seen.start, seen.end)
    starts = dict(zip(page.words, page.word_starts, strict=True))
    if _MASK.search(place.text) or words[0] not in starts or words[-1] not in starts:
        return None
    shown = dict(zip(seen.page.words, seen.page.word_starts, strict=True))
    start = starts[words[0]] + seen.start - shown[words[0]]
    end = starts[words[-1]] + seen.end - shown[words[-1]]
    return Place(Hit(page, start, end, seen.box), place.text)
