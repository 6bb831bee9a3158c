"""Chunk files on their way into the knowledge base: rows of the table, with terms and the facts of their document."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from docmill.errors import DocmillError, StageFailed
from docmill.stages.knowledge.chunk_file import marked, origin_in, read_chunks
from docmill.stages.knowledge.chunk_file import schema as chunk_schema
from docmill.storage.knowledge.ports import DocumentFacts, Source
from docmill.storage.knowledge.terms import terms
from docmill.values.embedding import PACKAGED_DIMENSIONS, VectorOrigin

if TYPE_CHECKING:
    import pyarrow as pa


@lru_cache(maxsize=8)
def row_schema(dimensions: int = PACKAGED_DIMENSIONS) -> "pa.Schema":
    """The table's columns: those of a chunks file, then `terms` and the document's facts; days are ISO 8601 text. Without metadata.

    A table of other columns is one of another docmill version.
    """
    import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

    text = pa.string()
    facts = {"kind": text, "document_date": text, "accepted_on": text, "language": text, "tags": pa.list_(text), "collection": text}
    more = [("terms", text), *facts.items(), ("is_redacted", pa.bool_())]
    return pa.schema([*chunk_schema(dimensions), *more])


def table_schema(origin: VectorOrigin) -> "pa.Schema":
    """The schema of a table that holds vectors of one model, with the mark that says so."""
    return marked(row_schema(origin.dimensions), origin)


def origin_of_file(source: Source) -> VectorOrigin:
    """What the vectors of a document were made with.

    Raises:
        StageFailed: its file is no chunks file.
    """
    return origin_in(read_chunks(source.path).schema)


def rows_of(source: Source, origin: VectorOrigin) -> "pa.Table":
    """The rows of one document for a table of one model.

    Vectors of another model are left out: full text finds these chunks, comparison by meaning when they were embedded again.

    Raises:
        StageFailed: its file is no chunks file, or holds chunks of another document.
    """
    import pyarrow as pa  # noqa: PLC0415 - see row_schema

    rows = read_chunks(source.path)
    if any(owner != source.document_id for owner in rows.column("document_id").unique().to_pylist()):
        raise StageFailed("a chunks file belongs to another document")
    if origin_in(rows.schema).identity != origin.identity:
        plain = chunk_schema(origin.dimensions)
        waiting = pa.nulls(rows.num_rows, plain.field("vector").type)
        rows = pa.Table.from_arrays([*rows.drop_columns(["vector"]).columns, waiting], schema=plain)
    found = [terms(text) for text in rows.column("text").to_pylist()]
    added = {"terms": found, **{name: [value] * rows.num_rows for name, value in _facts(source.facts).items()}}
    plain = row_schema(origin.dimensions)
    arrays = [pa.array(added[name], plain.field(name).type) for name in plain.names[rows.num_columns :]]
    return pa.Table.from_arrays([*rows.columns, *arrays], schema=plain)


def _facts(facts: DocumentFacts) -> dict[str, object]:
    return {
        "kind": facts.kind,
        "document_date": facts.document_date.isoformat() if facts.document_date else None,
        "accepted_on": facts.accepted_on.isoformat() if facts.accepted_on else None,
        "language": facts.language,
        "tags": list(facts.tags),
        "collection": facts.collection,
        "is_redacted": facts.is_redacted,
    }


class ChunkStream:
    """Record batches of many chunks files, one file in memory at a time, read once.

    Attributes:
        rows: how many have been read.
        error: what ended the stream early. LanceDB turns errors of its source into plain RuntimeErrors, so the typed one waits here.
    """

    def __init__(self, sources: Iterable[Source], origin: VectorOrigin) -> None:
        self._sources, self._origin = sources, origin
        self.rows = 0
        self.error: DocmillError | None = None

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """The batches.

        Raises:
            StageFailed: see rows_of.
        """
        try:
            for source in self._sources:
                rows = rows_of(source, self._origin)
                self.rows += rows.num_rows
                yield from rows.to_batches()
        except DocmillError as error:
            self.error = error
            raise
