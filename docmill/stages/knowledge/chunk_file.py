"""The chunks artefact: one Arrow IPC file per document, columns as the knowledge base keeps them.

Columns: id, document_id, page, start, end, text, confidence_score, boxes (a JSON list of [x0, y0, x1, y1] in pixels), vector (float32, length 1; null
where a chunk waits for its vector). The schema's metadata say which model made the vectors, under ORIGIN; a file without it holds those of the
packaged model.
Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import ValidationError

from docmill.errors import StageFailed
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.vectors import Vectors
from docmill.values.embedding import PACKAGED_DIMENSIONS, PACKAGED_ORIGIN, VectorOrigin

if TYPE_CHECKING:
    import pyarrow as pa

ORIGIN: Final = b"docmill.embedding"
_EARLIER_NAMES: Final = {"confidence": "confidence_score"}
"""Columns of files that were written before a column got its present name; the rest of such a file is as it is now."""


@lru_cache(maxsize=8)
def schema(dimensions: int = PACKAGED_DIMENSIONS) -> "pa.Schema":
    """The Arrow schema of a chunks file and of the knowledge base, without metadata."""
    import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

    text, whole, real = pa.string(), pa.int32(), pa.float64()
    columns = {
        "id": text,
        "document_id": text,
        "page": whole,
        "start": whole,
        "end": whole,
        "text": text,
        "confidence_score": real,
        "boxes": text,
    }
    return pa.schema(
        [*(pa.field(name, kind, nullable=False) for name, kind in columns.items()), ("vector", pa.list_(pa.float32(), dimensions))]
    )


def marked(plain: "pa.Schema", origin: VectorOrigin) -> "pa.Schema":
    """A schema that says what its vectors were made with; the packaged model needs no mark."""
    return plain if origin == PACKAGED_ORIGIN else plain.with_metadata({ORIGIN: origin.model_dump_json().encode()})


def origin_in(kept: "pa.Schema") -> VectorOrigin:
    """What the vectors under a schema were made with.

    Raises:
        StageFailed: another version of docmill wrote it.
    """
    said = (kept.metadata or {}).get(ORIGIN)
    try:
        return PACKAGED_ORIGIN if said is None else VectorOrigin.model_validate_json(said)
    except ValidationError:
        raise StageFailed("a chunks file says of its vectors what this version does not know") from None


def write_chunks(path: Path, chunks: Sequence[Chunk], vectors: Vectors | None, origin: VectorOrigin = PACKAGED_ORIGIN) -> None:
    """Write chunks with their vectors, shape (len(chunks), dimensions), in that order; None leaves all of them waiting. The same gives the same bytes."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    plain = schema(origin.dimensions)
    rows = [{**chunk.model_dump(exclude={"boxes"}), "boxes": json.dumps(chunk.boxes)} for chunk in chunks]
    columns = [pa.array([row[name] for row in rows], kind) for name, kind in zip(plain.names[:-1], plain.types[:-1], strict=True)]
    columns.append(pa.nulls(len(rows), plain.types[-1]) if vectors is None else vector_column(vectors))
    write_table(path, pa.Table.from_arrays(columns, schema=marked(plain, origin)))


def vector_column(vectors: Vectors) -> "pa.FixedSizeListArray":
    """Vectors of shape (n, dimensions) as a column."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(vectors).reshape(-1), pa.float32()), vectors.shape[1])


def write_table(path: Path, table: "pa.Table") -> None:
    """Write the rows of a chunks file."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_chunks(path: Path) -> "pa.Table":
    """The rows of a chunks file.

    Raises:
        StageFailed: the file is not one, or was written by another version of this stage.
    """
    import pyarrow as pa  # noqa: PLC0415 - see schema

    try:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as reader:
            table = reader.read_all()
            names = [_EARLIER_NAMES.get(name, name) for name in table.column_names]
            table = table.rename_columns(names).replace_schema_metadata(table.schema.metadata)
    except (pa.ArrowInvalid, OSError) as error:
        raise StageFailed("a chunks file cannot be read") from error
    if not _is_ours(table.schema):
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
    write_table(out, table.filter(pa.array(kept, pa.bool_())))  # under its own schema, which says what made the vectors
    return kept.count(False)


def is_chunks_file(path: Path) -> bool:
    """Whether a file can be read by `read_chunks`; looks at its head and foot only."""
    import pyarrow as pa  # noqa: PLC0415 - see schema

    try:
        with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source) as reader:
            return _is_ours(reader.schema)
    except (pa.ArrowInvalid, OSError):
        return False


def _is_ours(found: "pa.Schema") -> bool:
    if "vector" not in found.names:
        return False
    wanted = schema(getattr(found.field("vector").type, "list_size", 0) or 1)
    present = [field.with_name(_EARLIER_NAMES.get(field.name, field.name)) for field in found]
    return present == list(wanted)
