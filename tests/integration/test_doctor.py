"""What `docmill doctor` says of parts that only some installations have: Dask, back-ups, the key of file names."""

import socket
import tempfile
from pathlib import Path

import pytest

from docmill.cli.checks import CHECKS, Finding
from docmill.errors import EngineMissing
from docmill.services.ledger_key import KEY_FILE
from docmill.settings import Settings
from docmill.storage.ledger.copying import copy_ledger

pytest_plugins = ("postgres_server",)


def finding(name: str, **settings: object) -> Finding:
    """What the check of this name says under these settings."""
    found = [one for check in CHECKS if (one := check(Settings(**settings))).name == name]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def older_pg_dump(tmp_path, monkeypatch):
    """A pg_dump of a version before the server's: it answers and refuses as that one does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "pg_dump"
    refusal = "pg_dump: error: aborting because of server version mismatch"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 9.6.24" && exit 0\necho "{refusal}" >&2\nexit 1\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def test_dask(home):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert finding("Dask", dask_address=f"tcp://127.0.0.1:{port}").ok
    gone = finding("Dask", dask_address=f"tcp://127.0.0.1:{port}")
    assert (gone.ok, gone.detail) == (False, f"tcp://127.0.0.1:{port} does not answer: ConnectionRefusedError")
    assert finding("Dask").ok
    assert not finding("Dask", dask_address="nonsense").ok


def test_the_key_of_file_names(home):
    assert finding("key of file names", home=home).ok
    assert not (home / KEY_FILE).exists(), "looking makes no key"
    short = finding("key of file names", ledger_key="short")
    assert (short.ok, "DOCMILL_LEDGER_KEY" in short.mend) == (False, True)
    assert finding("key of file names", ledger_key="k" * 40).ok


def test_folders_of_backups(home, tmp_path):
    assert finding("back-ups").ok
    assert finding("back-ups", backup_folder=tmp_path, backup_keys_folder=tmp_path).ok
    assert not finding("back-ups", backup_folder=tmp_path).ok
    assert not finding("back-ups", backup_keys_folder=tmp_path).ok
    missing = finding("back-ups", backup_folder=tmp_path, backup_keys_folder=tmp_path / "keys")
    assert (missing.ok, str(tmp_path / "keys") in missing.detail) == (False, True)


def test_a_pg_dump_that_copies_this_server(home, postgres_server):
    assert finding("back-ups", ledger_url=postgres_server.url(postgres_server.new_database())).ok


def test_a_pg_dump_that_is_older_than_the_server(home, tmp_path: Path, postgres_server, older_pg_dump):
    url = postgres_server.url(postgres_server.new_database())
    found = finding("back-ups", ledger_url=url)
    assert not found.ok
    assert found.detail.startswith("pg_dump 9, but PostgreSQL ")
    assert found.mend.startswith("install postgresql-client-")
    with pytest.raises(EngineMissing, match="older than the PostgreSQL server"):
        copy_ledger(url, tmp_path)


def test_an_unknown_language_is_not_english(home):
    unknown = finding("OCR languages", language="xx")
    assert (unknown.ok, "DOCMILL_LANGUAGE" in unknown.detail, "de, el, en" in unknown.mend) == (False, True, True)


def test_a_temporary_folder_that_cannot_be_written(home, tmp_path, monkeypatch):
    assert finding("temporary folder").ok
    monkeypatch.setenv("TMPDIR", str(tmp_path / "gone"))
    monkeypatch.setattr(tempfile, "tempdir", None)  # as in a process that begins with it
    gone = finding("temporary folder")
    assert (gone.ok, "TMPDIR" in gone.detail, "TMPDIR" in gone.mend) == (False, True, True)


def test_the_doctor_sends_nobody_to_the_doctor(home, tmp_path):
    (tmp_path / "file").touch()
    dead = {
        "object store": {"store_url": f"file://{tmp_path}/file/store"},
        "ledger": {"ledger_url": "postgresql+pg8000://docmill@127.0.0.1:9/none"},
        "back-ups": {"ledger_url": "postgresql+pg8000://docmill@127.0.0.1:9/none"},
    }
    for name, settings in dead.items():
        found = finding(name, **settings)
        assert not found.ok, name
        assert "doctor" not in found.mend
        assert "DOCMILL_" in found.mend
