"""A folder's own promises as an object store: modes, symbolic links, killed writers, full disks, what is flushed.

What every store promises stands in test_object_store_contract.py.
"""

import math
import os
import signal
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from object_stores import names

from docmill.errors import Conflict, NotFound, StoreUnavailable
from docmill.storage.objects import StoreSpec, open_signer, open_store
from docmill.storage.objects.staging import STAGING, abandoned
from docmill.values.ports import ObjectStore


@pytest.fixture
def folder(tmp_path: Path) -> tuple[ObjectStore, Path]:
    root = tmp_path / "not yet" / "root"
    return open_store(StoreSpec(url=root.as_uri(), url_key_file=tmp_path / "key")), root


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_modes_do_not_depend_on_the_umask(folder: tuple[ObjectStore, Path], umask: int) -> None:
    store, root = folder
    before = os.umask(umask)
    try:
        store.create("originals/t/aa/a", b"x")
        store.replace("private/t/runs/r/lease", b"x")
    finally:
        os.umask(before)
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*")}
    assert {"originals/t/aa/a", "private/t/runs/r/lease", "originals/t"} <= set(found)
    for path in (root.parent, root, *found.values()):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_fetch_gives_the_stores_own_file(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    store.create("originals/t/a", b"x")
    assert store.fetch("originals/t/a", tmp_path) == root / "originals/t/a"


def test_symbolic_links_lead_nowhere(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    store.create("public/t/a", b"x")
    (root / "public" / "out").symlink_to(tmp_path / "outside")
    (root / "public" / "t" / "link").symlink_to(tmp_path / "outside" / "secret")
    (root / "public" / "t" / "dangling").symlink_to(tmp_path / "outside" / "new")
    for name in ("public/out/secret", "public/t/link"):
        assert not store.exists(name)
        assert not store.delete(name)
        for read in (store.read, store.info, lambda n: store.fetch(n, tmp_path)):
            with pytest.raises(NotFound):
                read(name)
    for name in ("public/out/secret", "public/out/new", "public/t/link", "public/t/dangling"):
        with pytest.raises(Conflict):
            store.create(name, b"x")
    assert names(store, "public/") == ["public/t/a"]
    assert names(store, "public/out/") == []
    assert [p.name for p in (tmp_path / "outside").iterdir()] == ["secret"]
    assert (tmp_path / "outside" / "secret").read_bytes() == b"secret"


def test_things_that_are_no_files_are_no_objects(folder: tuple[ObjectStore, Path]) -> None:
    store, root = folder
    store.create("public/t/a", b"x")
    os.mkfifo(root / "public/t/fifo")
    for name in ("public/t/fifo", "public/t"):
        with pytest.raises(NotFound):
            store.read(name)
        with pytest.raises(Conflict):
            store.create(name, b"x")
    with pytest.raises(Conflict):
        store.create("public/t/a/below", b"x")
    assert names(store, "public/t/") == ["public/t/a"]


_DIES_WRITING = """
import os, sys
from pathlib import Path
from docmill.storage.objects import StoreSpec, open_store
read, write = os.pipe()
os.write(write, b"x" * 1000)
open_store(StoreSpec(url=sys.argv[1])).create_from("originals/t/a", Path(f"/dev/fd/{read}"))  # waits for the end of the pipe
"""


def test_a_writer_killed_in_the_middle_leaves_nothing_to_see(folder: tuple[ObjectStore, Path]) -> None:
    store, root = folder
    with subprocess.Popen([sys.executable, "-c", _DIES_WRITING, root.as_uri()]) as process:
        while not any((root / STAGING).glob(".*")):
            assert process.poll() is None
        process.kill()
    left = list((root / STAGING).iterdir())
    assert len(left) == 1
    assert not store.exists("originals/t/a")
    assert names(store, "") == []
    assert store.create("originals/t/a", b"whole")
    assert left[0].exists()  # young: it could still have a writer
    os.utime(left[0], (0, 0))
    open_store(StoreSpec(url=root.as_uri())).create("originals/t/b", b"x")
    assert list((root / STAGING).iterdir()) == []
    assert names(store, "") == ["originals/t/a", "originals/t/b"]


def test_a_writer_that_is_held_up_keeps_its_file_however_old_and_a_dead_one_does_not(folder: tuple[ObjectStore, Path]) -> None:
    _, root = folder
    with subprocess.Popen([sys.executable, "-c", _DIES_WRITING, root.as_uri()]) as process:
        while not any((root / STAGING).glob(".*")) or list(abandoned(root, before_s=math.inf)):  # the second: it has not locked it yet
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)
        (left,) = (root / STAGING).iterdir()
        os.utime(left, (0, 0))
        assert list(abandoned(root, before_s=math.inf)) == []
        open_store(StoreSpec(url=root.as_uri())).create("originals/t/b", b"x")
        assert left.exists(), "it may go on"
        process.kill()
    assert list(abandoned(root, before_s=0)) == [], "too young"
    assert [one.name for one in abandoned(root, before_s=1)] == [left.name]


def test_what_lies_in_the_staging_folder_and_is_no_file_is_left_alone(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    store.create("originals/t/a", b"x")
    (root / STAGING / ".1-a").symlink_to(tmp_path)
    (root / STAGING / ".1-b").mkdir()
    os.mkfifo(root / STAGING / ".1-c")
    assert list(abandoned(root, before_s=math.inf)) == []


_FULL_DISK = """
import resource, sys
from docmill.errors import StoreUnavailable
from docmill.storage.objects import StoreSpec, open_store
store = open_store(StoreSpec(url=sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
for write in (store.create, store.replace):
    try:
        write("originals/t/secret", b"x" * 20_000)
    except StoreUnavailable as error:
        print(error.retryable, error.facts["reason"], "secret" in error.message, error.__cause__, error.__suppress_context__)
print(store.exists("originals/t/secret"), list(store.list("")))
"""


def test_a_write_that_does_not_fit_leaves_nothing(folder: tuple[ObjectStore, Path]) -> None:
    """The kernel's own refusal in the middle of a write, brought about by a limit on file sizes."""
    _, root = folder
    done = subprocess.run([sys.executable, "-c", _FULL_DISK, root.as_uri()], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["True EFBIG False None True"] * 2 + ["False []"]
    assert list((root / STAGING).iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "full", "/secret"), OSError(5, "io", "/secret"), PermissionError(13, "no", "/secret")])
def test_what_the_disk_refuses_is_store_unavailable(
    folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    store, _ = folder
    store.create("public/t/a", b"x")

    def refuse(*_: object, **__: object) -> int:
        raise error

    monkeypatch.setattr(os, "open", refuse)
    for call in (lambda: store.create("public/t/b", b"x"), lambda: store.replace("public/t/b", b"x"), lambda: store.read("public/t/a"),
                 lambda: store.exists("public/t/a"), lambda: list(store.list("public/")), lambda: store.delete("public/t/a")):  # fmt: skip
        with pytest.raises(StoreUnavailable) as raised:
            call()
        assert "secret" not in raised.value.message


def test_what_may_not_be_lost_is_flushed(folder: tuple[ObjectStore, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = folder
    flushed: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (flushed.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "bytes"), real(fd)))
    table = {
        "originals/t/aa/a": ["bytes", "folder"],
        "public/t/results/a": ["bytes", "folder"],
        "private/t/read/aa/a.json": ["bytes"],
        "private/t/read/aa/a.note": [],
        "private/t/receipts/aa/a.read-k.receipt": [],
        "private/t/runs/r/marker": [],
        "private/t/journal/j/read-d.1": [],
    }
    for name, wanted in table.items():
        flushed.clear()
        assert store.create(name, b"x")
        assert flushed == wanted, name


def test_links_of_the_folder_carry_the_key_of_home(folder: tuple[ObjectStore, Path], tmp_path: Path) -> None:
    store, root = folder
    link = httpx.URL(store.signed_url("public/t/a b.pdf", expires=timedelta(hours=1), download_name="Über.pdf"))
    assert (tmp_path / "key").stat().st_size == 32
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    signer = open_signer(StoreSpec(url=root.as_uri(), url_key_file=tmp_path / "key"))
    assert signer is not None
    assert link.path == "/files/public/t/a b.pdf"
    signer.verify("public/t/a b.pdf", expires=link.params["expires"], signature=link.params["signature"], download_name="Über.pdf")
