"""Keys of documents: what a process that was killed while it copied them leaves behind is overwritten and gone."""

import fcntl
import os
import time

import pytest

from docmill.storage.document_keys import FILE, DocumentKeys

OLD = time.time() - 120


@pytest.fixture
def left(tmp_path):
    """What a kill in the middle of a copy leaves: the file with keys in it, and SQLite's journal."""
    files = [tmp_path / f"{FILE}.writing", tmp_path / f"{FILE}.writing-journal"]
    for file in files:
        file.write_bytes(b"key" * 100)
        os.utime(file, (OLD, OLD))
    return files


def test_an_unfinished_copy_is_removed(tmp_path, left):
    keys = DocumentKeys(tmp_path / FILE)
    assert keys.remove_unfinished(dry_run=True) == {file.name: 300 for file in left}
    assert all(file.exists() for file in left)
    keys.remove_unfinished()
    assert not any(file.exists() for file in left)
    assert keys.remove_unfinished() == {}


def test_a_copy_that_is_being_written_stays(tmp_path, left):
    with left[0].open("rb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        assert DocumentKeys(tmp_path / FILE).remove_unfinished() == {}
    os.utime(left[0])  # somebody has just made it, and not locked it yet
    assert list(DocumentKeys(tmp_path / FILE).remove_unfinished()) == [left[1].name]


def test_erasing_a_key_leaves_none_in_an_unfinished_copy(tmp_path, left):
    keys = DocumentKeys(tmp_path / FILE)
    keys.ensure("default", ["one"])
    keys.forget("default", "one")
    assert not any(file.exists() for file in left)


def test_a_copy_takes_the_place_of_an_unfinished_one(tmp_path, left):
    keys = DocumentKeys(tmp_path / "home.db")
    found = keys.ensure("default", ["one"])
    keys.copy_to(tmp_path / FILE)
    assert DocumentKeys(tmp_path / FILE).of("default", ["one"]) == found
    assert not any(file.exists() for file in left)
