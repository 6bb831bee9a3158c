"""Where values stand that were found somewhere else: on other pages, under what a second reader saw, across the border of two pages.

Belongs here: from known values to spans. Does not belong here: finding values (finding, unread), what becomes of the page (planning).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from docmill.stages.privacy.literals import Known, folded
from docmill.stages.privacy.redaction.burning import CODE, words_cut
from docmill.stages.privacy.redaction.evidence import is_value
from docmill.stages.privacy.redaction.proof import Secret, secrets_of
from docmill.values.evidence import Span
from docmill.values.page import Page

Seen = tuple[Page, Sequence[Span]]
"""What a second reader saw on a page, as a page, and what must go of it."""

_REPEATED = "repeat:unread"
_ALIKE = 0.25  # of a value's letters: so much may two readers of the same words differ in length


class Under(NamedTuple):
    """Words of a page that stand where a second reader saw something that must go.

    Attributes:
        words: spans over all of them: a misread value must not stay in the text.
        values: those of them that are, in the page's own spelling, what the second reader saw beyond doubt, to be looked for elsewhere. A name's
            second word alone is none, nor what OCR made of a code's dots or of print in its corners.
    """

    words: list[Span]
    values: list[Span]


def known_on(page: Page, values: Known) -> Iterator[Span]:
    """Where known values stand in a page's words."""
    for start, end, (_, kind) in values.occurrences(page.text):
        yield _over(page, start, end, kind)


def spread(page: Page, values: Known, spans: Sequence[Span]) -> Iterator[Span]:
    """Where known values stand in the page's words and nothing goes yet: a name in a pasted card, and in the letter about it.

    Args:
        page: as read.
        values: of the whole document.
        spans: what goes of this page already.
    """
    for span in known_on(page, values):
        if not any(one.start <= span.start and span.end <= one.end for one in spans):
            yield span


def across(page: Page, following: Page, values: Known) -> Iterator[Span]:
    """The two parts of known values that begin at the end of a page and end at the beginning of the next: text files are cut into pages anywhere."""
    head, tail = _first_within(page, values.reach), _last_within(following, values.reach)
    length = len(page.text) - head
    for start, end, (_, kind) in values.occurrences(f"{page.text[head:]}\n{following.text[:tail]}"):
        if start < length < end:
            yield _over(page, head + start, len(page.text), kind)
            yield _over(following, 0, end - length - 1, kind)


def _first_within(page: Page, reach: int) -> int:
    """Where a word starts that is so many characters from the end, or the first word."""
    return page.word_starts[max(0, bisect_right(page.word_starts, len(page.text) - reach) - 1)] if page.words else 0


def _last_within(page: Page, reach: int) -> int:
    """Where a word ends that is so many characters from the beginning, or the last word."""
    at = bisect_left(page.word_starts, reach)
    return page.word_starts[at] - 1 if at < len(page.words) else len(page.text)


def values_seen(unread: Sequence[Seen]) -> list[Secret]:
    """The values that a second reader saw, as it read them, beyond doubt."""
    sure = [(page, [s for s in spans if is_value(s)]) for page, spans in unread]
    return sorted({secret for page, spans in sure for secret in secrets_of([page], spans)})


def under_seen(page: Page, seen: Sequence[Seen]) -> Under:
    """The words of a page that stand where a second reader saw something that must go."""
    under = Under([], [])
    for one, found in seen:
        for span in found:
            places = _places_under(page, one, span)
            for run in _runs(places):
                (whole,) = _spans_over(page, [run], span)
                if one.source != CODE and is_value(span) and _is_said(one, span, page.text[whole.start : whole.end], len(run)):
                    under.values.append(whole)
            # a box may also hide letters of words that reach beyond it, which the copy does not show either
            under.words.extend(_spans_over(page, _runs(sorted({*places, *words_cut(page, one, span)})), span))
    return under


def _places_under(page: Page, seen: Page, span: Span) -> list[int]:
    """The words, by their indices, whose middle is in a box of the span's words."""
    boxes, places = [word.box for word in seen.words_in(span.start, span.end)], list[int]()
    for index, word in enumerate(page.words):
        x, y = (word.box.x0 + word.box.x1) / 2, (word.box.y0 + word.box.y1) / 2
        if any(b.x0 <= x < b.x1 and b.y0 <= y < b.y1 for b in boxes):
            places.append(index)
    return places


def _runs(places: Sequence[int]) -> Iterator[list[int]]:
    """Neighbours in reading order together."""
    cuts = [0, *(at for at, (one, other) in enumerate(pairwise(places), start=1) if other != one + 1), len(places)]
    yield from (list(places[first:last]) for first, last in pairwise(cuts) if first < last)


def _is_said(seen: Page, span: Span, text: str, words: int) -> bool:
    """Whether words of the page are the whole of what a second reader saw: as long, or one word for one word."""
    said = len(folded(seen.text[span.start : span.end]))
    return words == len(seen.words_in(span.start, span.end)) == 1 or abs(len(folded(text)) - said) <= said * _ALIKE


def _spans_over(page: Page, runs: Iterable[Sequence[int]], like: Span) -> list[Span]:
    """A span over each run of words, given by their indices."""
    ends = [(page.word_starts[run[0]], page.word_starts[run[-1]] + len(page.words[run[-1]].text)) for run in runs]
    return [_over(page, start, end, like.type, like.confidence) for start, end in ends]


def _over(page: Page, start: int, end: int, kind: str, confidence: float = 1.0) -> Span:
    boxes = tuple(word.box for word in page.words_in(start, end))
    return Span(page=page.number, start=start, end=end, type=kind, confidence=confidence, source=_REPEATED, boxes=boxes)
