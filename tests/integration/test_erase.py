"""Erasing a document finishes, wherever it dies."""

import pytest
from milled_papers import ingest
from test_canary import leaks, milled, patient, planted

from docmill.errors import NotFound, StoreUnavailable
from docmill.services import erase as erasing
from docmill.services.documents import current_result
from docmill.services.erase import erase, finish_erasures
from docmill.services.jobs import job_view
from docmill.services.uploads import Received, Said, submit
from docmill.storage.document_keys import DocumentKeys
from docmill.values.keys import evidence_prefix, exports_prefix, review_prefix
from docmill.values.options import MillOptions

__all__ = ["patient"]


@pytest.fixture
def document(room, tmp_path):
    (job_id,) = milled(room, [planted(tmp_path)], redact=True)
    return job_view(room.ledger, room.tenant, job_id).document_id


def objects(room):
    """Objects, but for markers and notes of page contents, which go with the clean-up: these hold numbers and type names only."""
    names = [info.name for info in room.store.list("")]
    return [name for name in names if "/runs/" not in name and "/journal/" not in name and not name.endswith(".note")]


class Died(Exception):
    """The process ended here."""


def test_an_erasure_that_died_before_the_objects_is_finished_by_the_next_intake(room, home, document, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_keep_promise", lambda *_, **__: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            erase(room, document)
    with pytest.raises(NotFound):
        current_result(room.ledger, room.tenant, document)
    assert leaks(home, allowed=()) != []
    (tmp_path / "b.txt").write_text("Another one.\n")
    milled(room, [tmp_path / "b.txt"])
    assert leaks(home, allowed=()) == []
    assert finish_erasures(room) == 0


@pytest.mark.parametrize("keeps_key", [False, True])
def test_whether_the_key_of_backups_goes_is_known_to_whoever_finishes_it(room, home, document, monkeypatch, keeps_key):
    keys = DocumentKeys(home / "document-keys.db")
    keys.ensure(room.tenant, [document])
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_keep_promise", lambda *_, **__: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            erase(room, document, keeps_key=keeps_key)
    assert finish_erasures(room) == 1
    assert bool(keys.of(room.tenant, [document])) is keeps_key


def test_one_that_dies_among_the_objects_is_finished(room, home, document, monkeypatch):
    whole, calls = room.store.delete, []

    def breaking(name):
        calls.append(name)
        if len(calls) == 4:
            raise StoreUnavailable
        return whole(name)

    with monkeypatch.context() as patch:
        patch.setattr(room.store, "delete", breaking)
        with pytest.raises(StoreUnavailable):
            erase(room, document)
    assert finish_erasures(room) == 1
    assert objects(room) == []
    assert leaks(home, allowed=()) == []


def uploaded(room, path):
    return submit(room, [Received(path, path.name)], MillOptions(index=False), Said())


def half_erased(room, path, monkeypatch):
    """A document whose erasure died when the ledger had forgotten it; names of what is to go beside its results."""
    (job_id,) = milled(room, [path], index=False)
    document = job_view(room.ledger, room.tenant, job_id).document_id
    folders = (review_prefix(room.tenant, document), evidence_prefix(room.tenant, document))
    names = [f"{exports_prefix(room.tenant)}20991123T000000Z-x.csv", *(f"{folder}/old.json" for folder in folders)]
    for name in names:
        room.store.create(name, b"a value of the erased document")
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_keep_promise", lambda *_, **__: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            erase(room, document)
    return document, names


def test_an_erasure_that_died_is_finished_before_the_same_bytes_are_uploaded(room, tmp_path, monkeypatch):
    path = planted(tmp_path)
    document, names = half_erased(room, path, monkeypatch)
    (again,) = uploaded(room, path).job_ids
    assert job_view(room.ledger, room.tenant, again).document_id == document
    assert finish_erasures(room) == 0
    assert [name for name in names if room.store.exists(name)] == []
    assert [name for name in objects(room) if not name.startswith(f"originals/{room.tenant}/")] == []


def test_where_the_same_bytes_came_first_what_people_left_before_goes_and_what_they_left_since_stays(room, tmp_path, monkeypatch):
    path = planted(tmp_path)
    document, names = half_erased(room, path, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr("docmill.services.uploads.finish_erasures", lambda _: 0)  # another process was at it in this moment
        uploaded(room, path)
    since = f"{review_prefix(room.tenant, document)}/new.json"
    room.store.create(since, b"a value that was typed since")
    assert finish_erasures(room) == 1
    assert [name for name in (*names, since) if room.store.exists(name)] == [since]
    assert not any("/results/" in name or "/erasures/" in name for name in objects(room))


def test_of_a_document_that_could_not_be_read_nothing_stays_either(room, tmp_path):
    (tmp_path / "damaged.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    (document,) = ingest(room, tmp_path / "damaged.pdf")
    assert current_result(room.ledger, room.tenant, document) is None
    assert any(name.endswith(".receipt") for name in objects(room)), "the verdict is kept, so that nobody asks again"
    erase(room, document)
    assert objects(room) == []


def test_a_promise_that_the_ledger_never_kept_takes_nothing(room, document, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("docmill.storage.ledger.deletion.delete_rows", lambda *_, **__: (_ for _ in ()).throw(Died))
        with pytest.raises(Died):
            erase(room, document)
    before = objects(room)
    assert any("/erasures/" in name for name in before)
    assert finish_erasures(room) == 0
    assert objects(room) == before  # it may be being written
    monkeypatch.setattr(erasing, "PATIENCE", erasing.PATIENCE * 0)
    assert finish_erasures(room) == 0
    assert objects(room) == [name for name in before if "/erasures/" not in name]
    assert current_result(room.ledger, room.tenant, document) is not None
    assert erase(room, document) > 0
    assert objects(room) == []
