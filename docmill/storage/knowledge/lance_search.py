"""Searching one tenant's table: by vector, by full text, or both fused. A search sees one version of the table from begin to end."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from docmill.errors import InvalidOptions
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.embedding import embed
from docmill.stages.knowledge.vectors import Vectors
from docmill.storage.knowledge.conditions import of_filters
from docmill.storage.knowledge.fusion import fused
from docmill.storage.knowledge.lance_table import answer, origin_of
from docmill.storage.knowledge.ports import Hit, Query, SearchMode
from docmill.storage.knowledge.terms import terms
from docmill.values.geometry import Box

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

CANDIDATES: Final = 100
"""Chunks that each side brings to a hybrid search, at least."""

PARTITIONS_PROBED: Final = 32
"""Parts of an approximate index that a search looks into; more finds more and takes longer. See benchmarks/index_size.py."""

MAX_LIMIT: Final = 1000
MAX_QUERY_LENGTH: Final = 10_000

Ranking = list[tuple[int, float]]
"""(row id, score), best first. Row ids hold for one version of the table."""


def search_table(table: "Table", query: Query) -> list[Hit]:
    """See KnowledgeBase.search."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidOptions(f"a search gives 1-{MAX_LIMIT} hits")
    if len(query.text) > MAX_QUERY_LENGTH:
        raise InvalidOptions(f"a query has at most {MAX_QUERY_LENGTH} characters")
    ranking = _MODES[query.mode](table, query)[: query.limit] if query.text.strip() else []
    return _hits(table, ranking) if ranking else []


def _asked(table: "Table", query: Query) -> Vectors:
    """The query's vector, by the model that made the table's: another one may be wanted already."""
    vector: Vectors = embed([query.text], origin_of(table))[0]
    return vector


def _by_vector(table: "Table", query: Query) -> Ranking:
    return _nearest(table, _asked(table, query), query, query.limit)


def _by_text(table: "Table", query: Query) -> Ranking:
    return _matching(table, query, query.limit)[0]


def _by_both(table: "Table", query: Query) -> Ranking:
    vector, wanted = _asked(table, query), max(CANDIDATES, query.limit)
    matching, vectors = _matching(table, query, wanted, also=("vector",))
    have_vector: list[bool] = (vectors != 0).any(axis=1).tolist()
    found = zip(matching, (vectors @ vector).tolist(), have_vector, strict=True)
    cosines = {row: float(cosine) if has_vector else None for (row, _), cosine, has_vector in found}
    return fused({**cosines, **dict(_nearest(table, vector, query, wanted))}, dict(matching))


_MODES: Mapping[SearchMode, "Callable[[Table, Query], Ranking]"] = {
    SearchMode.VECTOR: _by_vector,
    SearchMode.TEXT: _by_text,
    SearchMode.HYBRID: _by_both,
}


def _nearest(table: "Table", vector: Vectors, query: Query, limit: int) -> Ranking:
    asked: Any = table.search(vector, vector_column_name="vector").limit(limit)
    found = _found(asked.nprobes(PARTITIONS_PROBED), query, ["_distance"])
    # vectors have length 1 and LanceDB gives the squared Euclidean distance d, so the cosine is 1 - d / 2
    return [(row, 1.0 - d / 2) for row, d in zip(_column(found, "_rowid"), _column(found, "_distance"), strict=True)]


def _matching(table: "Table", query: Query, limit: int, also: Sequence[str] = ()) -> tuple[Ranking, Vectors]:
    """The ranking, and with also=("vector",) the rows' vectors, shape (n, dimensions)."""
    from lancedb.query import MatchQuery  # noqa: PLC0415 - loads in 1 s with 180 MB of native code, only where the index is used

    wanted = terms(query.text)
    if not wanted:
        return [], np.zeros((0, origin_of(table).dimensions), dtype=np.float32)
    # a MatchQuery is data: no character of it is syntax
    asked: Any = MatchQuery(wanted, "terms")  # type: ignore[call-arg] # its defaults are hidden from mypy
    found = _found(table.search(asked, query_type="fts").limit(limit), query, ["_score", *also])
    ranking = list(zip(_column(found, "_rowid"), _column(found, "_score"), strict=True))
    return ranking, vectors_in(found) if also else np.zeros((len(ranking), 0), dtype=np.float32)


def vectors_in(found: "pa.Table") -> Vectors:
    """The column `vector`, shape (rows, dimensions); zeros for chunks that wait for theirs."""
    column = found.column("vector").combine_chunks()
    vectors = np.zeros((len(column), column.type.list_size), dtype=np.float32)
    # through Arrow's own memory: a hundred vectors as Python floats take longer than the search
    kept = column.drop_null().flatten().to_numpy(zero_copy_only=False)
    vectors[column.is_valid().to_numpy(zero_copy_only=False)] = kept.reshape(-1, column.type.list_size)
    return vectors


# Any: the query builders of LanceDB carry no types
def _found(asked: Any, query: Query, columns: list[str]) -> "pa.Table":
    condition = of_filters(query.filters)
    if condition is not None:
        asked = asked.where(condition, prefilter=True)
    return answer(lambda: asked.with_row_id(True).select(columns).to_arrow())  # noqa: FBT003 - a search asks so, a take does not


def _column(found: "pa.Table", name: str) -> list[Any]:
    values: list[Any] = found.column(name).to_pylist()
    return values


def _hits(table: "Table", ranking: Ranking) -> list[Hit]:
    columns = [*Chunk.model_fields, "is_redacted"]
    found = answer(lambda: table.take_row_ids([row for row, _ in ranking]).with_row_id().select(columns).to_list())
    by_row = {row["_rowid"]: row for row in found}
    return [_hit(by_row[row], score) for row, score in ranking]


def _hit(row: Mapping[str, object], score: float) -> Hit:
    kept = {name: row[name] for name in Chunk.model_fields if name != "boxes"}
    boxes = tuple(Box(*box) for box in json.loads(str(row["boxes"])))
    return Hit(chunk=Chunk.model_validate({**kept, "boxes": boxes}), score=round(score, 4), is_redacted=bool(row["is_redacted"]))
