"""The restore drill: a home with milled documents comes back from its backup into nothing, whole; whatever was changed is refused."""

import contextlib
import json
import shutil
import subprocess

import pytest
import sqlalchemy as sa
from milled_papers import INVOICE, LETTER, ingest
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, Damaged, EngineMissing, InvalidOptions, NotFound
from docmill.services.audit import verify
from docmill.services.audit_signing import sign_heads
from docmill.services.backup.restoring import prove, restore
from docmill.services.backup.rotation import thin_out
from docmill.services.backup.taking import back_up
from docmill.services.erase import erase
from docmill.services.jobs import list_jobs
from docmill.services.running.room import Room
from docmill.services.webhooks import add_webhook, remove_webhook, webhooks
from docmill.settings import settings
from docmill.storage.document_keys import DocumentKeys
from docmill.storage.knowledge.ports import Query
from docmill.storage.ledger import open_ledger, upgrade_ledger
from docmill.storage.ledger.copying import copy_ledger, refuse_ledger, restore_ledger
from docmill.values.jobs import IncomingFile

pytest_plugins = ("ledger_fixtures",)


@pytest.fixture
def papers(room, tmp_path):
    room.close()
    with contextlib.closing(Room.open(settings())) as opened:  # with the home's seal
        for name, text in (("invoice.txt", INVOICE), ("letter.txt", LETTER)):
            (tmp_path / name).write_text(text)
        ingest(opened, tmp_path / "invoice.txt", tmp_path / "letter.txt")
        sign_heads(opened.ledger, opened.tenant, settings().home.absolute())
        yield opened


def elsewhere(tmp_path):
    return settings().model_copy(update={"home": tmp_path / "new" / "home"})


def objects(room):
    return {info.name: room.store.read(info.name) for info in room.store.list("")}


def test_everything_comes_back_into_an_empty_home(papers, home, tmp_path):
    from docmill.services.intake import take_in
    from docmill.values.options import MillOptions

    taken = back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    check = [shutil.which("sha256sum"), "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path / "backup", check=False).returncode == 0
    assert list((tmp_path / "backup").glob("**/*.key")) == []
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert {path.name for path in files if path.stat().st_mode & 0o077} <= {"backup.json", "SHA256SUMS"}
    kept, jobs = objects(papers), list_jobs(papers.ledger, papers.tenant)
    found = papers.knowledge.search("default", Query("jute twine"))
    (tmp_path / "later.txt").write_text("What came after the backup.\n")
    take_in(papers, [IncomingFile(location=str(tmp_path / "later.txt"), name="later.txt")], MillOptions())
    papers.close()
    shutil.rmtree(home)

    proof = restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert (proof.files, proof.missing_results, proof.unnamed_results, proof.chunks) == (taken.files, 0, 0, taken.chunks["default"])
    with contextlib.closing(Room.open(elsewhere(tmp_path))) as room:
        assert objects(room) == kept
        assert list_jobs(room.ledger, room.tenant) == jobs, "file names are unsealed by the restored key"
        report = verify(room.ledger, room.tenant)
        assert (report.broken, report.signatures, report.events) == ((), 1, proof.audit_events)
        assert [hit.chunk.id for hit in room.knowledge.search("default", Query("jute twine"))] == [hit.chunk.id for hit in found] != []
        (tmp_path / "again.txt").write_text("And work goes on.\n")
        ingest(room, tmp_path / "again.txt", index=False)
    with pytest.raises(Conflict):
        restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")


def test_what_was_changed_or_is_not_whole_is_refused_and_nothing_is_written(papers, tmp_path):
    backup = tmp_path / "backup"
    with pytest.raises(NotFound):
        restore(backup, elsewhere(tmp_path))
    back_up(papers, backup, keys=tmp_path / "keys")
    assert prove(backup, settings(), keys=tmp_path / "keys").missing_results == 0
    with pytest.raises(InvalidOptions):
        prove(backup, settings())
    with pytest.raises(Conflict):
        back_up(papers, backup)
    with pytest.raises(InvalidOptions):
        back_up(papers, tmp_path / "b", keys=tmp_path / "b" / "keys")
    with pytest.raises(InvalidOptions):
        back_up(papers, papers.settings.home / "backup")
    one = next(path for path in (backup / "sealed").rglob("originals/**/*") if path.is_file())
    whole = one.read_bytes()
    for change in (lambda: one.write_bytes(whole + b"x"), one.unlink):
        change()
        with pytest.raises(Damaged):
            restore(backup, elsewhere(tmp_path), keys=tmp_path / "keys")
    one.write_bytes(whole)
    (tmp_path / "keys" / "ledger-names.key").write_bytes(b"another key" * 4)
    with pytest.raises(Damaged):
        restore(backup, elsewhere(tmp_path), keys=tmp_path / "keys")
    sums = backup / "SHA256SUMS"
    sums.write_text("".join(sums.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(Damaged):
        restore(backup, elsewhere(tmp_path), keys=tmp_path / "keys")
    assert not (tmp_path / "new" / "home" / "ledger.db").exists()
    sums.unlink()
    with pytest.raises(NotFound):
        restore(backup, elsewhere(tmp_path), keys=tmp_path / "keys")


def test_what_documents_say_lies_in_no_backup_in_clear(papers, tmp_path):
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    words = (b"jute twine", b"Mill Lane", b"invoice.txt")
    assert [path.name for path in files for word in words if word in path.read_bytes()] == []
    assert len([path for path in files if "sealed" in path.parts]) > 10


@pytest.mark.parametrize("keys_are_there", [True, False])
def test_erasing_a_document_erases_it_in_the_backups_that_were_taken_before(papers, home, tmp_path, monkeypatch, keys_are_there):
    monkeypatch.setenv("DOCMILL_BACKUP_KEYS_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    gone, stays = (job.document_id for job in list_jobs(papers.ledger, papers.tenant))
    with contextlib.closing(Room.open(settings())) as room:
        if not keys_are_there:
            (tmp_path / "keys").rename(tmp_path / "away")
        erase(room, gone)
        if not keys_are_there:  # the disk comes back, and the next backup replaces the keys on it
            (tmp_path / "away").rename(tmp_path / "keys")
            back_up(room, tmp_path / "next", keys=tmp_path / "keys")
    papers.close()
    shutil.rmtree(home)
    proof = restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert proof.erased == 1
    with contextlib.closing(Room.open(elsewhere(tmp_path))) as room:
        assert [job.document_id for job in list_jobs(room.ledger, room.tenant)] == [stays]
        assert [name for name in objects(room) if gone in name] == []
        assert room.knowledge.count(room.tenant) > 0
        assert verify(room.ledger, room.tenant).broken == ()
    assert gone not in (tmp_path / "keys" / "document-keys.db").read_bytes().decode("latin-1")


def test_a_document_that_was_erased_and_came_again_opens_no_older_backup_and_hinders_none(papers, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCMILL_BACKUP_KEYS_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    again, stays = (job.document_id for job in list_jobs(papers.ledger, papers.tenant))
    with contextlib.closing(Room.open(settings())) as room:
        erase(room, again)
        assert again in ingest(room, tmp_path / "invoice.txt", tmp_path / "letter.txt")
        back_up(room, tmp_path / "next", keys=tmp_path / "keys")
    proof = restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert (proof.erased, proof.missing_results, proof.missing_originals) == (1, 0, 0)
    with contextlib.closing(Room.open(elsewhere(tmp_path))) as room:
        assert [job.document_id for job in list_jobs(room.ledger, room.tenant)] == [stays]
        back_up(room, tmp_path / "third", keys=tmp_path / "keys")  # it replaces the keys in the folder by the restored home's
    assert prove(tmp_path / "third", settings(), keys=tmp_path / "keys").erased == 0
    assert prove(tmp_path / "next", settings(), keys=tmp_path / "keys").erased == 0, "the new key is still there"
    others = DocumentKeys(tmp_path / "keys" / "document-keys.db")
    others.forget("default", again, stays)
    others.ensure("default", [again, stays])
    with pytest.raises(Damaged, match="keys folder"):
        prove(tmp_path / "next", settings(), keys=tmp_path / "keys")


@pytest.mark.parametrize("keys_are_settings", [False, True])
def test_a_backup_of_which_every_document_was_erased_brings_back_its_ledger(papers, tmp_path, monkeypatch, keys_are_settings):
    monkeypatch.setenv("DOCMILL_BACKUP_KEYS_FOLDER", str(tmp_path / "keys"))
    settings.cache_clear()
    if keys_are_settings:
        monkeypatch.setattr("docmill.services.backup.keys.PATTERNS", ())
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    with contextlib.closing(Room.open(settings())) as room:
        for job in list_jobs(room.ledger, room.tenant):
            erase(room, job.document_id)
    proof = restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert (proof.erased, proof.chunks) == (2, 0)
    assert proof.audit_events > 0
    with contextlib.closing(Room.open(elsewhere(tmp_path))) as room:
        assert list_jobs(room.ledger, room.tenant) == []
        ingest(room, tmp_path / "letter.txt")
        assert len(list_jobs(room.ledger, room.tenant)) == 1


def test_keys_of_another_home_do_not_make_documents_erased(papers, tmp_path, monkeypatch):
    """Also where all other keys are given as settings, so that nothing else tells whose folder it is."""
    monkeypatch.setattr("docmill.services.backup.keys.PATTERNS", ())
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    (tmp_path / "keys" / "document-keys.db").unlink()
    DocumentKeys(tmp_path / "keys" / "document-keys.db").ensure("default", ["f" * 32])
    with pytest.raises(InvalidOptions, match="document-keys"):
        restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")


def test_receivers_of_webhooks_come_back_with_the_secrets_that_are_newest(papers, home, tmp_path):
    gone = add_webhook(home, "https://one.example/hook")
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    add_webhook(home, "https://two.example/hook")
    remove_webhook(home, gone.webhook_id)
    back_up(papers, tmp_path / "next", keys=tmp_path / "keys")
    there, file = webhooks(home), tmp_path / "keys" / "webhooks.json"
    secrets = [one.secret.get_secret_value().encode() for one in (gone, *there)]
    assert [
        path for path in (tmp_path / "backup").rglob("*") if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    ] == []
    restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert webhooks(tmp_path / "new" / "home") == there
    assert {path.stat().st_mode & 0o777 for path in (file, tmp_path / "new" / "home" / "webhooks.json")} == {0o600}
    file.unlink()
    with pytest.raises(Damaged, match=r"webhooks\.json"):
        prove(tmp_path / "backup", settings(), keys=tmp_path / "keys")


def test_without_the_keys_of_documents_nothing_is_restored(papers, tmp_path):
    back_up(papers, tmp_path / "backup", keys=tmp_path / "keys")
    (tmp_path / "keys" / "document-keys.db").unlink()
    with pytest.raises(InvalidOptions, match="document-keys"):
        restore(tmp_path / "backup", elsewhere(tmp_path), keys=tmp_path / "keys")
    assert not (tmp_path / "new" / "home" / "ledger.db").exists()


def test_old_backups_go_and_the_newest_stay(tmp_path):
    for name in ("docmill-1", "docmill-2", "docmill-3", "docmill-4"):
        (tmp_path / name).mkdir()
        if name != "docmill-2":
            (tmp_path / name / "backup.json").write_text("{}")
    (tmp_path / "mine").mkdir()
    assert thin_out(tmp_path, 2, "default") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docmill-3", "docmill-4", "mine"]
    assert thin_out(tmp_path, 2, "default") == 0


def test_the_command_line(papers, home, tmp_path, monkeypatch):
    papers.close()
    run = CliRunner().invoke
    told = run(app, ["back-up", str(tmp_path / "one")])
    assert "ledger-names.key" in told.stderr
    done = json.loads(run(app, ["back-up", str(tmp_path / "two"), "--keys", str(tmp_path / "keys"), "--json"]).stdout)
    assert (done["ledger"], {*done["keys"], "document-keys.db"}) == ("ledger.sqlite3", {p.name for p in (tmp_path / "keys").iterdir()})
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "restored"))
    settings.cache_clear()
    proof = json.loads(run(app, ["restore", str(tmp_path / "two"), "--keys", str(tmp_path / "keys"), "--json"]).stdout)
    assert proof["files"] == done["files"]


def test_a_postgresql_ledger_goes_through_its_own_programs(postgres_server, tmp_path, monkeypatch):
    old, new = (postgres_server.url(postgres_server.new_database()) for _ in range(2))
    upgrade_ledger(old)
    copy = copy_ledger(old, tmp_path)
    refuse_ledger(new)
    restore_ledger(new, copy)
    open_ledger(new).close()
    with pytest.raises(Conflict):
        refuse_ledger(new)
    with pytest.raises(Conflict):
        restore_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", copy)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing):
        copy_ledger(old, tmp_path)


def test_a_backup_of_a_postgresql_ledger_is_restored_as_proof(postgres_server, home, tmp_path, monkeypatch):
    url = postgres_server.url(postgres_server.new_database())
    home.mkdir(mode=0o700)
    upgrade_ledger(url)
    monkeypatch.setenv("DOCMILL_LEDGER_URL", url)
    settings.cache_clear()
    (tmp_path / "letter.txt").write_text(LETTER)
    with contextlib.closing(Room.open(settings())) as room:
        ingest(room, tmp_path / "letter.txt")
        back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
        events = verify(room.ledger, room.tenant).events
    proof = prove(tmp_path / "backup", settings(), keys=tmp_path / "keys")
    assert (proof.tenants, proof.audit_events, proof.missing_results) == (1, events, 0)
    assert proof.chunks > 0
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        assert not [name for name in conn.execute(sa.text("SELECT datname FROM pg_database")).scalars() if "drill" in name]
        conn.exec_driver_sql("CREATE ROLE plain LOGIN")
    engine.dispose()
    plain = sa.make_url(url).set(username="plain").render_as_string(hide_password=False)
    monkeypatch.setenv("DOCMILL_LEDGER_URL", plain)
    settings.cache_clear()
    assert prove(tmp_path / "backup", settings(), keys=tmp_path / "keys") is None, "who may not make databases has the hashes checked"
