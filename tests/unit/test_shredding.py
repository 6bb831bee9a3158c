"""What lay in folders of documents is overwritten before it is unlinked."""

import os
import tempfile

from docmill.services.milling import scratch
from docmill.services.shredding import shred_quietly


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
    assert original.read_bytes() == b"kept"


def test_a_scratch_folder_is_overwritten_at_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch.scratch_folder() as folder:
        (folder / "page.png").write_bytes(b"secret")
        held = (folder / "page.png").open("rb")
    with held:
        assert held.read() == bytes(6)
    assert not folder.exists()


def test_what_cannot_be_overwritten_is_removed_all_the_same(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"secret")
    monkeypatch.setattr("docmill.services.shredding._overwrite", _fails)
    shred_quietly(folder)
    assert not folder.exists()


def _fails(path):
    raise PermissionError(path)
