"""Documents like a given one, in one tenant's table.

Candidates are the documents of the chunks nearest to its mean vector and to some of its chunks; they are then compared as wholes.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from docmill.errors import InvalidOptions
from docmill.stages.knowledge.vectors import Vectors
from docmill.storage.knowledge.conditions import of_documents, of_filters
from docmill.storage.knowledge.lance_search import MAX_LIMIT, PARTITIONS_PROBED, vectors_in
from docmill.storage.knowledge.lance_table import answer
from docmill.storage.knowledge.likeness import NEAR_DUPLICATE, mean_vector, overlap, shingles
from docmill.storage.knowledge.ports import Filters, Likeness

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

PROBES: Final = 8
"""Chunks of the document that look for neighbours of their own, spread evenly over it."""

CANDIDATES: Final = 20
"""Documents that are compared as wholes, at least."""

CHUNKS_PER_CANDIDATE: Final = 5
_ALL: Final = 1_000_000  # without a limit LanceDB gives ten rows


def similar_in(table: "Table", document_id: str, limit: int, filters: Filters) -> list[Likeness]:
    """See KnowledgeBase.similar."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidOptions(f"a search gives 1-{MAX_LIMIT} documents")
    own = _chunks_of(table, [document_id])
    if not own.num_rows:
        return []
    vectors = vectors_in(own)
    candidates = _candidates(table, vectors, document_id, max(CANDIDATES, 2 * limit), filters)
    if not candidates:
        return []
    ours, direction = shingles(own.column("terms").to_pylist()), mean_vector(vectors)
    found = _chunks_of(table, candidates)
    theirs, owners = vectors_in(found), np.array(found.column("document_id").to_pylist())
    terms, redacted = np.array(found.column("terms").to_pylist(), dtype=object), found.column("is_redacted").to_pylist()
    likenesses = []
    for name in candidates:
        (places,) = np.nonzero(owners == name)
        share = overlap(ours, shingles(terms[places]))
        score = float(mean_vector(theirs[places]) @ direction)
        is_redacted = all(redacted[place] for place in places)
        likenesses.append(Likeness(name, round(score, 4), round(share, 4), share >= NEAR_DUPLICATE, is_redacted))
    return sorted(likenesses, key=lambda one: (-one.is_near_duplicate, -one.score, one.document_id))[:limit]


def _candidates(table: "Table", vectors: Vectors, document_id: str, wanted: int, filters: Filters) -> list[str]:
    """Document ids, nearest chunk first."""
    spread = np.unique(np.linspace(0, len(vectors) - 1, PROBES).round().astype(int))
    condition = " AND ".join(part for part in (f"NOT {of_documents([document_id])}", of_filters(filters)) if part)
    found: dict[str, float] = {}
    for probe in (mean_vector(vectors), *vectors[spread]):
        rows = _nearest(table, probe, condition, wanted * CHUNKS_PER_CANDIDATE)
        for name, distance in zip(rows.column("document_id").to_pylist(), rows.column("_distance").to_pylist(), strict=True):
            found[name] = min(distance, found.get(name, distance))
    return sorted(found, key=lambda name: (found[name], name))[:wanted]


def _nearest(table: "Table", probe: Vectors, condition: str, limit: int) -> "pa.Table":
    asked: Any = table.search(probe, vector_column_name="vector")  # Any: the query builders of LanceDB carry no types
    asked = asked.limit(limit).nprobes(PARTITIONS_PROBED).where(condition, prefilter=True)
    found: pa.Table = answer(asked.select(["document_id", "_distance"]).to_arrow)
    return found


def _chunks_of(table: "Table", document_ids: Sequence[str]) -> "pa.Table":
    """Terms, vectors and owners of all chunks, in the order of the documents' pages."""
    columns = ["document_id", "page", "start", "terms", "vector", "is_redacted"]
    asked: Any = table.search().where(of_documents(document_ids)).select(columns).limit(_ALL)
    found: pa.Table = answer(asked.to_arrow)
    return found.sort_by([("document_id", "ascending"), ("page", "ascending"), ("start", "ascending")])
