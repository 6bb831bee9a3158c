"""Pages as flowing text: blocks, sentences, words. The one place that knows where a sentence ends.

Belongs here: cutting. Does not belong here: what is made of the pieces (keywords, summary, languages, sentiment).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from docmill.values.page import Line, Page

MASK: Final = re.compile(r"\[[A-Z][A-Z_]+\]")
"""What stands where redaction took something away."""

WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")

MOST_CHARACTERS: Final = 200_000
"""So much of a document is looked at, about 80 pages: all methods stay under a second."""

_FULL_LINE = 0.7
"""A line that reaches this share of the widest line's way goes on in the next one; a shorter one ends its block: headings, addresses, tables."""

_GAP_HEIGHTS = 1.0
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n(?=[a-z\u00df-\u00ff])")
_END = re.compile(r"(?<=[.!?\u2026])[\"'\u201c\u201d\u00bb)]*\s+(?=[\"'\u201e\u201c\u00ab(\u00bf\u00a1]*[A-Z\u00c0-\u00de0-9])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:[^\W\d_]|mr|mrs|ms|dr|prof|st|no|nos|nr|art|abs|approx|ca|cf|co|corp|dept|etc|fig|inc|incl|jr|ltd|max|min|resp|sr|tel|vol|vs|bzw|evtl"
    r"|inkl|exkl|str|usw|vgl|zzgl|env|mme|m|ref|sig|sra|p|pp)|\b\d{1,3})\.$",
    re.IGNORECASE,
)
_LEAST_WORDS, _MOST_WORDS = 5, 70
_LEAST_LETTERS = 0.6


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of prose, white space made single. `page` counts from 1."""

    page: int
    text: str


def blocks_of(pages: Sequence[Page]) -> Iterator[tuple[int, str]]:
    """(page, text) of runs of lines that belong together, up to MOST_CHARACTERS in all."""
    left = MOST_CHARACTERS
    for page in pages:
        for lines in _runs(page):
            text = " ".join(_BROKEN_WORD.sub("", "\n".join(line.text for line in lines)).split())
            if left <= 0:
                return
            yield page.number, text[:left]
            left -= len(text)


def _runs(page: Page) -> Iterator[list[Line]]:
    lines = [line for line in page.lines if line.words]
    right = max((line.box.x1 for line in lines), default=0.0)
    run: list[Line] = []
    for line in lines:
        if run and not _goes_on(run[-1], line, right):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _goes_on(last: Line, line: Line, right: float) -> bool:
    gap = line.box.y0 - last.box.y1
    return last.box.x1 >= _FULL_LINE * right and -last.box.height <= gap <= _GAP_HEIGHTS * max(last.box.height, line.box.height)


def sentences_of(pages: Sequence[Page]) -> list[Sentence]:
    """The sentences of prose; lines of tables, addresses and headings are none."""
    return [Sentence(number, text) for number, block in blocks_of(pages) for text in _cut(block) if _is_prose(text)]


def _cut(block: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(block):
        if not _ABBREVIATED.search(block, start, end.start()):
            yield block[start : end.start()].strip()
            start = end.end()
    yield block[start:].strip()


def _is_prose(text: str) -> bool:
    words = WORD.findall(MASK.sub("", text))
    letters = sum(len(word) for word in words)
    is_flowing = sum(word[0].islower() for word in words) * 2 >= len(words)
    is_ended = text.rstrip("\"'\u201c\u201d\u00bb)").endswith((".", "!", "?", "\u2026"))
    return is_ended and is_flowing and _LEAST_WORDS <= len(words) <= _MOST_WORDS and letters >= _LEAST_LETTERS * len(text.replace(" ", ""))


@lru_cache(maxsize=16)
def stop_words(languages: tuple[str, ...]) -> frozenset[str]:
    """Words that say nothing by themselves, lower case; of all known languages where none of those asked for is known."""
    lists: dict[str, str] = json.loads(files(__package__).joinpath("stop_words.json").read_text(encoding="utf-8"))
    wanted = [name for name in languages if name in lists] or list(lists)
    return frozenset(word for name in wanted for word in lists[name].split())
