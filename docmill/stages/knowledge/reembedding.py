"""A chunks file with other vectors: the same chunks, embedded by another model or for the first time."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from docmill.errors import Cancelled
from docmill.stages.knowledge.chunk_file import marked, read_chunks, schema, vector_column, write_table
from docmill.stages.knowledge.embedding import embed_each, model_of
from docmill.values.embedding import EmbeddingSpec

SLICE_TEXTS: Final = 256
"""Texts between two looks at whether to stop."""


def embed_file(source: Path, out: Path, spec: EmbeddingSpec, should_stop: Callable[[], bool] = lambda: False) -> tuple[int, int]:
    """Write the chunks of `source` with vectors of a model to `out`; a chunk that the model fails on is left out.

    Returns:
        How many were embedded, and how many were left out.

    Raises:
        StageFailed: `source` is no chunks file.
        EngineMissing, EngineUnavailable, SettingsInvalid: of the model.
        Cancelled: should_stop said so.
    """
    import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

    table = read_chunks(source)
    texts, parts = table.column("text").to_pylist(), []
    for first in range(0, len(texts), SLICE_TEXTS):
        if should_stop():
            raise Cancelled("the run was stopped")
        parts.append(embed_each(texts[first : first + SLICE_TEXTS], spec))
    origin = model_of(spec).origin
    vectors = np.concatenate([part for part, _ in parts]) if parts else np.zeros((0, origin.dimensions), dtype=np.float32)
    is_done = np.concatenate([done for _, done in parts]) if parts else np.zeros(0, dtype=np.bool_)
    kept = table.drop_columns(["vector"]).filter(pa.array(is_done))
    columns = [*kept.columns, vector_column(vectors[is_done])]
    write_table(out, pa.Table.from_arrays(columns, schema=marked(schema(origin.dimensions), origin)))
    return kept.num_rows, len(texts) - kept.num_rows
