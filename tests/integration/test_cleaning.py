"""Cleaning up over really milled documents: markers go in time, results stay, what cannot go is told."""

import json
import math
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta

import pytest
from milled_papers import LETTER, ingest, mill, mill_anew
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import StoreUnavailable
from docmill.services.cleaning import Retention, clean_up
from docmill.services.cleaning_ledger import clean_up_ledger
from docmill.services.intake import take_in
from docmill.services.jobs import list_jobs, renew_leases
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.storage.ledger import idempotency
from docmill.storage.objects.staging import STAGING, abandoned
from docmill.values.options import MillOptions

NOW = Retention(timedelta(), timedelta(), timedelta(), timedelta())


@pytest.fixture
def letter(room, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "a.txt").write_text(LETTER)
    (document_id,) = ingest(room, tmp_path / "a.txt", index=False)
    return document_id


def names(room, part):
    return [info.name for info in room.store.list("private/default/") if part in info.name]


def age(room, seconds):
    """Time passes for the ledger."""
    now = room.ledger.now
    room.ledger.now = lambda: now() + timedelta(seconds=seconds)


def test_markers_and_journals_go_an_hour_after_the_end_and_results_stay(room, letter):
    results = list_jobs(room.ledger, room.tenant)[0].results_object
    before = {info.name for info in room.store.list("")}
    assert names(room, "/runs/")
    assert names(room, "/journal/")
    assert clean_up(room).cleaned_files == ()
    age(room, 3500)
    assert clean_up(room).cleaned_files == ()
    age(room, 200)
    would = clean_up(room, dry_run=True)
    assert {info.name for info in room.store.list("")} == before
    done = clean_up(room)
    assert done.cleaned_files == would.cleaned_files
    assert set(done.cleaned_files) == {name for name in before if "/runs/" in name or "/journal/" in name}
    assert done.total_space_freed == would.total_space_freed > 0
    assert (done.failed_cleanups, room.store.exists(results)) == ((), True)
    assert clean_up(room).cleaned_files == ()
    mill_anew(room, letter, index=False, force=True)
    assert [job.state.is_final for job in list_jobs(room.ledger, room.tenant)] == [True, True]


def test_what_a_living_run_needs_stays_also_when_nothing_is_kept(room, letter, tmp_path):
    (tmp_path / "b.txt").write_text("Another letter, about the garden.\n")
    batch_id, _ = take_in(room, files_of([str(tmp_path / "b.txt")], room.settings), MillOptions(index=False))
    run = BatchRun(room, batch_id, "run-living", workers=0, lease_s=600)
    room.store.create("private/default/runs/run-living/lease.json", json.dumps({"renewed_at": time.time(), "stop": False}).encode())
    (job_id,) = [job.job_id for job in list_jobs(room.ledger, room.tenant) if not job.state.is_final]
    room.store.create(f"private/default/journal/{job_id}/read-page-1/1-1.begun", b"now")
    age(room, 120)  # the ended run's lease was one of 60 s
    clean_up(room, retention=NOW)
    assert len(names(room, "/runs/")) == len(names(room, "/journal/")) == 1
    renew_leases(room.ledger, room.tenant, run.run_id, lease_s=0)
    age(room, 3700)
    clean_up(room)
    assert (names(room, "/runs/"), len(names(room, "/journal/"))) == ([], 1)
    mill(room, batch_id)


def test_a_note_whose_words_are_gone_goes(room, letter):
    prefix = "private/default/read/ab/"
    room.store.create(f"{prefix}ab1.note", json.dumps({"object_name": "private/default/read/cd/gone.json"}).encode())
    room.store.create(f"{prefix}words.json", b"[]")
    room.store.create(f"{prefix}ab2.note", json.dumps({"object_name": f"{prefix}words.json"}).encode())
    room.store.create(f"{prefix}ab3.note", b"no JSON")
    day = f"{room.ledger.now():%Y%m%d}"
    for name in (f"20200101T000000Z-{'a' * 8}.csv", f"{day}T235959Z-{'b' * 8}.csv"):
        room.store.create(f"private/default/exports/{name}", b"old")
    assert clean_up(room).cleaned_files == (
        "private/default/exports/20200101T000000Z-aaaaaaaa.csv",
        f"{prefix}ab1.note",
        f"{prefix}ab3.note",
    )
    assert room.store.exists(f"{prefix}ab2.note")


def test_scratch_of_the_dead_and_old_uploads_go_and_failures_are_told(room, letter, home, tmp_path, monkeypatch):
    from docmill.scratch import held, scratch_folder

    dead = tmp_path / "scratch" / "docmill-scratch-shard-dead"
    dead.mkdir()
    (dead / "page.png").write_bytes(b"x" * 5000)
    linked = tmp_path / "original"
    linked.write_bytes(b"kept")
    os.link(linked, dead / "linked")
    for name, old in (("fresh", 0), ("old", 7200), ("taken-in", 7200)):
        (home / "incoming" / name).mkdir(parents=True)
        (home / "incoming" / name / "0").write_bytes(b"y" * 100)
        for path in (home / "incoming" / name / "0", home / "incoming" / name):
            os.utime(path, (time.time() - old,) * 2)
    with scratch_folder("shard") as living, held(home / "incoming" / "taken-in"):
        (living / "page.png").write_bytes(b"z")
        dead.mkdir(exist_ok=True)  # the first scratch folder of a process sweeps by itself
        (dead / "page.png").write_bytes(b"x" * 5000)
        assert clean_up(room).cleaned_files == ("docmill-scratch-shard-dead", "old")
        assert (living / "page.png").exists()
        assert (home / "incoming" / "taken-in" / "0").read_bytes() == b"y" * 100, "a thread reads it at this moment"
    assert clean_up(room).cleaned_files == ("taken-in",)
    assert (dead.exists(), linked.read_bytes(), (home / "incoming" / "fresh").exists()) == (False, b"kept", True)

    age(room, 3700)
    whole = room.store.delete
    stubborn = names(room, "/journal/")[0]

    def delete(name):
        if name == stubborn:
            raise StoreUnavailable
        return whole(name)

    monkeypatch.setattr(room.store, "delete", delete)
    done = clean_up(room)
    assert [(f.path, f.error) for f in done.failed_cleanups] == [(stubborn, "store_unavailable")]
    assert names(room, "/runs/") == []


def test_a_stray_file_among_the_uploads_goes_and_keeps_nothing_else(room, letter, home, tmp_path):
    incoming = home / "incoming"
    (incoming / "b-upload").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").write_bytes(b"kept")
    (incoming / "a-scan of anna.pdf").write_bytes(b"personal" * 100)
    (incoming / "c-link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(incoming / "d-pipe")
    assert clean_up(room).cleaned_files == (), "young"
    for path in incoming.iterdir():
        os.utime(path, (time.time() - 7200,) * 2, follow_symlinks=False)
    assert len(clean_up(room, dry_run=True).cleaned_files) == len(list(incoming.iterdir())) == 4
    with (incoming / "a-scan of anna.pdf").open("rb") as file:
        done = clean_up(room)
        assert file.read() == bytes(800), "overwritten"
    stray = "incoming/(stray file)"
    assert (done.cleaned_files, done.failed_cleanups, done.total_space_freed) == ((stray, "b-upload", stray, stray), (), 800)
    assert (list(incoming.iterdir()), (tmp_path / "elsewhere" / "kept").read_bytes()) == ([], b"kept")


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (StoreUnavailable(), "store_unavailable"),
        (NotADirectoryError(20, "Not a directory", "anna.pdf"), "Not a directory"),
        (ValueError("anna"), "ValueError"),
    ],
)
def test_a_part_that_fails_is_told_and_the_others_run(room, letter, home, monkeypatch, lost, told):
    def fails(*_, **__):
        raise lost

    (home / "incoming" / "old").mkdir(parents=True)
    os.utime(home / "incoming" / "old", (time.time() - 7200,) * 2)
    age(room, 3700)
    monkeypatch.setattr("docmill.services.cleaning._old_runs", fails)
    monkeypatch.setattr("docmill.services.cleaning.clean_scratch", fails)
    done = clean_up(room)
    assert [(one.path, one.error) for one in done.failed_cleanups] == [("runs", told), ("scratch folders", told)]
    assert names(room, "/journal/") == []
    assert not (home / "incoming" / "old").exists()


def test_the_ledger_is_cleaned_up_also_when_purging_fails(room, letter, monkeypatch):
    now = room.ledger.now()
    with room.ledger.transaction() as conn:
        idempotency.keep(
            conn, "default", "old", request_digest="d", batch_id="b", job_ids=[], at=now - timedelta(days=9), until=now - timedelta(days=3)
        )

    def fails(_):
        raise StoreUnavailable

    monkeypatch.setattr("docmill.services.purging.purge_expired", fails)
    assert CliRunner().invoke(app, ["clean-up"]).exit_code != 0
    assert clean_up_ledger(room).idempotency_keys == 0, "it went already"


_DIES_STORING = """
import os, sys
from pathlib import Path
from docmill.storage.objects import StoreSpec, open_store
read, write = os.pipe()
os.write(write, b"x" * 2_000)
open_store(StoreSpec(url=sys.argv[1])).create_from("originals/default/a", Path(f"/dev/fd/{read}"))  # waits for the end of the pipe
"""


def test_what_a_dead_process_was_about_to_store_goes(room, letter, home):
    staging = home / "store" / STAGING
    with subprocess.Popen([sys.executable, "-c", _DIES_STORING, room.store_spec.url]) as process:
        while not any(staging.iterdir()) or list(abandoned(home / "store", before_s=math.inf)):
            assert process.poll() is None
        (left,) = staging.iterdir()
        os.utime(left, (time.time() - 7200,) * 2)
        assert clean_up(room).cleaned_files == (), "its writer lives"
        process.kill()
    left.write_bytes(b"personal" * 100)
    os.link(left, home / "seen")  # shows what becomes of a file with another name: that may be an object
    assert clean_up(room).cleaned_files == (), "young"
    os.utime(left, (time.time() - 7200,) * 2)
    would = clean_up(room, dry_run=True)
    assert (would.cleaned_files, would.total_space_freed, left.exists()) == ((f"{STAGING}/{left.name}",), 0, True)
    (home / "seen").unlink()
    with left.open("rb") as file:
        done = clean_up(room)
        assert (done.cleaned_files, done.total_space_freed, left.exists()) == ((f"{STAGING}/{left.name}",), 800, False)
        assert file.read() == bytes(800), "overwritten"
    assert clean_up(room).cleaned_files == ()


def test_the_ledger_forgets_ended_keys_and_the_command_line_reports(room, letter):
    now = room.ledger.now()
    with room.ledger.transaction() as conn:
        for key, until in (("old", now - timedelta(days=3)), ("new", now + timedelta(days=1))):
            idempotency.keep(conn, "default", key, request_digest="d", batch_id="b", job_ids=[], at=now - timedelta(days=9), until=until)
    assert clean_up_ledger(room).idempotency_keys == 1
    with room.ledger.reading() as conn:
        assert idempotency.find(conn, "default", "new", at=now) is not None
    assert clean_up_ledger(room).idempotency_keys == 0
    report = json.loads(CliRunner().invoke(app, ["clean-up", "--dry-run", "--json"]).stdout)
    assert report == {"cleaned_files": [], "failed_cleanups": [], "total_space_freed": 0, "dry_run": True}
    assert "removed 0 object" in CliRunner().invoke(app, ["clean-up"]).stdout
    assert "0 job(s) queued" in CliRunner().invoke(app, ["sweep"]).stdout
    assert json.loads(CliRunner().invoke(app, ["reconcile", "--json"]).stdout)["missing_objects"] == {}
    room.store.delete(list_jobs(room.ledger, room.tenant)[0].results_object)
    gone = CliRunner().invoke(app, ["reconcile"])
    assert (gone.exit_code, "is gone" in gone.stdout) == (11, True)
