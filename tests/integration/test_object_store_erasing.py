"""Deleting from a local folder: bytes are overwritten before their name goes, whoever holds them open or dies in the middle."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from docmill.errors import NotFound, StoreUnavailable
from docmill.shredding import shred_file
from docmill.storage.objects import StoreSpec, open_store
from docmill.storage.objects.staging import STAGING, StagedFile
from docmill.values.ports import ObjectStore


@pytest.fixture
def folder(tmp_path: Path) -> tuple[ObjectStore, Path]:
    root = tmp_path / "not yet" / "root"
    return open_store(StoreSpec(url=root.as_uri(), url_key_file=tmp_path / "key")), root


@pytest.mark.parametrize(
    "area", ["originals/t/aa/a", "public/t/a.pdf", "private/t/read/a.json", "private/t/unlocked/a", "private/t/runs/r/m"]
)
def test_what_is_deleted_is_overwritten(folder: tuple[ObjectStore, Path], area: str) -> None:
    store, root = folder
    store.create(area, b"secret" * 400_000)
    with (root / area).open("rb") as held:
        assert store.delete(area)
        assert held.read() == bytes(2_400_000)
    assert not store.delete(area)
    assert list((root / STAGING).iterdir()) == []


def test_bytes_that_have_another_name_stay(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    store.create("originals/t/a", b"kept")
    os.link(root / "originals/t/a", tmp_path / "a")
    assert store.delete("originals/t/a")
    assert (tmp_path / "a").read_bytes() == b"kept"


def test_who_reads_what_is_deleted_meanwhile_is_never_given_zeros(
    folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = folder
    store.create("originals/t/a", b"secret")
    real = os.fdopen

    def opened_then_deleted(file: int, mode: str) -> object:
        monkeypatch.setattr(os, "fdopen", real)
        assert store.delete("originals/t/a")
        return real(file, mode)

    monkeypatch.setattr(os, "fdopen", opened_then_deleted)
    with pytest.raises(NotFound):
        store.read("originals/t/a")


_DIES_DELETING = """
import os, signal, sys
from docmill import shredding
from docmill.storage.objects import StoreSpec, open_store
store = open_store(StoreSpec(url=sys.argv[1]))
store.create("originals/t/a", b"secret")
shredding._overwrite = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
store.delete("originals/t/a")
"""


def test_an_erasure_killed_in_the_middle_leaves_no_name_and_the_next_one_finishes_it(folder: tuple[ObjectStore, Path]) -> None:
    _, root = folder
    assert subprocess.run([sys.executable, "-c", _DIES_DELETING, root.as_uri()], check=False).returncode == -signal.SIGKILL
    (left,) = (root / STAGING).iterdir()
    store = open_store(StoreSpec(url=root.as_uri()))
    assert not store.exists("originals/t/a")
    store.create("originals/t/b", b"x")  # the first write of a process looks, however young what was left is
    assert not left.exists()


def test_a_copy_that_came_too_late_is_overwritten(folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = folder
    held: list[int] = []

    def too_late(file: StagedFile, *_: object) -> None:
        held.append(os.open(file.name, os.O_RDONLY, dir_fd=file.folder))
        raise FileExistsError

    monkeypatch.setattr(StagedFile, "link_to", too_late)
    assert not store.create("originals/t/a", b"secret")
    assert os.read(held[0], 100) == bytes(6)
    os.close(held[0])


@pytest.mark.parametrize(("name", "times"), [("originals/t/a", 1), ("private/t/read/a.json", 1), ("private/t/runs/r/m", 0)])
def test_zeros_are_flushed_where_the_bytes_were(
    folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch, name: str, times: int
) -> None:
    store, _ = folder
    flushed: list[int] = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    store.create(name, b"secret")
    assert (store.delete(name), len(flushed)) == (True, times)


def test_a_local_file_that_is_taken_away_while_it_is_stored_becomes_no_object(
    folder: tuple[ObjectStore, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upload that is cut off: its folder is overwritten while a thread still stores what it brought."""
    store, root = folder
    source = tmp_path / "upload"
    source.write_bytes(b"x" * 3_000_000)
    copy = shutil.copyfileobj

    def slowly(reader: BinaryIO, writer: BinaryIO, length: int = 0) -> None:
        writer.write(reader.read(length))
        shred_file(source)
        copy(reader, writer, length)

    monkeypatch.setattr("docmill.storage.objects.staging.shutil.copyfileobj", slowly)
    with pytest.raises(StoreUnavailable, match="taken away"):
        store.create_from("originals/t/a", source)
    assert not store.exists("originals/t/a")
    assert [path for path in root.rglob("*") if path.is_file()] == []
