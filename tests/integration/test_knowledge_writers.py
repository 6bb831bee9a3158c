"""Several processes that write to one knowledge base, and processes killed while they write: nothing is lost, doubled or mixed.

What one process does with it stands in test_knowledge_base.py.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from knowledge_files import base, chunk_file, document, editions, rows

from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Source

__all__ = ["base"]

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


@pytest.mark.slow
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
