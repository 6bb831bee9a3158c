"""How alike two documents are: what they are about, and whether they are the same text.

Belongs here: the figures. Does not belong here: finding candidates (lance_similar).
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import numpy as np

from docmill.stages.knowledge.vectors import Vectors

SHINGLE_TERMS: Final = 3
NEAR_DUPLICATE: Final = 0.7
"""Least overlap of near-duplicates. Two OCR readings of one page with one word in twenty misread share 0.75 of their shingles; next month's
invoice of the same sender, with every seventh word changed, 0.45. See docs/search.md."""


def mean_vector(vectors: Vectors) -> Vectors:
    """The direction of a document: the mean of its chunks' vectors, shape (n, dimensions) -> (dimensions,), length 1 (0 where they cancel out)."""
    mean = vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    normal: Vectors = (mean / length if length > 0 else mean).astype(np.float32)
    return normal


def shingles(terms_of_chunks: Iterable[str]) -> frozenset[str]:
    """Every run of three terms of a document, chunk after chunk; of a shorter document its terms as they are."""
    terms = [term for chunk in terms_of_chunks for term in chunk.split()]
    runs = zip(pairwise(terms), terms[SHINGLE_TERMS - 1 :], strict=False)
    found = frozenset(f"{first} {second} {third}" for (first, second), third in runs)
    return found or frozenset(filter(None, [" ".join(terms)]))


def overlap(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """Jaccard's index of two sets of shingles, 0.0-1.0 (Broder 1997, On the resemblance and containment of documents)."""
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0
