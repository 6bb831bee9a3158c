"""A page whose passage a person has put right: the words they typed, at the places of the words that stood there. Pure."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import groupby

from docmill.services.review.aligning import touched
from docmill.values.geometry import union
from docmill.values.page import Line, Page, Word

_Placed = tuple[int, Word]
"""The number of a word's line, and the word."""


def corrected_page(page: Page, start: int, end: int, text: str, *, hidden: Iterable[tuple[int, int]] = ()) -> Page:
    """The page with other words in place of those that [start, end) of its canonical text touches; all of them are sure now.

    A word that is new takes the box of the words it replaces, or of its neighbour: its ink is there.

    Args:
        page: as read.
        start: first character of the passage, in the page's canonical text.
        end: the character behind its last.
        text: what it should say; line breaks are blanks, lines stay as they are.
        hidden: ranges of the page that redaction covers. A word there is never left out, only replaced: its ink is on the page all the same.
    """
    first, last = touched(page, start, end)
    lines = [number for number, line in enumerate(page.lines) for _ in line.words]
    everything = list(zip(lines, page.words, strict=True))
    covered = {at for one in hidden for at in range(*touched(page, *one))}
    said = _said(everything[first:last], text.split(), {at - first for at in covered})
    rows = groupby([*everything[:first], *said, *everything[last:]], key=lambda one: one[0])
    return page.with_lines(tuple(Line(words=tuple(word for _, word in row)) for _, row in rows))


def _said(old: list[_Placed], new: list[str], covered: set[int]) -> list[_Placed]:
    placed: list[_Placed] = []
    for kind, a, b, c, d in SequenceMatcher(None, [word.text for _, word in old], new, autojunk=False).get_opcodes():
        if kind == "equal":
            placed += [(line, word.model_copy(update={"confidence": 1.0})) for line, word in old[a:b]]
        elif kind == "delete":
            placed += [old[at] for at in range(a, b) if at in covered]
        elif kind == "insert" and old:
            line, beside = old[max(0, a - 1)]
            placed += [(line, Word(text=one, box=beside.box, confidence=1.0)) for one in new[c:d]]
        elif kind == "replace":
            placed += [_in_place(old[a:b], one, at, d - c) for at, one in enumerate(new[c:d])]
    return placed


def _in_place(old: list[_Placed], text: str, at: int, count: int) -> _Placed:
    """The word number `at` of `count` that stand where the old words stood."""
    low = at * len(old) // count
    high = max(low + 1, (at + 1) * len(old) // count)
    return old[low][0], Word(text=text, box=union([word.box for _, word in old[low:high]]), confidence=1.0)
