"""What the cell may call of this stage."""

from pathlib import Path

from pydantic import JsonValue

from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.chunking import chunk_pages
from docmill.stages.knowledge.embedding import model_of
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.geometry import union
from docmill.values.pages_file import PageFiles

LEAST_SURE = 20
"""So many chunks of a document are told of, those of least confidence."""


def index(page_paths: list[str], document_id: str, out_path: str, spec: dict[str, JsonValue] | None = None) -> dict[str, JsonValue]:
    """Cut pages into chunks, embed them and write the chunks file.

    A chunk that the model fails on is left out and counted; it does not fail its document.

    Args:
        page_paths: Page JSON files in page order.
        document_id: whose pages they are; enters the chunk ids.
        out_path: where the Arrow IPC file of docmill.stages.knowledge.chunk_file goes.
        spec: EmbeddingSpec of the model; the packaged one without it.

    Returns:
        {"chunks": how many were written, "failed": how many were left out, "least_sure": the 20 of least confidence, each as
        [page, start, end, confidence, box or None], box in pixels}.

    Raises:
        EngineMissing: model or tokenizer is not installed.
        StageFailed: a page file is missing or is not a page.
    """
    model = model_of(EmbeddingSpec.model_validate(spec) if spec else PACKAGED)
    chunks = chunk_pages(PageFiles(page_paths), document_id, model.counts, model.budget)
    vectors, is_done = model.embed_each([chunk.text for chunk in chunks])
    kept = [chunk for chunk, done in zip(chunks, is_done, strict=True) if done]
    write_chunks(Path(out_path), kept, vectors[is_done], model.origin)
    return {"chunks": len(kept), "failed": len(chunks) - len(kept), "least_sure": _least_sure(kept)}


def cut(page_paths: list[str], document_id: str, out_path: str) -> dict[str, JsonValue]:
    """As `index` without embedding: the chunks wait for their vectors. For services, which no cell may ask.

    Raises:
        EngineMissing: the tokenizer is not installed.
    """
    chunks = chunk_pages(PageFiles(page_paths), document_id)
    write_chunks(Path(out_path), chunks, None)
    return {"chunks": len(chunks), "failed": 0, "least_sure": _least_sure(chunks)}


def _least_sure(chunks: list[Chunk]) -> list[JsonValue]:
    found = sorted(chunks, key=lambda one: (one.confidence_score, one.page, one.start))[:LEAST_SURE]
    return [
        [one.page, one.start, one.end, round(one.confidence_score, 4), list(union(one.boxes).rounded()) if one.boxes else None]
        for one in found
    ]
