"""Keywords: phrases of one to three words that a document comes back to.

A candidate is a run of words between stop words, figures and punctuation. Its score is how often it stands there or in longer runs, times the mean
count of its words, times 1, 1.5 or 2 for one, two or three words: what is said often and in full ranks first. The candidates of Rose et al. 2010 (RAKE),
with counts for its degrees, because most documents are too short for co-occurrence to mean anything.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from docmill.stages.understanding.enrichment.texts import MASK, WORD, blocks_of, stop_words
from docmill.values.enrichment import Keyword
from docmill.values.page import Page

MOST_KEYWORDS: Final = 10
_MOST_WORDS: Final = 3
_LEAST_LETTERS: Final = 3
_UNITS: Final = frozenset({"eur", "usd", "gbp", "chf", "myr", "qty", "pcs", "stk"})
_PIECE = re.compile(r"[^\s,.;:!?()\[\]{}\"\u201c\u201d\u201e\u00ab\u00bb/|*=<>\u2022]+|\S")

Phrase = tuple[str, ...]
"""Words in lower case."""


def keywords_of(pages: Sequence[Page], languages: Sequence[str]) -> tuple[Keyword, ...]:
    """At most ten, best first; `score` is 1.0 for the best. Equal scores stand in the order of their first appearance."""
    ignored = stop_words(tuple(languages)) | _UNITS
    counts, shown = Counter[Phrase](), dict[Phrase, str]()
    for _, block in blocks_of(pages):
        for run in _runs(MASK.sub(" . ", block), ignored):
            phrase = tuple(word.lower() for word in run)
            counts.update(_parts(phrase))
            shown.setdefault(phrase, " ".join(run))
    scores = {phrase: counts[phrase] * (1 + len(phrase)) / 2 * sum(counts[(word,)] for word in phrase) / len(phrase) for phrase in shown}
    chosen = list(_distinct(sorted(scores, key=lambda phrase: -scores[phrase])))
    best = scores[chosen[0]] if chosen else 1.0
    return tuple(Keyword(text=shown[phrase], score=round(scores[phrase] / best, 4), count=counts[phrase]) for phrase in chosen)


def _parts(phrase: Phrase) -> Iterator[Phrase]:
    """A phrase and the shorter ones within it."""
    for first, last in combinations(range(len(phrase) + 1), 2):
        yield phrase[first:last]


def _runs(block: str, ignored: frozenset[str]) -> Iterator[list[str]]:
    run: list[str] = []
    for piece in _PIECE.findall(block):
        if WORD.fullmatch(piece) and len(piece) >= _LEAST_LETTERS and piece.lower() not in ignored:
            run.append(piece)
            continue
        if 0 < len(run) <= _MOST_WORDS:
            yield run
        run = []
    if 0 < len(run) <= _MOST_WORDS:
        yield run


def _distinct(phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """The first ones that bring a word which none before them has."""
    seen: set[str] = set()
    taken = 0
    for phrase in phrases:
        if taken < MOST_KEYWORDS and not seen.issuperset(phrase):
            seen.update(phrase)
            taken += 1
            yield phrase
