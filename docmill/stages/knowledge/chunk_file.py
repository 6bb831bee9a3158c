"""The chunks artefact: one Arrow IPC file per document, columns as the knowledge base keeps them.

Columns: id, document_id, page, start, end, text, confidence, boxes (a JSON list of [x0, y0, x1, y1] in pixels),
vector (384 float32, length 1).
Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from docmill.errors import StageFailed
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.embedding import DIMENSIONS, Vectors

if TYPE_CHECKING:
    import pyarrow as pa


@lru_cache(maxsize=1)
def schema() -> "pa.Schema":
    """The Arrow schema of a chunks file and of the knowledge base."""
    import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

    text, whole, real = pa.string(), pa.int32(), pa.float64()
    columns = {
        "id": text,
        "document_id": text,
        "page": whole,
        "start": whole,
        "end": whole,
        "text": text,
        "confidence": real,
        "boxes": text,
    }
    return pa.schema(
        [*(pa.field(name, kind, nullable=False) for name, kind in columns.items()), ("vector", pa.list_(pa.float32(), DIMENSIONS))]
    )


def write_chunks(path: Path, chunks: Sequence[Chunk], vectors: Vectors) -> None:
    """Write chunks with their vectors, shape (len(chunks), 384), in that order. The same input gives the same bytes."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    rows = [{**chunk.model_dump(exclude={"boxes"}), "boxes": json.dumps(chunk.boxes)} for chunk in chunks]
    columns = [pa.array([row[name] for row in rows], kind) for name, kind in zip(schema().names[:-1], schema().types[:-1], strict=True)]
    columns.append(pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1), pa.float32()), DIMENSIONS))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema()) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=schema()))


def read_chunks(path: Path) -> "pa.Table":
    """The rows of a chunks file.

    Raises:
        StageFailed: the file is not one, or was written by another version of this stage.
    """
    import pyarrow as pa  # noqa: PLC0415 - see schema

    try:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as reader:
            table = reader.read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise StageFailed("a chunks file cannot be read") from error
    if not table.schema.equals(schema()):
        raise StageFailed("a chunks file has other columns than this version writes")
    return table


def without_passages(source: Path, out: Path, places: Sequence[tuple[int, int, int]]) -> int:
    """Write a chunks file again without the chunks that lie for the most part in one of the places (page, start, end); returns how many went.

    Raises:
        StageFailed: the file cannot be read.
    """
    import pyarrow as pa  # noqa: PLC0415 - see schema

    table = read_chunks(source)
    rows = zip(*(table.column(name).to_pylist() for name in ("page", "start", "end")), strict=True)
    kept = [
        not any(page == at and 2 * (min(end, close) - max(start, begin)) > end - start for at, begin, close in places)
        for page, start, end in rows
    ]
    with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_file(sink, schema()) as writer:
        writer.write_table(table.filter(pa.array(kept, pa.bool_())))
    return kept.count(False)


def is_chunks_file(path: Path) -> bool:
    """Whether a file can be read by `read_chunks`; looks at its head and foot only."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    try:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as reader:
            return bool(reader.schema.equals(schema()))
    except (pa.ArrowInvalid, OSError):
        return False
