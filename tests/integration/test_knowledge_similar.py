"""Similar documents and near-duplicates: on a real LanceDB table, and through service, command line and API over milled documents."""

import contextlib
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from milled_papers import INVOICE, LETTER, ingest, mill_anew
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import InvalidOptions, NotFound
from docmill.gateway.app import create_app
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.services.erase import erase
from docmill.services.search_similar import similar_documents
from docmill.services.uploads import queue
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.likeness import NEAR_DUPLICATE, overlap, shingles
from docmill.storage.knowledge.ports import DocumentFacts, Filters, Source
from docmill.values.keys import digest

WORDS = [f"word{n}" for n in range(120)]


def changed(share, seed=3):
    """The words with so many of them replaced."""
    chance = np.random.default_rng(seed)
    return [f"other{n}" if chance.random() < share else word for n, word in enumerate(WORDS)]


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        (WORDS, WORDS, 1.0, 1.0),
        (changed(0.02, 1), changed(0.02, 2), NEAR_DUPLICATE, 0.97),  # two readings of one page
        (WORDS, changed(0.15), 0.3, NEAR_DUPLICATE - 0.05),  # next month's invoice
        (WORDS, WORDS[::-1], 0.0, 0.1),
        (["two", "words"], ["two", "words"], 1.0, 1.0),
        ([], [], 0.0, 0.0),
    ],
)
def test_overlap(ours, theirs, low, high):
    assert low <= overlap(shingles([" ".join(ours)]), shingles([" ".join(theirs)])) <= high
    # where a text was cut into chunks does not matter
    assert shingles([" ".join(ours[:50]), " ".join(ours[50:])]) == shingles([" ".join(ours)])


def direction(*parts):
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(parts)] = parts
    return vector / np.linalg.norm(vector)


def source(folder, name, rows, **facts):
    document = digest(name)[:32]
    chunks = [
        Chunk(id=digest(name, n)[:32], document_id=document, page=n + 1, start=0, end=len(text), text=text, confidence_score=1.0, boxes=())
        for n, (text, _) in enumerate(rows)
    ]
    path = folder / f"{document}.arrow"
    write_chunks(path, chunks, np.array([vector for _, vector in rows]))
    return Source(document, path, DocumentFacts(**facts))


def test_near_duplicates_come_first_then_what_is_about_the_same(tmp_path):
    base = LanceKnowledgeBase(tmp_path / "knowledge")
    text = " ".join(WORDS)
    rows = {
        "asked": [(text, direction(1)), ("second page of it", direction(0, 1))],
        "copy": [(text, direction(1, 0, 1)), ("second page of it", direction(0, 1, 1))],
        "kin": [("the same matter in other words", direction(1, 1))],
        "half": [("only one page is alike", direction(1)), ("and one is not", direction(0, 0, 0, 1))],
        "far": [("nothing of the kind", direction(0, 0, 0, 0, 1))],
    }
    asked, names = digest("asked")[:32], {digest(name)[:32]: name for name in rows}
    assert base.similar("acme", asked, 10, Filters()) == []
    base.replace("acme", [source(tmp_path, name, own, kind="letter" if name == "kin" else "invoice") for name, own in rows.items()])
    found = base.similar("acme", asked, 10, Filters())
    assert [names[one.document_id] for one in found] == ["copy", "kin", "half", "far"]
    assert [one.is_near_duplicate for one in found] == [True, False, False, False]
    assert [one.score for one in found] == pytest.approx([0.5774, 1.0, 0.5, 0.0], abs=1e-3)
    assert [one.overlap for one in found] == [1.0, 0.0, 0.0, 0.0]
    assert [names[one.document_id] for one in base.similar("acme", asked, 2, Filters())] == ["copy", "kin"]
    assert [names[one.document_id] for one in base.similar("acme", asked, 9, Filters(kind="letter"))] == ["kin"]
    assert base.similar("other", asked, 9, Filters()) == []
    for limit, name in ((0, asked), (1001, asked), (5, "x' OR TRUE --")):
        with pytest.raises(InvalidOptions):
            base.similar("acme", name, limit, Filters())


def test_documents_that_were_milled(room, tmp_path):
    texts = {"invoice": INVOICE, "again": INVOICE.replace("Questions", "Any questions"), "letter": LETTER}
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    invoice, again, letter = ingest(room, *(tmp_path / f"{name}.txt" for name in texts))
    found = similar_documents(room, invoice[:8], 10, Filters()).results
    assert [(one.document_id, one.name, one.is_near_duplicate) for one in found] == [
        (again, "again.txt", True),
        (letter, "letter.txt", False),
    ]
    told = json.loads(CliRunner().invoke(app, ["similar", invoice, "--limit", "1", "--json"]).stdout)
    assert set(told) == {"document_id", "results", "took_ms"}
    assert set(told["results"][0]) == {"document_id", "name", "score", "overlap", "is_near_duplicate"}
    assert "near-duplicate" in CliRunner().invoke(app, ["similar", invoice]).stdout

    mill_anew(room, letter, index=False)
    assert [one.document_id for one in similar_documents(room, invoice, 10, Filters()).results] == [again]
    with pytest.raises(NotFound, match="index"):
        similar_documents(room, letter, 10, Filters())
    erase(room, again)
    assert similar_documents(room, invoice, 10, Filters()).results == ()
    with pytest.raises(NotFound):
        similar_documents(room, again, 10, Filters())


def test_http(room, tmp_path):
    for name, text in (("invoice", INVOICE), ("again", INVOICE.replace("Questions", "Any questions"))):
        (tmp_path / f"{name}.txt").write_text(text)
    first, second = ingest(room, *(tmp_path / f"{name}.txt" for name in ("invoice", "again")))
    made = create_app(Desk(room, UploadLimits(lambda: queue(room)), lambda: None, lambda: True), None, names={"testserver"})
    with contextlib.closing(TestClient(made)) as client:
        told = client.get(f"/api/v1/documents/{first}/similar").json()
        assert [(one["document_id"], one["is_near_duplicate"]) for one in told["results"]] == [(second, True)]
        assert client.get(f"/api/v1/documents/{first}/similar?collection=none").json()["results"] == []
        assert client.get(f"/api/v1/documents/{'0' * 32}/similar").status_code == 404
        assert client.get("/api/v1/documents/nonsense/similar").status_code == 422
