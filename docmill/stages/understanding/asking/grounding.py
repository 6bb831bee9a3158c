"""Where words that somebody quotes stand on a page: a quote counts only as far as the page's own words say it."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from docmill.stages.understanding.layout import Hit, hit
from docmill.stages.understanding.pieces import merged
from docmill.values.page import Page

_PARTS = re.compile(r"\s*(?:\n|,\s)\s*")
_LEAST_PART = 2
_REACH_DOWN, _REACH_ASIDE = 2.5, 0.3
"""Parts of one value stand at most so many line heights below and so much of the page's width beside one another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: around all its words, and these words as printed, a newline between lines."""

    seen: Hit
    text: str


def grounded(page: Page, quote: str) -> list[Place]:
    """The places of a page that say the quote, in reading order; none where the page does not say it.

    Signs, spaces and capitals don't count. A quote of several lines is found line by line where the lines don't follow one another in reading
    order, as in an address beside another column; then there is one place around all of them.
    """
    whole = _hits(page, quote)
    if whole:
        return [Place(seen, seen.text) for seen in whole]
    parts = [part for part in _PARTS.split(quote) if len(_bare(part)) >= _LEAST_PART]
    return _in_parts(page, parts) if len(parts) > 1 else []


def _in_parts(page: Page, parts: Sequence[str]) -> list[Place]:
    """One place around all parts, each below or beside the one before; none where a part is missing."""
    around: Hit | None = None
    texts = []
    for part in parts:
        near = [one for one in _hits(page, part) if around is None or (one.start >= around.end and _is_near(around, one))]
        if not near:
            return []
        around = near[0] if around is None else merged(around, near[0])
        texts.append(near[0].text)
    return [Place(around, "\n".join(texts))] if around is not None else []


def _is_near(one: Hit, other: Hit) -> bool:
    apart = max(one.box.x0, other.box.x0) - min(one.box.x1, other.box.x1)
    drop = other.box.y0 - one.box.y1
    return drop < _REACH_DOWN * max(1.0, other.box.height) and apart < _REACH_ASIDE * max(1, one.page.width_px)


def _hits(page: Page, quote: str) -> list[Hit]:
    wanted = _bare(quote)
    if not wanted:
        return []
    bare = [_bare(word.text) for word in page.words]
    begins = [0, *accumulate(len(text) for text in bare)]
    text = "".join(bare)
    found: list[Hit] = []
    at = text.find(wanted)
    while at >= 0:
        seen = _hit(page, bare, begins, at, at + len(wanted))
        if seen is not None:
            found.append(seen)
        at = text.find(wanted, at + 1)
    return found


def _hit(page: Page, bare: Sequence[str], begins: Sequence[int], start: int, end: int) -> Hit | None:
    """Bare characters [start, end) as a hit; None where they begin or end inside a run of letters or of figures."""
    first, last = bisect_right(begins, start) - 1, bisect_right(begins, end - 1) - 1
    if _cuts(bare[first], start - begins[first]) or _cuts(bare[last], end - begins[last]):
        return None
    return hit(page, _at(page, first, start - begins[first]), _at(page, last, end - begins[last] - 1) + 1)


def _cuts(bare: str, at: int) -> bool:
    """Whether a cut before character `at` of a word parts letters from letters or figures from figures."""
    return 0 < at < len(bare) and bare[at - 1].isdigit() == bare[at].isdigit()


def _at(page: Page, index: int, nth: int) -> int:
    """Where the nth letter or figure of a word stands in the page's canonical text."""
    places = [offset for offset, c in enumerate(page.words[index].text) for _ in _bare(c)]
    return page.word_starts[index] + places[nth]


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
