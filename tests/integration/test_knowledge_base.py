"""The knowledge base on a real LanceDB directory: replace, delete, rebuild, refusals, a busy base.

Processes that compete stand in test_knowledge_writers.py, searching in test_knowledge_search.py.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from knowledge_files import base, chunk_file, chunks_of, document, rows, sources

from docmill.errors import InvalidOptions, StageFailed, StoreUnavailable
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import embed
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.lock import write_lock
from docmill.storage.knowledge.ports import KnowledgeBase, Query, SearchMode, Source

__all__ = ["base"]

TOPICS = ("The bill amounts to 500 dollars.", "Penguins breed on the ice of Antarctica.", "The lease ends when the tenant moves out.")


def by_meaning(text: str, limit: int = 10) -> Query:
    return Query(text, SearchMode.VECTOR, limit)


def test_finds_by_meaning_and_gives_the_chunk_whole(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    assert isinstance(base, KnowledgeBase)
    chunks = chunks_of(document("topics"), TOPICS)
    write_chunks(tmp_path / "topics.arrow", chunks, embed(TOPICS))
    assert base.search("acme", by_meaning("anything")) == []
    assert base.replace("acme", sources({document("topics"): tmp_path / "topics.arrow"})) == 3
    for query, best in (("How much is the invoice?", 0), ("animals of the far south", 1), ("rental contract of a flat", 2)):
        hits = base.search("acme", by_meaning(query, 2))
        assert hits[0].chunk == chunks[best]
        assert len(hits) == 2
        assert hits[0].score > hits[1].score
        assert hits[0].score == pytest.approx(float(embed([query])[0] @ embed([TOPICS[best]])[0]), abs=1e-3)


def test_replace_is_one_commit_and_idempotent(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    one, two, three = (document(name) for name in ("one", "two", "three"))
    base.replace("acme", sources({three: chunk_file(tmp_path, three, 2)}))
    before = base._opened("acme").version
    files = {one: chunk_file(tmp_path, one, 4), two: chunk_file(tmp_path, two, 3)}
    assert base.replace("acme", sources(files)) == 7
    assert base._opened("acme").version == before + 1
    assert base.replace("acme", sources(files)) == 7
    assert base.count("acme") == 9
    assert (
        base.replace("acme", sources({one: chunk_file(tmp_path, one, 2, edition="b"), two: chunk_file(tmp_path, two, 0, edition="b")})) == 2
    )
    assert sorted((row["document_id"], row["text"]) for row in rows(base)) == sorted(
        [(three, "chunk 0 "), (three, "chunk 1 "), (one, "chunk 0 b"), (one, "chunk 1 b")]
    )


def test_delete_counts_what_went(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    one, two = document("one"), document("two")
    base.replace("acme", sources({one: chunk_file(tmp_path, one, 4), two: chunk_file(tmp_path, two, 3)}))
    assert base.delete("acme", [one, document("unknown")]) == 4
    assert base.delete("acme", [one]) == 0
    assert {row["document_id"] for row in rows(base)} == {two}


def test_a_new_table_is_made_in_silence(tmp_path: Path) -> None:
    """LanceDB's native code writes its warnings to the terminal by itself, so only a process's own stderr shows them."""
    code = (
        "import sys; from docmill.storage.knowledge.lance_table import made_table; from docmill.values.embedding import VectorOrigin;"
        "print(made_table(sys.argv[1], 'acme', VectorOrigin()).count_rows())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_tenants_share_nothing(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    one = document("one")
    base.replace("acme", sources({one: chunk_file(tmp_path, one, 4)}))
    assert base.count("other") == 0
    assert base.search("other", Query("chunk")) == []
    assert base.delete("other", [one]) == 0
    assert base.count("acme") == 4


@pytest.mark.parametrize("name", ["x", "' OR 1=1 --", "a" * 31 + "'", "A" * 32, "", "a" * 33, "a" * 32 + "\n"])
def test_refuses_ids_that_are_none(base: LanceKnowledgeBase, tmp_path: Path, name: str) -> None:
    one = document("one")
    base.replace("acme", sources({one: chunk_file(tmp_path, one, 1)}))
    with pytest.raises(InvalidOptions):
        base.delete("acme", [one, name])
    with pytest.raises(InvalidOptions):
        base.replace("acme", sources({name: tmp_path}))
    assert base.count("acme") == 1


@pytest.mark.parametrize("tenant", ["", "../x", "A", "a b", "a" * 64, "a\n"])
def test_refuses_tenants_that_are_none(base: LanceKnowledgeBase, tenant: str) -> None:
    for call in (base.count, base.optimize, lambda t: base.search(t, Query("x")), lambda t: base.delete(t, [document("one")])):
        with pytest.raises(InvalidOptions):
            call(tenant)


def test_refuses_files_of_others_and_garbage(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"not arrow")
    for path in (chunk_file(tmp_path, document("one"), 1), tmp_path / "garbage", tmp_path / "absent"):
        with pytest.raises(StageFailed):
            base.replace("acme", sources({document("two"): path}))
    assert base.count("acme") == 0


def test_rebuild_swaps_in_one_commit_and_keeps_the_old_state_on_failure(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    old, new = document("old"), [document(f"new {i}") for i in range(3)]
    base.replace("acme", sources({old: chunk_file(tmp_path, old, 2)}))

    def whole() -> Iterator[Source]:
        for name in new:
            assert base.count("acme") == 2, "the old state serves until the new one is complete"
            yield Source(name, chunk_file(tmp_path, name, 5))

    def broken() -> Iterator[Source]:
        yield Source(old, chunk_file(tmp_path, old, 3))
        yield Source(old, tmp_path / "absent")

    with pytest.raises(StageFailed):
        base.rebuild("acme", broken())
    assert base.count("acme") == 2
    assert base.rebuild("acme", whole()) == 15
    assert {row["document_id"] for row in rows(base)} == set(new)
    assert base.rebuild("acme", []) == 0
    assert base.count("acme") == 0


def test_a_document_comes_once(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    one = document("one")
    path = chunk_file(tmp_path, one, 1)
    with pytest.raises(InvalidOptions, match="several"):
        base.replace("acme", [Source(one, path), Source(one, path)])


def test_a_busy_base_is_a_typed_error_and_a_conflict_is_tried_again(
    tmp_path: Path, base: LanceKnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = document("one")
    files = {one: chunk_file(tmp_path, one, 2)}
    base.replace("acme", sources(files))
    impatient = LanceKnowledgeBase(tmp_path / "knowledge", lock_wait_s=0.1)
    with write_lock(tmp_path / "knowledge", "acme", 1.0), pytest.raises(StoreUnavailable, match="busy"):
        impatient.replace("acme", sources(files))

    from lancedb.merge import LanceMergeInsertBuilder

    real, calls = LanceMergeInsertBuilder.execute, []

    def flaky(self: LanceMergeInsertBuilder, *args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) % 3:
            raise RuntimeError("lance error: Commit conflict for version 3")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(LanceMergeInsertBuilder, "execute", flaky)
    assert base.replace("acme", sources(files)) == 2
    assert len(calls) == 3
    monkeypatch.setattr(LanceMergeInsertBuilder, "execute", lambda *_a, **_k: (_ for _ in ()).throw(RuntimeError("Commit conflict")))
    with pytest.raises(StoreUnavailable, match="changed by others"):
        base.replace("acme", sources(files))
    assert base.count("acme") == 2


def test_optimize_keeps_the_rows(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    for i in range(3):
        base.replace("acme", sources({document(str(i)): chunk_file(tmp_path, document(str(i)), 2)}))
    base.optimize("acme")
    assert base.count("acme") == 6
