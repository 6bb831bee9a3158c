"""A bucket as a source: what is taken of it, and that a name which docmill cannot keep ends no night. The client is a double."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from docmill.services.batches import batch_jobs, unreadable_files
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.storage.objects import gcs
from docmill.values.options import MillOptions
from tasks.register_files import register_files

LONG = "Ж" * 120 + ".txt"
"""244 bytes: a name that any file may have; the local copy's gets a number before it."""


@pytest.fixture
def bucket(monkeypatch):
    """Name -> bytes of the objects in gs://inbox."""
    objects = {}

    def blob(name):
        def download(file, **_):
            Path(file).write_bytes(objects[name])

        return SimpleNamespace(name=name, size=len(objects[name]), metadata={}, generation=1, download_to_filename=download)

    def listed(_bucket, prefix, **_):
        return [blob(name) for name in sorted(objects) if name.startswith(prefix)]

    client = SimpleNamespace(bucket=lambda _name: SimpleNamespace(blob=blob), list_blobs=listed)
    monkeypatch.setattr(gcs, "make_client", lambda _spec: client)
    monkeypatch.setenv("DOCMILL_SOURCE_ROOTS", "gs://inbox/new")
    settings.cache_clear()
    return objects


def night(room, source="gs://inbox/new"):
    """(names of the tasks, how many files could not be read)."""
    batch = register_files.fn(room, [source], MillOptions(index=False))
    return [job.name for job in batch_jobs(room.ledger, room.tenant, batch)], unreadable_files(room.ledger, room.tenant, batch)


def test_hidden_objects_are_left_out_as_hidden_files_are(bucket, room):
    bucket |= {"new/.DS_Store": b"x", "new/.git/config": b"y", "new/a.txt": b"A letter.\n"}
    assert night(room) == (["a.txt"], 0)


def test_an_object_whose_name_no_file_can_have_is_counted_and_its_neighbours_go_on(bucket, room):
    bucket |= {"new//a.txt": b"A letter.\n", "new/b\n.txt": b"Another.\n", "new/z.txt": b"The last.\n"}
    assert night(room) == (["z.txt"], 2)


def test_a_long_name_of_letters_of_two_bytes(bucket, room):
    bucket |= {f"new/{LONG}": b"A letter.\n", "new/b.txt": b"Another.\n"}
    assert sorted(night(room)[0]) == ["b.txt", LONG]


@pytest.mark.parametrize("source", ["gs://inbox/new", "gs://inbox/new/"])
def test_a_prefix_is_a_folder_and_not_the_beginning_of_a_name(bucket, room, source):
    bucket |= {"new-secret/payroll.txt": b"secret", "new.txt": b"beside", "new/deep/a.txt": b"A letter.\n", "new/": b""}
    assert night(room, source) == (["a.txt"], 0)


def test_one_object_and_a_whole_bucket(bucket, room):
    bucket |= {"new/a.txt": b"A letter.\n", "new/a.txt.old": b"Older.\n", "b.txt": b"Beside.\n"}
    assert night(room, "gs://inbox/new/a.txt") == (["a.txt"], 0)
    for source in ("gs://inbox", "gs://inbox/"):
        assert [file.name for file in files_of([source], settings())] == ["b.txt", "a.txt", "a.txt.old"]
