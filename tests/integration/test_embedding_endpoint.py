"""Embeddings of a service over real HTTP: right, slow, failing, of another size, and a text that it refuses."""

import numpy as np
import pytest
from embeddings_server import DIMENSIONS, embeddings_server, vector_of

from docmill.errors import EngineUnavailable, SettingsInvalid
from docmill.settings import settings
from docmill.stages.knowledge import embedding, endpoint_model
from docmill.stages.knowledge.embedding import embed, embed_each, model_of
from docmill.values.embedding import EmbeddingSpec

TEXTS = ("the lease ends in May", "penguins breed on ice", "the lease of the flat")


@pytest.fixture
def server(home, monkeypatch):
    monkeypatch.setenv("DOCMILL_EMBEDDING_KEY", "sk-test")
    monkeypatch.setenv("DOCMILL_EMBEDDING_TIMEOUT_S", "0.5")
    monkeypatch.setattr(endpoint_model, "PAUSE_S", 0.01)
    settings.cache_clear()
    embedding._opened.cache_clear()
    with embeddings_server() as running:
        yield running
    embedding._opened.cache_clear()


def spec_of(server, **more):
    return EmbeddingSpec(**{"provider": "openai", "place": server.url, "model": "test-embedding", "dimensions": DIMENSIONS, **more})


def test_vectors_come_in_order_with_length_1_and_the_key_is_shown(server):
    vectors, is_done = embed_each(TEXTS, spec_of(server))
    assert is_done.all()
    assert vectors.shape == (3, DIMENSIONS)
    for text, vector in zip(TEXTS, vectors, strict=True):
        wanted = np.array(vector_of(text))
        assert vector @ (wanted / np.linalg.norm(wanted)) == pytest.approx(1.0, abs=1e-5)
    assert set(server.keys) == {"Bearer sk-test"}
    model = model_of(spec_of(server))
    assert (model.origin.dimensions, model.budget) == (DIMENSIONS, 254)
    assert np.allclose(embed(TEXTS[:1], model.origin)[0], vectors[0])
    assert embed_each([], spec_of(server))[0].shape == (0, DIMENSIONS)


def test_a_service_is_told_queries_from_passages_where_its_model_wants_that(server):
    spec = spec_of(server, query_prefix="query: ", passage_prefix="passage: ")
    model = model_of(spec)
    embed(TEXTS[:1], model.origin)
    embed_each(TEXTS[1:2], spec)
    assert server.asked == [[f"query: {TEXTS[0]}"], [f"passage: {TEXTS[1]}"]]
    assert model.origin.identity != model_of(spec_of(server)).origin.identity


def test_many_texts_go_in_batches(server):
    texts = [f"text number {n}" for n in range(150)]
    vectors, is_done = embed_each(texts, spec_of(server))
    assert is_done.all()
    assert [len(one) for one in server.asked] == [64, 64, 22]
    assert len(np.unique(vectors.round(6), axis=0)) > 20


def test_a_text_that_is_refused_fails_no_other(server):
    server.poison = "penguins"
    vectors, is_done = embed_each(TEXTS, spec_of(server))
    assert is_done.tolist() == [True, False, True]
    assert not vectors[1].any()


@pytest.mark.parametrize("statuses", [[500], [503, 429], [502, 500]])
def test_a_service_that_stumbles_is_asked_again(server, statuses):
    server.statuses = list(statuses)
    assert embed_each(TEXTS, spec_of(server))[1].all()
    assert len(server.asked) == len(statuses) + 1


def test_a_service_that_stays_down_is_a_retryable_error(server):
    server.statuses = [500] * 5
    with pytest.raises(EngineUnavailable, match="500 3 times"):
        embed_each(TEXTS, spec_of(server))
    with pytest.raises(EngineUnavailable, match="did not answer"):
        embed_each(TEXTS, spec_of(server, place="http://127.0.0.1:9/v1"))


def test_a_slow_service_is_not_waited_for_for_ever(server):
    server.slow_s = 5.0
    with pytest.raises(EngineUnavailable, match="did not answer: ReadTimeout"):
        embed_each(TEXTS[:1], spec_of(server))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_caller_is_told_so_at_once(server, status):
    server.statuses = [status] * 5
    with pytest.raises(SettingsInvalid, match=str(status)):
        embed_each(TEXTS, spec_of(server))
    assert len(server.asked) == 1


def test_vectors_of_another_size_are_refused(server):
    server.size = 48
    with pytest.raises(SettingsInvalid, match="48 dimensions, DOCMILL_EMBEDDING_DIMENSIONS says 32"):
        embed_each(TEXTS, spec_of(server))


@pytest.mark.parametrize("body", [b"<html>", b'{"data": []}', b'{"data": [{"index": 7, "embedding": [1.0]}]}', b'{"data": [{"index": 0}]}'])
def test_an_answer_that_is_none_is_no_vector(server, body):
    server.body = body
    with pytest.raises(EngineUnavailable):
        embed_each(TEXTS[:1], spec_of(server))


def test_a_vector_of_nothing_is_a_failed_text(server):
    server.body = b'{"data": [{"index": 0, "embedding": [%s]}]}' % b",".join([b"0.0"] * DIMENSIONS)
    assert embed_each(TEXTS[:1], spec_of(server))[1].tolist() == [False]
