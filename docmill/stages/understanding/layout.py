"""Where things stand on a page relative to one another: hits of a pattern with boxes, and how close a label is to a value.

Belongs here: geometry and text adjacency. What the labels are is in labels.py, what the values mean in dates.py and amounts.py.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from docmill.stages.understanding.misread import BORN_DIGITAL, mended
from docmill.values.evidence import Evidence, Field
from docmill.values.geometry import Box, union
from docmill.values.page import Page

ADJACENT, SAME_ROW, BELOW = 1.0, 0.9, 0.7
"""How much a label says about a value: written directly before it, elsewhere to its left, above it."""

ROW_OVERLAP = 0.5
"""Share of the lower height that two boxes have in common when they stand on one row."""

MOST_HITS = 2000
"""So many matches of one pattern are looked at on one page, so that a page made of labels alone costs seconds, not hours."""

DOUBT, LITTLE_DOUBT, LEAST_DOUBT = 0.5, 0.15, 0.1
"""How much of the doubt about the words' reading is doubt about the value: in general; where most misreadings would show, because the value
must be a day of the calendar; where other words of the paper lead to the same value."""

_BETWEEN = re.compile(r"[ :.#=°º*()-]{0,6}(?:no\.?|nr\.?)?[ :.#=-]{0,4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Hit:
    """Characters [start, end) of a page's canonical text with the box of their words, in pixels."""

    page: Page
    start: int
    end: int
    box: Box

    @property
    def text(self) -> str:
        """The characters as printed."""
        return self.page.text[self.start : self.end]

    @property
    def confidence(self) -> float:
        """Mean confidence of the words touched, 0.0-1.0."""
        words = self.page.words_in(self.start, self.end)
        return sum(w.confidence for w in words) / len(words)


def hit(page: Page, start: int, end: int) -> Hit | None:
    """The characters [start, end) as a hit; None when no word stands there."""
    words = page.words_in(start, end)
    return Hit(page, start, end, union([w.box for w in words])) if words else None


def folded(page: Page) -> str:
    """The page's canonical text in lower case for looking things up, character for character; misread label words of an engine are mended."""
    return _folded(page.text, is_mended=page.source not in BORN_DIGITAL)


@lru_cache(maxsize=16)
def _folded(text: str, *, is_mended: bool) -> str:
    lower = text.lower()
    if len(lower) != len(text):
        return text  # offsets must stay: a few letters grow when lowered
    return mended(lower) if is_mended else lower


def find(page: Page, pattern: re.Pattern[str], group: int = 0, *, most: int = MOST_HITS) -> list[Hit]:
    """The first `most` matches in the page's lower-cased canonical text; empty groups and matches without words are left out."""
    spans = [m.span(group) for m in islice(pattern.finditer(folded(page)), most)]
    return [found for start, end in spans if end > start and (found := hit(page, start, end))]


def on_one_row(one: Box, other: Box) -> bool:
    """Whether two boxes stand side by side on one printed row."""
    shared = min(one.y1, other.y1) - max(one.y0, other.y0)
    return shared > ROW_OVERLAP * max(1.0, min(one.height, other.height))


def closeness(label: Hit, value: Hit, *, reach_down: float = 2.5) -> float:
    """How much `label` says about `value`, 0.0-1.0.

    Args:
        label: where the label stands.
        value: where the value stands; on another page the two have nothing to do with each other.
        reach_down: how many label heights a value may stand below its label.
    """
    height = max(1.0, label.box.height)
    if label.page is not value.page or value.box.y1 < label.box.y0 or value.box.y0 > label.box.y1 + reach_down * height:
        return 0.0  # most pairs end here
    gap = label.page.text[label.end : value.start] if value.start >= label.end else None
    if gap is not None and _BETWEEN.fullmatch(gap):
        return ADJACENT
    if on_one_row(label.box, value.box) and value.box.x0 >= label.box.x0 and (value.start >= label.end or value.box.x0 >= label.box.x1):
        distance = max(0.0, value.box.x0 - label.box.x1) / max(1.0, label.page.width_px)
        return SAME_ROW - 0.4 * min(1.0, distance)
    drop = value.box.y0 - label.box.y1
    shared = min(label.box.x1, value.box.x1) - max(label.box.x0, value.box.x0)
    if shared > 0 and -0.3 * height <= drop <= reach_down * height:
        return BELOW - 0.2 * max(0.0, drop) / (reach_down * height)
    return 0.0


def field(name: str, value: str, seen: Hit, confidence: float, source: str, *, doubt: float = DOUBT) -> Field:
    """A field whose evidence is `seen`; its confidence is lowered by doubtful reading of the words.

    Args:
        name: of the field.
        value: normalised.
        seen: where it is printed.
        confidence: that these words are the field, 0.0-1.0.
        source: the rule that found it.
        doubt: how much of the doubt about the words' reading is doubt about the value, 0.0-1.0.
    """
    sure = round(max(0.0, min(0.99, confidence)) * (1.0 - doubt * (1.0 - seen.confidence)), 3)
    where = Evidence(page=seen.page.number, box=seen.box.rounded(), start=seen.start, end=seen.end, confidence=sure, source=source)
    return Field(name=name, value=value, text=seen.text, evidence=where)
