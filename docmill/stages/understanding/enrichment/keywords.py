"""Keywords: phrases of one to three words that a document comes back to.

A candidate is a run of words between stop words, figures and punctuation. Its score is how often it stands there, times the mean count of its
words, times 1, 1.5 or 2 for one, two or three words: what is said often and in full ranks first. The candidates of Rose et al. 2010 (RAKE),
with counts for its degrees, because most documents are too short for co-occurrence to mean anything.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
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
    has_capital_nouns = list(languages) == ["de"]
    counts, shown = Counter[Phrase](), dict[Phrase, str]()
    for _, block in blocks_of(pages):
        for found in _runs(MASK.sub(" . ", block), ignored):
            run = _up_to_noun(found) if has_capital_nouns else found
            if not run:
                continue
            phrase = tuple(word.lower() for word in run)
            counts[phrase] += 1
            shown.setdefault(phrase, " ".join(run))
    words = Counter[str]()
    for phrase, count in counts.items():
        words.update(dict.fromkeys(phrase, count))
    scores = {phrase: count * (1 + len(phrase)) / 2 * sum(words[word] for word in phrase) / len(phrase) for phrase, count in counts.items()}
    chosen = list(_distinct(sorted(scores, key=lambda phrase: -scores[phrase])))
    best = scores[chosen[0]] if chosen else 1.0
    return tuple(Keyword(text=shown[phrase], score=round(scores[phrase] / best, 4), count=counts[phrase]) for phrase in chosen)


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


def _up_to_noun(run: list[str]) -> list[str]:
    """German writes nouns with a capital: what follows the last of them is a verb that the list of stop words does not have."""
    last = max((n for n, word in enumerate(run) if word[0].isupper()), default=-1)
    return run[: last + 1]


def _distinct(phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """The first ones that bring a word which none before them has."""
    seen: set[str] = set()
    taken = 0
    for phrase in phrases:
        if taken < MOST_KEYWORDS and not seen.issuperset(phrase):
            seen.update(phrase)
            taken += 1
            yield phrase
