"""The maintenance flows on a real Prefect server: rebuild_index on prefect-dask's runner with a local cluster, optimize_index."""

import pytest
from embeddings_server import embeddings_server
from milled_papers import INVOICE, LETTER, ingest

from docmill.services.reindex import chunk_objects
from docmill.services.search import search_documents
from docmill.settings import settings
from docmill.storage.knowledge.ports import Query, SearchMode


def found(room, text):
    return [p.name for p in search_documents(room, Query(text, SearchMode.TEXT)).results]


@pytest.fixture
def documents(room, tmp_path):
    for name, text in (("invoice", INVOICE), ("letter", LETTER), ("note", "A note about the zeppelin.\n")):
        (tmp_path / f"{name}.txt").write_text(text)
    return ingest(room, *(tmp_path / f"{name}.txt" for name in ("invoice", "letter", "note")), collection="spring")


def test_the_index_is_rebuilt_on_dask(prefect_server, documents, room):
    from flows.rebuild_index import rebuild_index

    room.knowledge.rebuild(room.tenant, [])
    assert found(room, "lease") == []
    assert rebuild_index(documents_per_task=2) == {"documents": 3, "chunks": 3, "missing": 0}
    assert (found(room, "lease"), found(room, "INV-2026/0815")) == (["letter.txt"], ["invoice.txt"])


@pytest.mark.slow
def test_the_index_is_rebuilt_without_what_is_damaged(prefect_server, documents, room):
    from flows.rebuild_index import rebuild_index

    damaged, missing = chunk_objects(room)[:2]
    room.store.delete(missing.object_name)
    data = room.store.read(damaged.object_name)
    room.store.delete(damaged.object_name)
    room.store.create(damaged.object_name, data[:-9] + b"\0" + data[-8:])
    told = rebuild_index(documents_per_task=1)
    assert told == {"documents": 1, "chunks": 1, "missing": 2}
    assert room.knowledge.count(room.tenant) == 1


@pytest.mark.slow
def test_embeddings_are_backfilled_on_dask_and_the_index_is_swapped(prefect_server, documents, room, monkeypatch):
    from flows.backfill_embeddings import backfill_embeddings

    assert set(backfill_embeddings().values()) == {0}
    with embeddings_server() as server:
        for name, value in (("ENDPOINT", server.url), ("MODEL", "test"), ("DIMENSIONS", str(server.size))):
            monkeypatch.setenv(f"DOCMILL_EMBEDDING_{name}", value)
        settings.cache_clear()
        told = backfill_embeddings(documents_per_task=2)
        assert told == {"documents": 3, "chunks": 3, "failed": 0, "missing": 0}
        assert room.knowledge.model(room.tenant).spec.model == "test"
        assert search_documents(room, Query("a note about the zeppelin", SearchMode.VECTOR)).results[0].name == "note.txt"
        assert set(backfill_embeddings().values()) == {0}


@pytest.mark.slow
def test_the_index_is_optimized(prefect_server, documents, room):
    from flows.optimize_index import optimize_index

    told = optimize_index()
    assert (told["chunks"], told["unindexed"], told["fragments"]) == (3, 0, 1)
    assert found(room, "zeppelin") == ["note.txt"]
