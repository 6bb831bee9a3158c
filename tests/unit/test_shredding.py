"""What lay in folders of documents is overwritten before it is unlinked."""

import os
import stat
import tempfile
import time
from types import SimpleNamespace

import pytest
from PIL import Image

from docmill import scratch, shredding
from docmill.services.milling.bench import Bench
from docmill.shredding import is_shredded, shred_file, shred_quietly
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.raster import gray_page_image, turned_image
from docmill.stages.reading.searchable_pdf import _pictured
from docmill.values.page import Page


@pytest.fixture
def unlinked(monkeypatch):
    """Sizes of the files that are unlinked from now on, None for one that is not all zeros then."""
    found, real = [], os.unlink

    def unlink(path, *, dir_fd=None):
        mode = stat.S_IMODE(os.stat(path, dir_fd=dir_fd).st_mode)
        os.chmod(path, 0o600, dir_fd=dir_fd)  # no reader may open it now
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=dir_fd)
        os.fchmod(file, mode)
        size_bytes = os.fstat(file).st_size
        found.append(None if os.pread(file, size_bytes, 0).strip(b"\0") else size_bytes)
        os.close(file)
        real(path, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", unlink)
    return found


def test_files_are_overwritten_and_other_names_of_their_bytes_are_not(tmp_path):
    folder, original = tmp_path / "folder", tmp_path / "original"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "1.png").write_bytes(b"secret" * 400_000)
    (folder / "pages" / "1.png").chmod(0o400)
    original.write_bytes(b"kept")
    os.link(original, folder / "linked")
    (folder / "aside").symlink_to(original)
    with (folder / "pages" / "1.png").open("rb") as held:
        shred_quietly(folder)
        assert held.read() == bytes(2_400_000)
    assert not folder.exists()
    assert (original.read_bytes(), stat.S_IMODE(original.stat().st_mode) & 0o600) == (b"kept", 0o600)


@pytest.mark.parametrize("make", [lambda: scratch.scratch_folder("shard"), lambda: scratch.folder_within(tempfile.gettempdir())])
def test_a_scratch_folder_is_overwritten_at_its_end(tmp_path, monkeypatch, make):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with make() as folder:
        assert (folder.parent, stat.S_IMODE(folder.stat().st_mode)) == (tmp_path, 0o700)
        (folder / "page.png").write_bytes(b"secret")
        held = (folder / "page.png").open("rb")
    with held:
        assert held.read() == bytes(6)
    assert not folder.exists()


def test_a_new_folder_waits_for_whoever_looks_whether_it_is_abandoned(tmp_path, monkeypatch):
    """Not waiting, it would be used without a lock, and swept under the hands of its user."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked, real = [], scratch.fcntl.flock
    monkeypatch.setattr(scratch.fcntl, "flock", lambda file, how: (asked.append(how), real(file, how)))
    scratch._sweep_once.cache_clear()
    with scratch.scratch_folder("shard"):
        assert asked == [scratch.fcntl.LOCK_EX]
        assert list(scratch.abandoned_folders()) == []


def test_what_cannot_be_overwritten_is_removed_all_the_same_and_the_rest_is_overwritten(tmp_path, monkeypatch):
    real = shredding._overwrite

    def fails_once(file, **how):
        monkeypatch.setattr(shredding, "_overwrite", real)
        raise PermissionError

    folder = tmp_path / "folder"
    folder.mkdir()
    held = []
    for name in "abc":
        (folder / name).write_bytes(b"secret")
        held.append((folder / name).open("rb"))
    monkeypatch.setattr(shredding, "_overwrite", fails_once)
    shred_quietly(folder)
    assert not folder.exists()
    assert sorted(file.read() for file in held) == [bytes(6), bytes(6), b"secret"]
    (tmp_path / "a").write_bytes(b"secret")
    monkeypatch.setattr(shredding, "_overwrite", fails_once)
    shred_file(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_file_is_overwritten_before_it_is_unlinked(tmp_path, unlinked):
    (tmp_path / "page").write_bytes(b"secret" * 400_000)
    (tmp_path / "page").chmod(0o400)
    with (tmp_path / "page").open("rb") as held:
        assert not is_shredded(held.fileno())
        shred_file(tmp_path / "page")
        assert is_shredded(held.fileno())
    assert unlinked == [2_400_000]
    shred_file(tmp_path / "page")  # gone already


def test_a_link_is_no_way_to_what_it_leads_to(tmp_path):
    (tmp_path / "original").write_bytes(b"kept")
    os.link(tmp_path / "original", tmp_path / "second")
    (tmp_path / "aside").symlink_to(tmp_path / "original")
    os.mkfifo(tmp_path / "pipe")
    for name in ("second", "aside", "pipe"):
        shred_file(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["original"]
    assert (tmp_path / "original").read_bytes() == b"kept"


def test_of_two_who_unlink_two_names_at_once_the_last_one_overwrites(tmp_path, monkeypatch):
    (tmp_path / "one").write_bytes(b"secret")
    os.link(tmp_path / "one", tmp_path / "two")
    real = os.unlink
    monkeypatch.setattr(os, "unlink", lambda path, **how: (real(tmp_path / "two"), real(path, **how)))
    with (tmp_path / "one").open("rb") as held:
        shred_file(tmp_path / "one")
        assert held.read() == bytes(6)


@pytest.mark.parametrize(("age_s", "flush", "times"), [(0, False, 0), (60, False, 1), (-3600, False, 1), (0, True, 1)])
def test_zeros_are_flushed_where_the_bytes_may_be_on_the_disk(tmp_path, monkeypatch, age_s, flush, times):
    flushed = []
    monkeypatch.setattr(os, "fdatasync", flushed.append)
    (tmp_path / "a").write_bytes(b"secret")
    os.utime(tmp_path / "a", (time.time() - age_s,) * 2)
    shred_file(tmp_path / "a", flush=flush)
    assert len(flushed) == times


def test_page_images_are_overwritten_when_they_are_used_up(tmp_path, unlinked):
    Image.new("RGB", (60, 40), "white").save(tmp_path / "page.png")
    (tmp_path / "scratch").mkdir()
    where = {"scratch_dir": tmp_path / "scratch", "limits": Limits()}
    with gray_page_image(tmp_path / "page.png", "image/png", 1, **where) as image, turned_image(image, 90, where["scratch_dir"]):
        pass
    page = Page(number=1, width_px=60, height_px=40, dpi=100, lines=(), source="none", language="en", reason="blank")
    _pictured(tmp_path / "page.png", "image/png", page, where["scratch_dir"], where["limits"])
    assert len(unlinked) == 3
    assert all(unlinked)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_a_bench_has_kept_is_overwritten_in_its_scratch_folder(tmp_path, unlinked):
    (tmp_path / "page.json").write_bytes(b"secret")
    bench = SimpleNamespace(store=SimpleNamespace(create=lambda *_, **__: True), shard=SimpleNamespace(stage="read"))
    Bench.keep(bench, "k", "page", "private/t/read/k.json", tmp_path / "page.json", media_type="application/json")
    assert unlinked == [6]
