"""The extractive summary: up to three of a document's own sentences, by TextRank (Mihalcea and Tarau 2004).

Sentences vote for those that share words with them: the weight between two is the number of shared words, stop words apart, over the sum of the
logarithms of their lengths; the votes are the principal vector of that graph (PageRank, damping 0.85). Chosen are the best three that do not
repeat one another, shown in the document's order.
"""

from collections.abc import Sequence
from math import log
from typing import Final

import numpy as np
import numpy.typing as npt

from docmill.stages.understanding.enrichment.texts import WORD, Sentence, stop_words
from docmill.values.enrichment import SummarySentence

MOST_SENTENCES: Final = 3
_LOOKED_AT: Final = 300
"""So many sentences from the beginning vote: their pairs are counted one by one."""
_DAMPING: Final = 0.85
_ROUNDS: Final = 40
_REPEATS: Final = 0.6
"""Share of the shorter sentence's words from which on it says the same as the other."""


def summary_of(sentences: Sequence[Sentence], languages: Sequence[str]) -> tuple[SummarySentence, ...]:
    """The sentences that say most, in the document's order; none where there is no prose."""
    looked_at = sentences[:_LOOKED_AT]
    ignored = stop_words(tuple(languages))
    words = [frozenset(word.lower() for word in WORD.findall(one.text)) - ignored for one in looked_at]
    votes = _votes(words)
    chosen: list[int] = []
    for place in sorted(range(len(looked_at)), key=lambda i: (-round(float(votes[i]), 9), i)):
        if len(chosen) < MOST_SENTENCES and not any(_repeats(words[place], words[other]) for other in chosen):
            chosen.append(place)
    return tuple(SummarySentence(text=looked_at[i].text, page=looked_at[i].page) for i in sorted(chosen))


def _votes(words: Sequence[frozenset[str]]) -> npt.NDArray[np.float64]:
    """How much each sentence counts, shape (n,)."""
    size = len(words)
    weights = np.zeros((size, size))
    for i in range(size):
        for j in range(i):
            if shared := len(words[i] & words[j]):
                weights[i, j] = weights[j, i] = shared / (log(len(words[i]) + 1) + log(len(words[j]) + 1))
    sums = weights.sum(axis=1, keepdims=True)
    spread = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    votes = np.full(size, 1.0)
    for _ in range(_ROUNDS):
        votes = 1 - _DAMPING + _DAMPING * (votes @ spread)
    return votes


def _repeats(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(ours) and len(ours & theirs) >= _REPEATS * min(len(ours), len(theirs))
