"""Where characters of one reading of a page stand in another one: a corrected page beside the one before, a masked page beside the open one. Pure."""

from bisect import bisect_right
from difflib import SequenceMatcher

from docmill.values.page import Page


def moved(old: Page, new: Page, start: int, end: int) -> tuple[int, int] | None:
    """[start, end) of the old page's canonical text as a range of the new one's; None when none of its words is left.

    Words that both have in the same order tie the two together; where words were replaced, the range takes all that stand in their place.
    """
    if old.text == new.text:
        return start, end
    first, last = touched(old, start, end)
    places: list[int] = []
    cut = start - old.word_starts[first] if first < last else 0
    left = old.word_starts[last - 1] + len(old.words[last - 1].text) - end if first < last else 0
    for kind, a, b, c, d in SequenceMatcher(None, _texts(old), _texts(new), autojunk=False).get_opcodes():
        low, high = max(first, a), min(last, b)
        if low >= high:
            continue
        if kind == "equal":
            places += [c + low - a, c + high - a]
        elif kind == "replace":
            places += [c, d]
            cut, left = (0 if low == first else cut), (0 if high == last else left)
    if not places:
        return None
    low, high = min(places), max(places)
    begin, close = new.word_starts[low], new.word_starts[high - 1] + len(new.words[high - 1].text)
    return begin + max(0, cut), max(begin + max(0, cut) + 1, close - max(0, left))


def touched(page: Page, start: int, end: int) -> tuple[int, int]:
    """Numbers [first, last) of the words that share a character with [start, end) of the page's text."""
    first = max(0, bisect_right(page.word_starts, start) - 1)
    if first < len(page.words) and page.word_starts[first] + len(page.words[first].text) <= start:
        first += 1
    last = first
    while last < len(page.words) and page.word_starts[last] < end:
        last += 1
    return first, last


def _texts(page: Page) -> list[str]:
    return [word.text for word in page.words]
