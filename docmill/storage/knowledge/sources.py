"""Chunk files on their way into the knowledge base: rows of the table, with terms and the facts of their document."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from docmill.errors import DocmillError, StageFailed
from docmill.stages.knowledge.chunk_file import read_chunks
from docmill.stages.knowledge.chunk_file import schema as chunk_schema
from docmill.storage.knowledge.ports import DocumentFacts, Source
from docmill.storage.knowledge.terms import terms

if TYPE_CHECKING:
    import pyarrow as pa


@lru_cache(maxsize=1)
def row_schema() -> "pa.Schema":
    """The table's columns: those of a chunks file, then `terms` and the document's facts; days are ISO 8601 text.

    A table of other columns is one of another docmill version.
    """
    import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

    text = pa.string()
    facts = {"kind": text, "document_date": text, "accepted_on": text, "language": text, "tags": pa.list_(text), "collection": text}
    more = [("terms", text), *facts.items(), ("is_redacted", pa.bool_())]
    return pa.schema([*chunk_schema(), *more])


def rows_of(source: Source) -> "pa.Table":
    """The rows of one document.

    Raises:
        StageFailed: its file is no chunks file, or holds chunks of another document.
    """
    import pyarrow as pa  # noqa: PLC0415 - see row_schema

    rows = read_chunks(source.path)
    if any(owner != source.document_id for owner in rows.column("document_id").unique().to_pylist()):
        raise StageFailed("a chunks file belongs to another document")
    found = [terms(text) for text in rows.column("text").to_pylist()]
    added = {"terms": found, **{name: [value] * rows.num_rows for name, value in _facts(source.facts).items()}}
    arrays = [pa.array(added[name], row_schema().field(name).type) for name in row_schema().names[rows.num_columns :]]
    return pa.Table.from_arrays([*rows.columns, *arrays], schema=row_schema())


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

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = sources
        self.rows = 0
        self.error: DocmillError | None = None

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """The batches.

        Raises:
            StageFailed: see rows_of.
        """
        try:
            for source in self._sources:
                rows = rows_of(source)
                self.rows += rows.num_rows
                yield from rows.to_batches()
        except DocmillError as error:
            self.error = error
            raise
