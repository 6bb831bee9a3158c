"""Chunk files on their way into the knowledge base."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from docmill.errors import DocmillError, StageFailed
from docmill.stages.knowledge.chunk_file import read_chunks

if TYPE_CHECKING:
    import pyarrow as pa


def rows_of(document_id: str, path: Path) -> "pa.Table":
    """The rows of one document's chunks file.

    Raises:
        StageFailed: it is no chunks file, or holds chunks of another document.
    """
    rows = read_chunks(path)
    if any(owner != document_id for owner in rows.column("document_id").unique().to_pylist()):
        raise StageFailed("a chunks file belongs to another document")
    return rows


class ChunkStream:
    """Record batches of many chunks files, one file in memory at a time, read once.

    Attributes:
        rows: how many have been read.
        error: what ended the stream early. LanceDB turns errors of its source into plain RuntimeErrors, so the typed one waits here.
    """

    def __init__(self, chunk_files: Iterable[tuple[str, Path]]) -> None:
        self._chunk_files = chunk_files
        self.rows = 0
        self.error: DocmillError | None = None

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """The batches.

        Raises:
            StageFailed: see rows_of.
        """
        try:
            for document_id, path in self._chunk_files:
                rows = rows_of(document_id, path)
                self.rows += rows.num_rows
                yield from rows.to_batches()
        except DocmillError as error:
            self.error = error
            raise
