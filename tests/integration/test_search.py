"""Search over documents that really were milled: from ingest to answer, after milling anew, after deletion. Without Prefect and Dask."""

import json
from dataclasses import replace

import pytest
from milled_papers import INVOICE, LETTER, ingest, mill_anew
from shard_documents import write_damaged
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.services import documents
from docmill.services.erase import erase
from docmill.services.lookups import current_documents
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.reindex import chunk_objects, rebuild_tenant
from docmill.services.running.indexing import forget_unindexed, index_documents
from docmill.services.running.run import BatchRun
from docmill.services.search import search_documents
from docmill.services.search_filters import filters_from
from docmill.stages.knowledge.chunk_file import schema as chunk_schema
from docmill.storage.knowledge.ports import Query, SearchMode, Source
from docmill.values.options import MillOptions


@pytest.fixture
def papers(room, tmp_path):
    """A room with an invoice and a letter, milled; their ids."""
    (tmp_path / "invoice march.txt").write_text(INVOICE)
    (tmp_path / "letter.txt").write_text(LETTER)
    (first,) = ingest(room, tmp_path / "invoice march.txt", tags=("it's",), collection="spring")
    (second,) = ingest(room, tmp_path / "letter.txt")
    return first, second


def names(room, text, mode=SearchMode.HYBRID, *filters):
    return [p.name for p in search_documents(room, Query(text, mode, 10, filters_from(filters))).results]


def cli(*words):
    return CliRunner().invoke(app, words)


def test_a_fresh_home_says_what_to_do(home):
    done = cli("search", "twine", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["results"] == []
    assert "docmill ingest" in done.stderr
    assert cli("reindex").stdout == "0 chunks of 0 documents\n"


def test_what_was_milled_is_found(papers, room):
    invoice, _ = papers
    for asked in ("INV-2026/0815", "anna.maier@example.org", "1234.50", "123.45"):
        for mode in (SearchMode.TEXT, SearchMode.HYBRID):
            (best, *_) = search_documents(room, Query(asked, mode)).results
            assert (best.document_id, best.name, best.page) == (invoice, "invoice march.txt", 1)
    assert names(room, "when do I have to move out", SearchMode.VECTOR)[0] == "letter.txt"

    done = cli("search", "jute twine", "--mode", "text", "--limit", "1", "--json")
    told = json.loads(done.stdout)
    assert set(told) == {"results", "took_ms"}
    (only,) = told["results"]
    assert set(only) == {"document_id", "name", "page", "score", "text", "boxes"}
    assert only["document_id"] == invoice
    assert "Jute twine" in only["text"]
    assert len(only["boxes"]) == len(only["text"].splitlines())
    assert all(len(box) == 4 for box in only["boxes"])
    assert "invoice march.txt" in cli("search", "jute twine").stdout


def test_filters_come_from_the_ledger_and_what_was_understood(papers, room):
    of_invoice = ["collection=spring", "tag=it's", "language=en", "from=2026-03-04", "to=2026-03-04"]
    for words in ([], *([word] for word in of_invoice[:3]), of_invoice):
        assert "invoice march.txt" in names(room, "invoice lease", SearchMode.TEXT, *words)
    assert names(room, "invoice lease", SearchMode.TEXT, "collection=autumn") == []
    assert names(room, "invoice lease", SearchMode.TEXT, "to=2026-03-03") == []
    kind = documents.current_result(room.ledger, room.tenant, papers[0]).kind
    assert names(room, "twine", SearchMode.TEXT, f"kind={kind}") == ["invoice march.txt"]
    done = cli("search", "x", "--filter", "author=me")
    assert done.exit_code != 0


def test_milled_anew_with_redaction_the_old_words_are_gone(papers, room):
    invoice, _ = papers
    mill_anew(room, invoice, redact=True)
    assert names(room, "anna.maier@example.org", SearchMode.TEXT) == []
    (best, *_) = search_documents(room, Query("INV-2026/0815")).results
    assert best.document_id == invoice
    assert "anna" not in best.text


def test_milled_anew_without_indexing_it_is_no_longer_found(papers, room):
    mill_anew(room, papers[0], index=False)
    assert names(room, "INV-2026/0815", SearchMode.TEXT) == []
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]
    assert room.knowledge.count(room.tenant) == 1, "its passages are not only hidden"
    mill_anew(room, papers[0])
    assert names(room, "INV-2026/0815", SearchMode.TEXT) == ["invoice march.txt"]


def test_passages_that_outlived_a_version_without_indexing_go_with_the_next_upkeep(papers, room):
    (chunk,) = [c for c in chunk_objects(room) if c.document_id == papers[0]]
    mill_anew(room, papers[0], index=False)
    room.knowledge.replace(room.tenant, [Source(papers[0], room.store.fetch(chunk.object_name, room.settings.home))])
    assert room.knowledge.count(room.tenant) == 2
    assert forget_unindexed(room, current_documents(room.ledger, room.tenant)) == 1
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]


def test_deleted_documents_are_gone(papers, room):
    erase(room, papers[0])
    assert names(room, "INV-2026/0815", SearchMode.TEXT) == []
    assert room.knowledge.count(room.tenant) == 1


def test_a_document_that_failed_is_not_found_and_harms_nobody(room, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER)
    ingest(room, write_damaged(tmp_path / "bad.pdf"), tmp_path / "letter.txt")
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]


def test_an_index_of_another_version_is_rebuilt_by_whoever_meets_it(papers, room, tmp_path):
    import lancedb

    folder = room.settings.knowledge_dir

    def age():
        lancedb.connect(str(folder)).create_table(room.tenant, schema=chunk_schema(), mode="overwrite")

    age()
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]
    age()
    (tmp_path / "note.txt").write_text("A note about the zeppelin.\n")
    ingest(room, tmp_path / "note.txt")
    assert names(room, "zeppelin", SearchMode.TEXT) == ["note.txt"]
    assert names(room, "INV-2026/0815", SearchMode.TEXT, "collection=spring") == ["invoice march.txt"]


def test_a_rebuild_leaves_out_what_cannot_be_read_and_says_so(papers, room):
    invoice, _ = papers
    (chunk,) = [c for c in chunk_objects(room) if c.document_id == invoice]
    room.store.delete(chunk.object_name)
    done = rebuild_tenant(room)
    assert (done.documents, done.left_out) == (1, (invoice,))
    assert names(room, "lease INV-2026/0815", SearchMode.TEXT) == ["letter.txt"]
    room.store.create(chunk.object_name, b"of another version")
    assert rebuild_tenant(room).left_out == (invoice,)


def test_more_is_asked_for_when_hits_may_not_be_shown(papers, room, tmp_path):
    for n in range(6):
        (tmp_path / f"{n}.txt").write_text(f"zeppelin zeppelin zeppelin {n}\n")
    (tmp_path / "last.txt").write_text("One zeppelin among very many other words that make it less of a match than those.\n")
    hidden = ingest(room, *(tmp_path / f"{n}.txt" for n in range(6)))
    ingest(room, tmp_path / "last.txt")
    assert names(room, "zeppelin", SearchMode.TEXT)[-1] == "last.txt"
    for name in hidden:
        mill_anew(room, name, index=False)
    found = search_documents(room, Query("zeppelin", SearchMode.TEXT, 1)).results
    assert [p.name for p in found] == ["last.txt"]


def test_what_could_not_be_indexed_anew_is_forgotten(papers, room):
    batch_id = documents.remill(room.ledger, room.tenant, papers[0], MillOptions(redact=True), force=True)
    (tracked,) = BatchRun(room, batch_id, "run-failed", workers=0, lease_s=60).tracked.values()
    tracked.failed.add("index")
    index_documents(room, [tracked])
    assert names(room, "INV-2026/0815", SearchMode.TEXT) == []
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]
    assert tracked.problems == []


def test_passages_that_could_not_be_embedded_are_told_and_the_others_found(papers, room):
    batch_id = documents.remill(room.ledger, room.tenant, papers[1], MillOptions(), force=True)
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=0, lease_s=60)
    write_lease(room.store, room.tenant, run.run_id, stop=False)
    waiting = run.first_shards()
    while waiting:
        shard = waiting.pop()
        report = mill_shard(shard, True)
        if shard.stage == "index":
            outcomes = [one.model_copy(update={"facts": {**one.facts, "chunks_failed": 2}}) for one in report.outcomes]
            report = replace(report, outcomes=tuple(outcomes))
        waiting += run.fold(shard, report)
    assert names(room, "lease", SearchMode.TEXT) == ["letter.txt"]
    (results,) = [a for a in documents.artefacts_of(room.ledger, room.tenant, papers[1]) if a.object_name.endswith("_results.json")]
    (problem,) = json.loads(room.store.read(results.object_name))["outcome"]["problems"]
    assert (problem["code"], problem["stage"]) == ("stage_failed", "index")
    assert problem["message"].startswith("2 of 3 passages")
