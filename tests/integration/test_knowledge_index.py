"""The verb on page files, as the cell calls it: page JSON in, chunks file out, searchable afterwards."""

import json
from pathlib import Path

import numpy as np
import pytest

from docmill.errors import StageFailed
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import is_chunks_file, origin_in, read_chunks, schema, without_passages, write_chunks, write_table
from docmill.stages.knowledge.onnx_model import OnnxModel
from docmill.stages.knowledge.tokens import token_ids
from docmill.stages.knowledge.verbs import index
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Query, SearchMode, Source
from docmill.values.embedding import PACKAGED_ORIGIN, EmbeddingSpec, VectorOrigin
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

DOCUMENT = "0123456789abcdef" * 2
TEXTS = ("The rent is due on the first of every month.", "Penguins breed on the ice.", "Deliver ten boxes of twine to the mill.")


@pytest.fixture
def page_paths(tmp_path: Path) -> list[str]:
    paths = []
    for number, text in enumerate(TEXTS, start=1):
        words = tuple(Word(text=w, box=Box(i * 50.0, 10.0, i * 50.0 + 40.0, 30.0), confidence=0.8) for i, w in enumerate(text.split()))
        page = Page(number=number, width_px=800, height_px=600, dpi=200, lines=(Line(words=words),), source="tesseract", language="en")
        path = tmp_path / f"page-{number}.json"
        path.write_text(page.model_dump_json())
        paths.append(str(path))
    return paths


def test_pages_become_rows_that_search_finds(page_paths: list[str], tmp_path: Path) -> None:
    out = tmp_path / "chunks.arrow"
    told = index(page_paths, DOCUMENT, str(out))
    told = json.loads(json.dumps(told))
    assert (told["chunks"], told["failed"]) == (3, 0)
    assert [one[0] for one in told["least_sure"]] == [1, 2, 3]
    table = read_chunks(out)
    assert table.schema.equals(schema())
    assert table.column("text").to_pylist() == list(TEXTS)
    assert table.column("page").to_pylist() == [1, 2, 3]
    assert json.loads(table.column("boxes")[0].as_py()) == [[0.0, 10.0, 490.0, 30.0]]
    assert np.allclose(np.linalg.norm(np.array(table.column("vector").to_pylist()), axis=1), 1.0, atol=1e-5)

    base = LanceKnowledgeBase(tmp_path / "knowledge")
    assert base.replace("acme", [Source(DOCUMENT, out)]) == 3
    (hit,) = base.search("acme", Query("when must the flat be paid", SearchMode.VECTOR, 1))
    assert (hit.chunk.page, hit.chunk.text, hit.chunk.confidence_score) == (1, TEXTS[0], 0.8)


def test_the_same_pages_give_the_same_bytes(page_paths: list[str], tmp_path: Path) -> None:
    for name in ("a", "b"):
        index(page_paths, DOCUMENT, str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_failed_chunk_is_counted_and_left_out(page_paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = OnnxModel.run
    (penguins,) = token_ids(["penguins"])

    def run(model: OnnxModel, ids: list[list[int]]) -> object:
        if any(penguins[1] in row for row in ids):
            raise RuntimeError("no")
        return real(model, ids)

    monkeypatch.setattr(OnnxModel, "run", run)
    told = index(page_paths, DOCUMENT, str(tmp_path / "out"))
    assert (told["chunks"], told["failed"]) == (2, 1)
    assert read_chunks(tmp_path / "out").column("page").to_pylist() == [1, 3]


def test_a_blank_document_has_a_file_without_rows(tmp_path: Path) -> None:
    blank = Page(number=1, width_px=800, height_px=600, dpi=200, lines=(), source="none", language="en")
    (tmp_path / "page.json").write_text(blank.model_dump_json())
    told = index([str(tmp_path / "page.json")], DOCUMENT, str(tmp_path / "out"))
    assert told == {"chunks": 0, "failed": 0, "least_sure": []}
    assert read_chunks(tmp_path / "out").num_rows == 0


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa

    with pa.OSFile(str(tmp_path / "other"), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("id", pa.string())])):
        pass
    with pytest.raises(StageFailed, match="other columns"):
        read_chunks(tmp_path / "other")


@pytest.mark.parametrize(
    "origin", [PACKAGED_ORIGIN, VectorOrigin(spec=EmbeddingSpec(provider="onnx", place="/m"), identity="0" * 16, dimensions=8)]
)
def test_a_file_without_some_passages_keeps_its_vectors_and_their_mark(tmp_path: Path, origin: VectorOrigin) -> None:
    chunks = [
        Chunk(id=f"{n}", document_id=DOCUMENT, page=1, start=10 * n, end=10 * n + 10, text="x" * 10, confidence_score=1.0, boxes=())
        for n in range(3)
    ]
    vectors = np.eye(3, origin.dimensions, dtype=np.float32)
    write_chunks(tmp_path / "whole", chunks, vectors, origin)
    assert without_passages(tmp_path / "whole", tmp_path / "less", [(1, 8, 21)]) == 1
    table = read_chunks(tmp_path / "less")
    assert origin_in(table.schema) == origin
    assert table.column("id").to_pylist() == ["0", "2"]
    assert np.array_equal(np.array(table.column("vector").to_pylist()), vectors[[0, 2]])


def test_a_chunks_file_with_the_earlier_name_of_a_column_is_read(tmp_path):
    chunks = [Chunk(id="1", document_id=DOCUMENT, page=1, start=0, end=4, text="some", confidence_score=0.75, boxes=())]
    write_chunks(tmp_path / "new", chunks, None, VectorOrigin(identity="other", dimensions=8))
    table = read_chunks(tmp_path / "new")
    assert table.column("confidence_score").to_pylist() == [0.75]
    earlier = table.rename_columns(["confidence" if name == "confidence_score" else name for name in table.column_names])
    write_table(tmp_path / "old", earlier.replace_schema_metadata(table.schema.metadata))
    assert is_chunks_file(tmp_path / "old")
    assert read_chunks(tmp_path / "old").equals(table, check_metadata=True)
    write_table(
        tmp_path / "foreign", table.rename_columns(["trust" if name == "confidence_score" else name for name in table.column_names])
    )
    assert not is_chunks_file(tmp_path / "foreign")
    with pytest.raises(StageFailed):
        read_chunks(tmp_path / "foreign")
