"""A scan of sources reads what is new or has changed, and nothing else."""

import os
import time

import httpx
import pytest
from gcs_server import running_gcs_server, write_service_account_file
from milled_papers import INVOICE, LETTER, mill

from docmill.services import intake, sources
from docmill.services.batches import batch_view
from docmill.services.erase import erase
from docmill.services.seen_files import remembered
from docmill.services.sources import files_of
from docmill.values.options import MillOptions

NO_INDEX = MillOptions(index=False)


@pytest.fixture
def read(monkeypatch):
    """Names of the files whose bytes were read."""
    names, real = [], intake.arrivals

    def noted(room, path, name, options):
        names.append(name)
        return real(room, path, name, options)

    monkeypatch.setattr(intake, "arrivals", noted)
    return names


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SETTLED_S", 0.0)
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "invoice.txt").write_text(INVOICE)
    (folder / "letter.txt").write_text(LETTER)
    return folder


def scan(room, read, *places, options=NO_INDEX, found=None):
    """One night: (names that were read, the batch, what was registered)."""
    read.clear()
    names = [str(place) for place in places]
    with remembered(room, names) as seen:
        batch, registered = intake.take_in(room, files_of(names, found or room.settings), options, seen=seen)
    mill(room, batch)
    return sorted(read), batch, registered


def test_only_what_is_new_or_has_changed_is_read(room, inbox, read):
    names, _, first = scan(room, read, inbox)
    assert names == ["invoice.txt", "letter.txt"]
    names, batch, again = scan(room, read, inbox)
    assert names == [], "nothing has changed"
    assert [(one.document_id, one.job_id, one.reused) for one in again] == [(one.document_id, one.job_id, True) for one in first]
    assert batch_view(room.ledger, room.tenant, batch).by_state == {"completed": 2}
    (inbox / "new.txt").write_text("A new letter.\n")
    assert scan(room, read, inbox)[0] == ["new.txt"]


def test_the_content_decides_and_not_the_date(room, inbox, read):
    scan(room, read, inbox)
    before = (inbox / "letter.txt").stat()
    time.sleep(0.05)
    (inbox / "letter.txt").write_text(LETTER.replace("May", "Mai"))
    os.utime(inbox / "letter.txt", ns=(before.st_atime_ns, before.st_mtime_ns))  # as cp -p would leave it
    names, _, registered = scan(room, read, inbox)
    assert names == ["letter.txt"]
    assert sorted(one.reused for one in registered) == [False, True]
    time.sleep(0.05)
    (inbox / "letter.txt").touch()
    names, _, registered = scan(room, read, inbox)
    assert (names, {one.reused for one in registered}) == (["letter.txt"], {True}), "read again, but the same bytes are the same document"


def test_what_has_just_been_written_is_not_believed(room, inbox, read, monkeypatch):
    monkeypatch.setattr(sources, "SETTLED_S", 60.0)
    scan(room, read, inbox)
    assert scan(room, read, inbox)[0] == ["invoice.txt", "letter.txt"], "a second write may leave the same times"


def test_erased_and_failed_documents_are_read_again(room, inbox, read):
    (inbox / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    _, _, registered = scan(room, read, inbox)
    assert scan(room, read, inbox)[0] == ["broken.pdf"]
    erase(room, registered[1].document_id)
    names, _, again = scan(room, read, inbox)
    assert names == ["broken.pdf", "invoice.txt"]
    assert not again[1].reused


def test_other_options_mill_again_what_is_not_read_again(room, inbox, read):
    scan(room, read, inbox)
    names, batch, registered = scan(room, read, inbox, options=NO_INDEX.model_copy(update={"confidence_threshold": 0.5}))
    assert names == []
    assert not any(one.reused for one in registered)
    assert batch_view(room.ledger, room.tenant, batch).by_state == {"completed": 2}


def test_a_scan_that_is_cut_short_keeps_what_was_known(room, inbox, read, monkeypatch):
    scan(room, read, inbox)
    (inbox / "a.txt").write_text("Comes first.\n")
    monkeypatch.setattr(intake, "REGISTER_AT_ONCE", 1)
    real = intake.batches.register_jobs

    def cut(*args, **kwargs):
        real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(intake.batches, "register_jobs", cut)
    with pytest.raises(KeyboardInterrupt):
        scan(room, read, inbox)
    monkeypatch.setattr(intake.batches, "register_jobs", real)
    assert scan(room, read, inbox)[0] == ["a.txt"], "it has no result yet; what the scan did not come to is still known"


def test_what_is_kept_names_no_file(room, inbox, read):
    scan(room, read, inbox)
    (kept,) = room.store.list("private/default/scans/")
    data = room.store.read(kept.name)
    assert data.count(b'"') > 4
    assert b"letter" not in data
    assert b"inbox" not in data
    room.store.replace(kept.name, b"{damaged")
    assert len(scan(room, read, inbox)[0]) == 2


def test_a_bucket(room, read, tmp_path):
    with running_gcs_server(tmp_path / "objects", "incoming") as server:
        account, _ = write_service_account_file(tmp_path / "account.json")
        found = room.settings.model_copy(update={"gcs_endpoint": server, "gcs_project": "p", "google_credentials": account})
        seen = type(room)(**{**{name: getattr(room, name) for name in room.__dataclass_fields__}, "settings": found})

        def put(name, data):
            where = f"{server}/upload/storage/v1/b/incoming/o"
            httpx.post(where, params={"uploadType": "media", "name": name}, content=data).raise_for_status()

        put("in/a.txt", b"A of the bucket.\n")
        put("in/b.txt", b"B of the bucket.\n")
        assert scan(seen, read, "gs://incoming/in/", found=found)[0] == ["a.txt", "b.txt"]
        assert scan(seen, read, "gs://incoming/in/", found=found)[0] == []
        put("in/b.txt", b"C of the bucket.\n")
        assert scan(seen, read, "gs://incoming/in/", found=found)[0] == ["b.txt"]
