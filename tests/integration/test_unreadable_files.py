"""A file that cannot be read while a scan takes files in is counted and left for the next scan; its neighbours go on."""

import hashlib
import logging
import os
import zipfile

import pytest

from docmill.errors import FileUnreadable, NotFound, StageFailed
from docmill.services import intake
from docmill.services.batches import batch_jobs, unreadable_files
from docmill.services.intake import take_in
from docmill.services.running.report import batch_report
from docmill.services.sources import files_of
from docmill.services.unread import Unread
from docmill.settings import settings
from docmill.values.jobs import IncomingFile
from docmill.values.keys import original_name
from docmill.values.options import MillOptions
from tasks import register_files as registering

SECRET = "anna-maier"
OPTIONS = MillOptions(index=False)


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name in ("a", SECRET, "z"):
        (folder / f"{name}.txt").write_text(f"A letter of {name}.\n")
    monkeypatch.setenv("DOCMILL_SOURCE_ROOTS", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture
def forbidden(monkeypatch):
    """Paths that may not be opened or searched; a mode would not stop the superuser."""
    paths, real_open, real_scan = set(), os.open, os.scandir

    def opened(path, *args, **kwargs):
        if str(path) in paths:
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **kwargs)

    def scanned(path):
        if str(path) in paths:
            raise PermissionError(13, "Permission denied", str(path))
        return real_scan(path)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "scandir", scanned)
    return paths


def taken(room, found, unread):
    batch, _ = take_in(room, found, OPTIONS, unread=unread)
    return batch, [job.name for job in batch_jobs(room.ledger, room.tenant, batch)]


def test_a_file_that_vanished_is_counted_and_its_neighbours_go_on(room, inbox, caplog):
    unread = Unread()
    found = list(files_of([str(inbox)], room.settings, unread))
    (inbox / f"{SECRET}.txt").unlink()
    with caplog.at_level(logging.INFO):
        batch, names = taken(room, found, unread)
    assert names == ["a.txt", "z.txt"]
    assert [(place, error.code) for place, error in unread.files] == [(str(inbox / f"{SECRET}.txt"), "file_unreadable")]
    assert unread.reasons == {"gone": 1}
    report = batch_report(room, batch)
    assert (report.total_files, report.unreadable) == (2, 1)
    assert "1 files could not be read: 1 gone" in caplog.text
    assert SECRET not in caplog.text


def test_an_object_that_is_listed_as_too_large_is_counted_and_not_fetched(room, monkeypatch, caplog):
    fetched, limit = [], room.settings.max_bytes

    def fetch(url, _settings, folder):
        fetched.append(url)
        (folder / "copy").write_text("A letter of the bucket.\n")
        return folder / "copy"

    monkeypatch.setattr(intake, "fetch_object", fetch)
    found = [IncomingFile(f"gs://inbox/{name}.txt", f"{name}.txt", size, "1") for name, size in ((SECRET, limit + 1), ("a", limit))]
    unread = Unread()
    batch, names = taken(room, found, unread)
    assert (names, fetched) == (["a.txt"], ["gs://inbox/a.txt"])
    assert unread.reasons == {"too_large": 1}
    assert batch_report(room, batch).unreadable == 1
    assert "1 files could not be read: 1 too large" in caplog.text
    assert SECRET not in caplog.text


def test_what_may_not_be_read_or_searched_is_counted(room, inbox, forbidden):
    (inbox / "closed").mkdir()
    (inbox / "closed" / "b.txt").write_text("Nobody sees this.\n")
    forbidden |= {str(inbox / f"{SECRET}.txt"), str(inbox / "closed")}
    unread = Unread()
    batch, names = taken(room, files_of([str(inbox)], room.settings, unread), unread)
    assert names == ["a.txt", "z.txt"]
    assert unread.reasons == {"not_allowed": 2}
    assert unreadable_files(room.ledger, room.tenant, batch) == 2


def test_a_file_that_is_removed_between_hashing_and_storing_is_stored_all_the_same(room, inbox, monkeypatch):
    real, file = room.store.create_from, inbox / f"{SECRET}.txt"
    data = file.read_bytes()

    def removed(name, path, **kwargs):
        if file.exists() and path.samefile(file):
            file.unlink()
        return real(name, path, **kwargs)

    monkeypatch.setattr(room.store, "create_from", removed)
    assert taken(room, files_of([str(inbox)], room.settings), None)[1] == ["a.txt", file.name, "z.txt"]
    assert not file.exists()
    assert room.store.read(original_name(room.tenant, hashlib.sha256(data).hexdigest())) == data


def test_an_object_that_was_removed_after_the_listing(room, inbox, monkeypatch):
    def gone(*args, **kwargs):
        raise NotFound("there is no such object")

    monkeypatch.setattr(intake, "fetch_object", gone)
    unread, found = Unread(), [IncomingFile("gs://bucket/in/b.txt", "b.txt"), IncomingFile(str(inbox / "a.txt"), "a.txt")]
    assert taken(room, found, unread)[1] == ["a.txt"]
    assert unread.reasons == {"gone": 1}


def test_without_anybody_to_tell_it_is_an_error_that_names_no_file(room, inbox):
    found = list(files_of([str(inbox)], room.settings))
    (inbox / f"{SECRET}.txt").unlink()
    with pytest.raises(FileUnreadable) as lost:
        take_in(room, found, OPTIONS)
    assert SECRET not in str(lost.value)


def test_a_file_that_its_owner_only_writes_to_is_counted_by_the_superuser_too(inbox, room):
    (inbox / f"{SECRET}.txt").chmod(0o200)  # looks like one that is being overwritten
    batch = registering.register_files.fn(room, [str(inbox)], OPTIONS)
    assert (batch_report(room, batch).total_files, unreadable_files(room.ledger, room.tenant, batch)) == (2, 1)


def test_a_run_registers_the_neighbours(inbox, room, forbidden):
    forbidden.add(str(inbox / f"{SECRET}.txt"))
    batch = registering.register_files.fn(room, [str(inbox)], OPTIONS)
    assert (batch_report(room, batch).total_files, batch_report(room, batch).unreadable) == (2, 1)


def test_a_surprise_while_registering_leaves_the_task_without_paths(inbox, room, monkeypatch):
    def surprised(*args, **kwargs):
        raise OSError(5, "Input/output error", str(inbox / f"{SECRET}.txt"))

    monkeypatch.setattr(registering, "take_in", surprised)
    with pytest.raises(StageFailed, match="OSError") as lost:
        registering.register_files.fn(room, [str(inbox)], OPTIONS)
    assert SECRET not in str(lost.value)
    assert lost.value.__suppress_context__


def test_a_file_that_grows_while_it_is_taken_in_is_left_for_later(room, inbox, monkeypatch):
    real, file = room.store.create_from, inbox / f"{SECRET}.txt"
    first = original_name(room.tenant, hashlib.sha256(file.read_bytes()).hexdigest())

    def grown(name, path, **kwargs):
        if path.samefile(file):
            with path.open("a") as more:
                more.write("And a line more.\n")
        return real(name, path, **kwargs)

    monkeypatch.setattr(room.store, "create_from", grown)
    unread = Unread()
    assert taken(room, files_of([str(inbox)], room.settings, unread), unread)[1] == ["a.txt", "z.txt"]
    assert unread.reasons == {"changing": 1}
    assert not room.store.exists(first), "other bytes would lie under the name of these for good"
    monkeypatch.undo()
    assert SECRET in "".join(taken(room, files_of([str(inbox)], room.settings), None)[1])


def test_what_was_stored_rightly_stays_when_its_file_changes_afterwards(room, inbox, monkeypatch):
    real, file = room.store.create_from, inbox / f"{SECRET}.txt"
    data = file.read_bytes()
    first = original_name(room.tenant, hashlib.sha256(data).hexdigest())

    def changed(name, path, **kwargs):
        made = real(name, path, **kwargs)
        if path.samefile(file):
            path.write_text("Something else.\n")
        return made

    monkeypatch.setattr(room.store, "create_from", changed)
    unread = Unread()
    taken(room, files_of([str(inbox)], room.settings, unread), unread)
    assert unread.reasons == {"changing": 1}
    assert room.store.read(first) == data


def test_a_run_follows_no_link_out_of_its_roots(inbox, room, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("Nobody asked for this.\n")
    (inbox / "link.txt").symlink_to(outside)
    (inbox / "within.txt").symlink_to(inbox / "a.txt")
    batch = registering.register_files.fn(room, [str(inbox)], OPTIONS)
    assert batch_report(room, batch).unreadable == 1
    names = [job.name for job in batch_jobs(room.ledger, room.tenant, batch)]
    assert "link.txt" not in names
    assert "z.txt" in names
    assert not room.store.exists(original_name(room.tenant, hashlib.sha256(outside.read_bytes()).hexdigest()))
    own = files_of([str(inbox)], room.settings)
    assert "link.txt" in [file.name for file in own], "the command line reads what its user can read"


def _by_run(room, found, folder):
    """What a flow run makes of files that changed after they were listed: names and reasons."""
    unread = Unread()
    batch, _ = take_in(room, found, OPTIONS, unread=unread, roots=[str(folder)])
    return [job.name for job in batch_jobs(room.ledger, room.tenant, batch)], unread.reasons


def test_a_link_that_takes_the_place_of_a_listed_file_is_not_followed_out_of_the_roots(inbox, room, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("Nobody asked for this.\n")
    found = list(files_of([str(inbox)], room.settings))
    (inbox / "a.txt").unlink()
    (inbox / "a.txt").symlink_to(outside)
    (inbox / f"{SECRET}.txt").unlink()
    (inbox / f"{SECRET}.txt").symlink_to(inbox / "z.txt")
    assert _by_run(room, found, inbox) == ([f"{SECRET}.txt", "z.txt"], {"outside": 1})
    assert not room.store.exists(original_name(room.tenant, hashlib.sha256(outside.read_bytes()).hexdigest()))


def test_a_folder_that_becomes_a_link_after_the_listing_leads_nowhere(inbox, room, tmp_path):
    for folder in (inbox / "new", tmp_path / "other"):
        folder.mkdir()
        (folder / "b.txt").write_text(f"A letter in {folder.name}.\n")
    found = list(files_of([str(inbox)], room.settings))
    (inbox / "new").rename(tmp_path / "away")
    (inbox / "new").symlink_to(tmp_path / "other")
    assert _by_run(room, found, inbox) == (["a.txt", f"{SECRET}.txt", "z.txt"], {"outside": 1})


@pytest.mark.parametrize("other", ["pipe", "folder"])
def test_what_is_no_file_any_more_is_left_and_not_waited_for(inbox, room, other):
    found = list(files_of([str(inbox)], room.settings))
    (inbox / "a.txt").unlink()
    os.mkfifo(inbox / "a.txt") if other == "pipe" else (inbox / "a.txt").mkdir()
    assert _by_run(room, found, inbox) == ([f"{SECRET}.txt", "z.txt"], {"no_file": 1})


def test_a_file_that_is_replaced_while_it_is_taken_in_is_the_one_that_was_opened(inbox, room, monkeypatch, tmp_path):
    real, file, other = room.store.create_from, inbox / "a.txt", tmp_path / "other.txt"
    data = file.read_bytes()
    other.write_text("Something else.\n")

    def replaced(name, path, **kwargs):
        if other.exists() and path.samefile(file):
            other.replace(file)
        return real(name, path, **kwargs)

    monkeypatch.setattr(room.store, "create_from", replaced)
    names, reasons = _by_run(room, list(files_of([str(inbox)], room.settings)), inbox)
    assert (names, reasons, other.exists()) == (["a.txt", f"{SECRET}.txt", "z.txt"], {}, False)
    assert room.store.read(original_name(room.tenant, hashlib.sha256(data).hexdigest())) == data


def test_an_archive_is_taken_apart_from_the_file_that_was_opened(inbox, room):
    with zipfile.ZipFile(inbox / "more.zip", "w") as archive:
        archive.writestr("one.txt", "The first.\n")
    assert "one.txt" in _by_run(room, list(files_of([str(inbox)], room.settings)), inbox)[0]
