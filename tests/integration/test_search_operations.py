"""Running the search: cached answers that are never old, the log of queries with what it must not say, and the figures made of it."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from milled_papers import INVOICE, LETTER, ingest, mill_anew
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.services.search import search_documents
from docmill.services.search_statistics import percentile, search_statistics
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS
from docmill.storage.knowledge import lance, result_cache
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import DocumentFacts, Filters, Query, SearchMode, Source
from docmill.storage.knowledge.query_log import AskedQuery, QueryLog
from docmill.values.keys import digest


@pytest.fixture
def searched(monkeypatch):
    """Every search that LanceDB really was asked."""
    asked, real = [], lance.search_table
    monkeypatch.setattr(lance, "search_table", lambda table, query: (asked.append(query), real(table, query))[1])
    return asked


def source(folder, name, text, **facts):
    document = digest(name)[:32]
    chunk = Chunk(id=digest(text)[:32], document_id=document, page=1, start=0, end=len(text), text=text, confidence_score=1.0, boxes=())
    path = folder / f"{digest(text)}.arrow"
    write_chunks(path, [chunk], np.eye(1, DIMENSIONS, dtype=np.float32))
    return Source(document, path, DocumentFacts(**facts))


def found(base, query, tenant="acme"):
    return sorted(hit.chunk.text for hit in base.search(tenant, query))


def test_an_answer_is_kept_until_anybody_writes(tmp_path, searched, monkeypatch):
    ours, theirs = LanceKnowledgeBase(tmp_path / "kb"), LanceKnowledgeBase(tmp_path / "kb")
    ours.replace("acme", [source(tmp_path, "a", "penguin one", kind="letter")])
    ours.replace("other", [source(tmp_path, "x", "penguin of others")])
    query = Query("penguin", SearchMode.TEXT)
    assert found(ours, query) == found(ours, query) == ["penguin one"]
    assert len(searched) == 1
    # another filter, mode, limit or tenant is another question
    assert found(ours, replace(query, filters=Filters(kind="invoice"))) == []
    assert found(ours, replace(query, limit=1)) == ["penguin one"]
    assert found(ours, query, "other") == ["penguin of others"]
    assert len(searched) == 4
    theirs.replace("acme", [source(tmp_path, "b", "penguin two")])
    assert found(ours, query) == ["penguin one", "penguin two"]
    ours.delete("acme", [digest("a")[:32]])
    assert found(ours, query) == ["penguin two"]
    theirs.rebuild("acme", [source(tmp_path, "c", "penguin three")])
    assert found(ours, query) == found(ours, query) == ["penguin three"]
    assert "penguin two" not in str(ours._cache._kept)
    assert len(searched) == 7
    monkeypatch.setattr(result_cache, "QUERIES", 2)
    for limit in (1, 2, 3, 10):
        found(ours, replace(query, limit=limit))
    assert len(ours._cache._kept["acme"][1]) == 2
    monkeypatch.setattr(result_cache, "MOST_HITS", 0)
    before = len(searched)
    found(ours, replace(query, limit=7))
    found(ours, replace(query, limit=7))
    assert len(searched) == before + 2


def test_an_answer_is_kept_for_an_hour_and_its_text_no_longer():
    now, asked = [0.0], []
    cache = result_cache.ResultCache(clock_s=lambda: now[0])

    def ask(tenant, word):
        return cache.answer(tenant, 1, Query(word, SearchMode.TEXT), lambda: asked.append(word) or [])

    ask("acme", "penguin")
    now[0] = 3599.0
    ask("acme", "penguin")
    assert asked == ["penguin"]
    now[0] = 3601.0
    ask("acme", "walrus")
    assert "penguin" not in str(cache._kept), "forgotten by any question, not only by the same one"
    ask("acme", "penguin")
    assert asked == ["penguin", "walrus", "penguin"]


def test_a_kept_answer_is_still_checked_against_the_ledger(room, tmp_path, searched):
    (tmp_path / "letter.txt").write_text(LETTER)
    (letter,) = ingest(room, tmp_path / "letter.txt")
    query = Query("lease", SearchMode.TEXT)
    assert len(search_documents(room, query).results) == len(search_documents(room, query).results) == 1
    assert len(searched) == 1
    mill_anew(room, letter, index=False)
    assert search_documents(room, query).results == ()


def log_files(room):
    return sorted((room.settings.home / "searches" / room.tenant).glob("*.jsonl"))


@pytest.mark.parametrize("kept", ["off", "digests", "text"])
def test_the_log_says_what_the_settings_allow(room, kept):
    asked = replace(room, settings=room.settings.model_copy(update={"search_log": kept}))
    for text in ("Anna Maier", "  anna   MAIER ", "Bernd", "   "):
        search_documents(asked, Query(text, SearchMode.TEXT, filters=Filters(collection="secret place")), user="carla")
    files = log_files(room)
    if kept == "off":
        assert files == []
        return
    (file,) = files
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 3
    assert lines[0]["query"] == lines[1]["query"] != lines[2]["query"]
    assert len({line["user"] for line in lines}) == 1
    assert {tuple(line["filters"]) for line in lines} == {("collection",)}
    assert ("Maier" in file.read_text()) is (kept == "text")
    assert not any(word in file.read_text() for word in ("carla", "secret"))


def test_a_log_that_cannot_be_written_fails_no_search(room, caplog):
    room.settings.home.joinpath("searches").write_text("in the way")
    assert search_documents(room, Query("x", SearchMode.TEXT)).results == ()


def test_old_days_go_and_cut_lines_are_left_out(tmp_path):
    today, kept = datetime(2026, 3, 10, 12, tzinfo=UTC), QueryLog(tmp_path / "searches", "acme", 3)
    one = AskedQuery(at=today, user="u", query="q", text=None, mode="text", filters=(), results=0, took_ms=1.0)
    for ago in (5, 3, 2, 1, 0):
        kept.append(one.model_copy(update={"at": today - timedelta(days=ago)}))
    assert [asked.at.day for asked in kept.read(today.date() - timedelta(days=9))] == [8, 9, 10]
    with (tmp_path / "searches" / "acme" / "2026-03-10.jsonl").open("a") as file:
        file.write('{"at": "2026-')
    assert [asked.at.day for asked in kept.read(today.date())] == [10]
    assert QueryLog(tmp_path / "searches", "other", 3).digest("x") != kept.digest("x") == kept.digest("x")


@pytest.mark.parametrize(("share", "value"), [(0.5, 5.0), (0.95, 10.0), (0.99, 10.0), (0.1, 1.0)])
def test_percentiles(share, value):
    assert percentile([float(n) for n in range(1, 11)], share) == value
    assert percentile([], share) is None


def test_figures_of_searches_and_index(room, tmp_path):
    empty = search_statistics(room, 7)
    assert (empty.latency_ms.p50, empty.embedding.success_rate, empty.embedding.embedding_updated_at) == (None, None, None)
    (tmp_path / "invoice.txt").write_text(INVOICE)
    ingest(room, tmp_path / "invoice.txt")
    for text, user in (("twine", "a"), ("Twine", "b"), ("zeppelin", "a"), ("zebra", "a"), ("zebra", "a"), ("zebra", "b")):
        search_documents(room, Query(text, SearchMode.TEXT), user=user)
    told = json.loads(CliRunner().invoke(app, ["search-stats", "--json"]).stdout)
    assert (told["searches"], told["users"], told["in_vain"], told["days"]) == (6, 2, 4, 30)
    assert [(one["count"], one["results"], one["text"]) for one in told["top_queries"]] == [(3, 0, None), (2, 1, None), (1, 0, None)]
    assert [one["count"] for one in told["zero_result_queries"]] == [3, 1]
    assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["p95"] <= told["latency_ms"]["p99"]
    assert (told["index"]["chunks"], told["index"]["has_vector_index"]) == (1, False)
    assert told["index"]["version"] > 0
    embedded = told["embedding"]
    assert (embedded["documents"], embedded["processed"], embedded["total"], embedded["success_rate"]) == (1, 1, 1, 1.0)
    assert datetime.now(UTC) - datetime.fromisoformat(embedded["embedding_updated_at"]) < timedelta(minutes=5)
    shown = CliRunner().invoke(app, ["search-stats"]).stdout
    assert "6 searches of 2 people in 30 days, 4 in vain" in shown
