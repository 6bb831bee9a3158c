"""Chunk files made by hand, a knowledge base in a LanceDB directory, and what lies in it."""

from pathlib import Path

import numpy as np
import pytest

from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Source
from docmill.values.geometry import Box
from docmill.values.keys import digest


def document(name: str) -> str:
    return digest(name)[:32]


def chunks_of(document_id: str, texts: tuple[str, ...], *, edition: str = "") -> list[Chunk]:
    return [
        Chunk(
            id=digest(document_id, edition, i, text)[:32], document_id=document_id, page=i + 1, start=0, end=len(text), text=text,
            confidence_score=0.9, boxes=(Box(1.0, 2.0, 30.5, 4.0),),
        )
        for i, text in enumerate(texts)
    ]  # fmt: skip


def chunk_file(folder: Path, document_id: str, count: int, *, edition: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{document_id}{edition}.arrow"
    chunks = chunks_of(document_id, tuple(f"chunk {i} {edition}" for i in range(count)), edition=edition)
    vectors = np.random.default_rng(7).normal(size=(count, DIMENSIONS)).astype(np.float32)
    write_chunks(path, chunks, vectors)
    return path


@pytest.fixture
def base(tmp_path: Path) -> LanceKnowledgeBase:
    return LanceKnowledgeBase(tmp_path / "knowledge")


def rows(base: LanceKnowledgeBase, tenant: str = "acme") -> list[dict[str, object]]:
    return base._opened(tenant).to_arrow().to_pylist()


def sources(files: dict[str, Path]) -> list[Source]:
    return [Source(name, path) for name, path in files.items()]


def editions(base: LanceKnowledgeBase) -> dict[str, list[str]]:
    """Document -> the edition of each of its chunks; no chunk is there twice."""
    found = rows(base)
    assert len(found) == len({row["id"] for row in found})
    seen: dict[str, list[str]] = {}
    for row in found:
        seen.setdefault(str(row["document_id"]), []).append(str(row["text"]).split()[-1])
    return seen
