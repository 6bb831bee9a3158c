"""Two rankings become one: the weighted sum of normalised scores, with one parameter set for all collections.

Every candidate of either side gets both scores: its cosine (clipped at 0) and its BM25 (0 when none of the query's terms is in it), each
divided by the best of this query. Unlike reciprocal rank fusion this keeps distances: an identifier that one chunk alone has outweighs a
crowd of chunks that look alike. The figures come from benchmarks/retrieval.py; see docs/search.md.
"""

from collections.abc import Mapping
from typing import Final

VECTOR_WEIGHT: Final = 0.65
"""Share of the cosine in the sum; the rest is BM25's."""


def fused(cosines: Mapping[int, float | None], bm25: Mapping[int, float]) -> list[tuple[int, float]]:
    """(row, score 0.0-1.0), best first; equal scores in order of the row.

    Args:
        cosines: row -> cosine of query and chunk, for every candidate; None for one that waits for its vector, which is ranked by BM25 alone.
        bm25: row -> BM25, for the candidates that full text search found.
    """
    best_cosine = max((one for one in cosines.values() if one is not None), default=0.0)
    best_bm25 = max(bm25.values(), default=0.0)
    scores = {}
    for row, cosine in cosines.items():
        words = _share(bm25.get(row, 0.0), best_bm25)
        scores[row] = words if cosine is None else VECTOR_WEIGHT * _share(cosine, best_cosine) + (1 - VECTOR_WEIGHT) * words
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def _share(score: float, best: float) -> float:
    return max(0.0, score) / best if best > 0 else 0.0
