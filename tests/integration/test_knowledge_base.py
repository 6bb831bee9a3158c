"""The knowledge base on a real LanceDB directory, with real subprocesses where processes compete."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from docmill.errors import InvalidOptions, StageFailed, StoreUnavailable
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import write_chunks
from docmill.stages.knowledge.embedding import DIMENSIONS, embed
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.lock import write_lock
from docmill.storage.knowledge.ports import KnowledgeBase, Query, SearchMode, Source
from docmill.values.geometry import Box
from docmill.values.keys import digest

TOPICS = ("The bill amounts to 500 dollars.", "Penguins breed on the ice of Antarctica.", "The lease ends when the tenant moves out.")


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


WRITER = """
import sys
import time
from pathlib import Path
import lancedb, pyarrow  # before the start, so that both run at once
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Source
base = LanceKnowledgeBase(Path(sys.argv[1]))
own = [Path(p) for p in sys.argv[2:]]
print("ready", flush=True)
sys.stdin.readline()
for path in own:
    base.replace("acme", [Source(path.name[:32], path)])
    print("done", flush=True)
"""


@contextlib.contextmanager
def started_writers(folder: Path, works: Iterable[list[Path]]) -> Iterator[list[subprocess.Popen[str]]]:
    """A process per list of chunk files, all loaded and waiting for a line on stdin."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    writers = [subprocess.Popen([*command, *map(str, own)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for own in works]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        yield writers
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()


def go(writers: Iterable[subprocess.Popen[str]]) -> None:
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()


def finish(writer: subprocess.Popen[str]) -> None:
    writer.communicate(timeout=120)
    assert writer.returncode == 0


def files_of_two_writers(folder: Path) -> tuple[list[str], dict[str, list[Path]]]:
    """Ten documents that both writers have, in editions of their own, and ten more that only one has."""
    shared = [document(f"shared {i}") for i in range(10)]
    apart = {edition: [document(f"{edition} {i}") for i in range(10)] for edition in ("left", "right")}
    return shared, {
        edition: [chunk_file(folder, name, 5, edition=edition) for pair in zip(shared, own, strict=True) for name in pair]
        for edition, own in apart.items()
    }


def editions(base: LanceKnowledgeBase) -> dict[str, list[str]]:
    """Document -> the edition of each of its chunks; no chunk is there twice."""
    found = rows(base)
    assert len(found) == len({row["id"] for row in found})
    seen: dict[str, list[str]] = {}
    for row in found:
        seen.setdefault(str(row["document_id"]), []).append(str(row["text"]).split()[-1])
    return seen


def test_two_processes_lose_and_double_nothing(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    shared, files = files_of_two_writers(tmp_path / "files")
    with started_writers(tmp_path / "knowledge", files.values()) as writers:
        go(writers)
        for writer in writers:
            finish(writer)
    found = editions(base)
    assert len(found) == 30
    assert all(seen in (["left"] * 5, ["right"] * 5) for seen in found.values()), "a document is the work of one writer, never a mixture"
    assert set(shared) < set(found)


def test_a_writer_killed_beside_another_harms_nothing_and_its_repeat_completes_it(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    _, files = files_of_two_writers(tmp_path / "files")
    with started_writers(tmp_path / "knowledge", [files["left"], files["right"], files["left"]]) as (left, right, again):
        go([left, right])
        assert left.stdout
        for _ in range(5):
            left.stdout.readline()
        time.sleep(0.01)  # somewhere within a commit or the wait for its turn
        left.kill()
        finish(right)
        found = editions(base)
        assert {path.name[:32] for path in files["right"]} <= set(found)
        assert all(seen in (["left"] * 5, ["right"] * 5) for seen in found.values())
        assert len(found) < 30, "the kill came too late to mean anything"
        go([again])
        finish(again)
    assert len(editions(base)) == 30
    assert all(editions(base)[path.name[:32]] == ["left"] * 5 for path in files["left"])


def test_optimize_keeps_the_rows(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    for i in range(3):
        base.replace("acme", sources({document(str(i)): chunk_file(tmp_path, document(str(i)), 2)}))
    base.optimize("acme")
    assert base.count("acme") == 6


ENDLESS = """
import itertools, sys
from pathlib import Path
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Source
base = LanceKnowledgeBase(Path(sys.argv[1]))
editions = [[Source(Path(p).name[:32], Path(p)) for p in group.split(",")] for group in sys.argv[2:]]
for sources in itertools.cycle(editions):
    base.replace("acme", sources)
    print("done", flush=True)
"""


def test_a_kill_leaves_the_old_or_the_new_state(base: LanceKnowledgeBase, tmp_path: Path) -> None:
    names = [document("one"), document("two")]
    groups = [",".join(str(chunk_file(tmp_path / "files", name, 40 + i, edition=e)) for name in names) for i, e in enumerate("ab")]
    for after_s in (0.0, 0.005, 0.01, 0.02, 0.03):
        with subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(tmp_path / "knowledge"), *groups], stdout=subprocess.PIPE, text=True
        ) as writer:  # fmt: skip
            assert writer.stdout
            assert writer.stdout.readline() == "done\n"
            time.sleep(after_s)
            writer.kill()
        states = [{str(row["text"]).split()[-1] for row in rows(base) if row["document_id"] == name} for name in names]
        assert states in ([{"a"}, {"a"}], [{"b"}, {"b"}])
        assert base.count("acme") == (80 if states[0] == {"a"} else 82)
    assert base.replace("acme", [Source(names[0], chunk_file(tmp_path, names[0], 1))]) == 1  # its lock died with it
    assert base.count("acme") in (41, 42)
