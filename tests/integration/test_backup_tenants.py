"""Two tenants with homes of their own on one ledger and one store: each backup holds its own tenant, and an erasure reaches all of them."""

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from milled_papers import INVOICE, LETTER, ingest
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Conflict, InvalidOptions
from docmill.scratch import held, unheld
from docmill.services.backup import taking
from docmill.services.backup.restoring import prove, restore
from docmill.services.backup.rotation import new_folder, newest_backup, thin_out
from docmill.services.backup.sealing import open_file, sealed_names
from docmill.services.backup.taking import back_up
from docmill.services.erase import erase
from docmill.services.jobs import list_jobs
from docmill.services.running.room import Room
from docmill.services.tenants import create_tenant
from docmill.settings import settings
from docmill.storage.document_keys import DocumentKeys
from docmill.storage.ledger import upgrade_ledger
from docmill.storage.ledger.copying import copy_ledger

TENANTS = ("default", "acme")


class Houses:
    """The rooms of two tenants, and where each one's home, keys and backups lie."""

    def __init__(self, folder):
        self.folder = folder
        shared = {"ledger_url": f"sqlite:///{folder / 'ledger.db'}", "store_url": (folder / "store").as_uri()}
        self.settings = {
            tenant: settings().model_copy(
                update={**shared, "tenant": tenant, "home": folder / tenant, "backup_keys_folder": folder / f"keys-{tenant}"}
            )
            for tenant in TENANTS
        }
        for found in self.settings.values():
            found.home.mkdir(mode=0o700)
        upgrade_ledger(shared["ledger_url"])
        with contextlib.closing(Room.open(self.settings["default"])) as room:
            create_tenant(room.ledger, "acme")
        self.rooms = {tenant: Room.open(found) for tenant, found in self.settings.items()}

    def keys(self, tenant):
        return self.folder / f"keys-{tenant}"

    def back_up(self, tenant, name):
        return back_up(self.rooms[tenant], self.folder / f"{name}-{tenant}", keys=self.keys(tenant))

    def prove(self, tenant, name):
        return prove(self.folder / f"{name}-{tenant}", self.settings[tenant], keys=self.keys(tenant))

    def readable(self, word):
        """(tenant, document id) of every object of every backup that says a word and that any key of any home opens."""
        found = set()
        files = [*self.folder.glob("keys-*/document-keys.db"), *self.folder.glob("*/document-keys.db")]
        held = [(DocumentKeys(file), file) for file in files]
        for backup in [path.parent for path in self.folder.glob("*/backup.json")]:
            for path, document, name in sealed_names(str(one.relative_to(backup)) for one in backup.rglob("*") if one.is_file()):
                tenant = name.split("/")[1]
                keys = [key for keys, _ in held for key in keys.of(tenant, [document]).values()]
                if any(word in open_file(backup / path, key, name) for key in keys):
                    found.add((tenant, document))
        return found


@pytest.fixture
def houses(home, tmp_path):
    assert not home.exists()
    (tmp_path / "houses").mkdir()
    made = Houses(tmp_path / "houses")
    (tmp_path / "invoice.txt").write_text(INVOICE)
    (tmp_path / "letter.txt").write_text(LETTER)
    made.documents = {
        "default": ingest(made.rooms["default"], tmp_path / "invoice.txt"),
        "acme": ingest(made.rooms["acme"], tmp_path / "invoice.txt", tmp_path / "letter.txt"),
    }
    yield made
    for room in made.rooms.values():
        room.close()


def test_each_backup_holds_its_tenant_and_each_proof_holds(houses):
    for tenant, other in (TENANTS, TENANTS[::-1]):
        taken = houses.back_up(tenant, "first")
        assert (taken.tenant, taken.other_tenants) == (tenant, (other,))
        assert taken.chunks == {tenant: houses.rooms[tenant].knowledge.count(tenant)}
        paths = [str(path) for path in (houses.folder / f"first-{tenant}").rglob("*")]
        assert [path for path in paths if f"/{other}/" in path.removeprefix(str(houses.folder))] == []
        assert DocumentKeys(houses.keys(tenant) / "document-keys.db").documents() == {tenant: sorted(houses.documents[tenant])}
        proof = houses.prove(tenant, "first")
        assert (proof.tenants, proof.chunks, proof.missing_results, proof.missing_originals) == (1, taken.chunks[tenant], 0, 0)


def test_an_erasure_in_one_home_reaches_every_backup(houses):
    for tenant in TENANTS:
        houses.back_up(tenant, "first")
    gone, stays = houses.documents["acme"]
    assert houses.readable(b"Jute twine") == {("default", houses.documents["default"][0]), ("acme", gone)}
    erase(houses.rooms["acme"], gone)
    for tenant in TENANTS:
        houses.back_up(tenant, "second")
    assert houses.readable(b"Jute twine") == {("default", houses.documents["default"][0])}
    assert houses.readable(b"Mill Lane") == {("acme", stays)}
    assert [houses.prove(tenant, name).erased for name in ("first", "second") for tenant in TENANTS] == [0, 1, 0, 0]


def test_keys_of_others_that_an_older_docmill_kept_go_with_the_erasure(houses):
    """It sealed every tenant's documents with keys of the home that took the backup."""
    gone, stays = houses.documents["acme"]
    DocumentKeys(houses.settings["default"].home / "document-keys.db").ensure("acme", [gone, stays])
    houses.back_up("default", "first")
    file = houses.keys("default") / "document-keys.db"
    assert DocumentKeys(file).documents()["acme"] == sorted([gone, stays])
    erase(houses.rooms["acme"], gone)
    houses.back_up("default", "second")
    for folder in (houses.keys("default"), houses.settings["default"].home):
        assert DocumentKeys(folder / "document-keys.db").documents()["acme"] == [stays]


def test_a_tenant_comes_back_beside_the_others_objects_and_nobody_elses_backup_is_taken(houses):
    jobs = {tenant: list_jobs(room.ledger, tenant) for tenant, room in houses.rooms.items()}
    for tenant in TENANTS:
        houses.back_up(tenant, "first")
        houses.rooms[tenant].close()
    (houses.folder / "ledger.db").unlink()
    shutil.rmtree(houses.folder / "store")
    for tenant, other in (TENANTS, TENANTS[::-1]):
        home, ledger = houses.folder / f"new-{tenant}", f"sqlite:///{houses.folder / f'new-{tenant}.db'}"
        new = houses.settings[tenant].model_copy(update={"home": home, "ledger_url": ledger})
        with pytest.raises(InvalidOptions, match="tenant"):
            restore(houses.folder / f"first-{other}", new, keys=houses.keys(other))
        restore(houses.folder / f"first-{tenant}", new, keys=houses.keys(tenant))
        with contextlib.closing(Room.open(new)) as room:
            assert list_jobs(room.ledger, tenant) == jobs[tenant], "names are unsealed by the home's own key"
        again = new.model_copy(update={"home": houses.folder / "again", "ledger_url": f"{ledger}2"})
        with pytest.raises(Conflict, match="objects"):
            restore(houses.folder / f"first-{tenant}", again, keys=houses.keys(tenant))


def test_one_folder_of_keys_for_two_homes_is_refused_before_a_key_is_lost(houses):
    houses.back_up("default", "first")
    for path in houses.keys("default").glob("*.*"):
        if path.name != "document-keys.db":
            path.unlink()  # as where all keys are given as settings
    with pytest.raises(Conflict, match="another tenant"):
        back_up(houses.rooms["acme"], houses.folder / "other", keys=houses.keys("default"))
    assert DocumentKeys(houses.keys("default") / "document-keys.db").documents() == {"default": houses.documents["default"]}


def test_rotation_leaves_the_backups_of_others_alone(tmp_path):
    for number, tenant in enumerate(("acme", "default", "acme", "default", None)):
        (tmp_path / f"docmill-{number}").mkdir()
        (tmp_path / f"docmill-{number}" / "backup.json").write_text(json.dumps({"tenant": tenant} if tenant else {}))
    assert newest_backup(tmp_path, "acme") == tmp_path / "docmill-4"
    assert thin_out(tmp_path, 2, "default") == 1
    assert sorted(path.name[-1] for path in tmp_path.iterdir()) == ["0", "2", "3", "4"]


def test_rotation_leaves_what_others_did_not_finish_and_whatever_is_being_written(tmp_path):
    at = datetime(2026, 3, 1, 4, 30, tzinfo=UTC)

    def begun(tenant, seconds, *, is_whole=False):
        folder = new_folder(tmp_path, tenant, lambda: at + timedelta(seconds=seconds))
        if is_whole:
            (folder / "backup.json").write_text(json.dumps({"tenant": tenant}))
        return folder

    older = tmp_path / "docmill-20260228T043000Z"  # without a tenant, as an older docmill called it
    older.mkdir()
    others, mine, writing = begun("acme", 0), begun("default", 1), begun("default", 2)
    kept = begun("default", 3, is_whole=True)
    with held(writing):
        assert thin_out(tmp_path, 1, "default") == 2
    assert sorted(tmp_path.iterdir()) == [others, writing, kept]
    assert mine not in (others, writing, kept)
    assert thin_out(tmp_path, 1, "default") == 1
    assert newest_backup(tmp_path, "default") == kept
    assert newest_backup(tmp_path, "acme") is None


def test_a_backup_holds_its_folder_while_it_is_written(houses, monkeypatch):
    seen = []

    def looked_at(*given):
        with unheld(houses.folder / "first-default") as is_free:
            seen.append(is_free)
        return copy_ledger(*given)

    monkeypatch.setattr(taking, "copy_ledger", looked_at)
    houses.back_up("default", "first")
    assert seen == [False]
    with unheld(houses.folder / "first-default") as is_free:
        assert is_free


def test_backups_that_begin_at_the_same_instant_have_folders_of_their_own(houses):
    at = datetime(2026, 3, 1, 4, 30, 0, 250_000, tzinfo=UTC)
    ticks = iter([at, at, at, at + timedelta(microseconds=1)])
    folders = [new_folder(houses.folder / "all", tenant, lambda: next(ticks)) for tenant in (*TENANTS, "default")]
    assert sorted(folder.name for folder in folders) == [
        "docmill-20260301T043000250000Z-acme",
        "docmill-20260301T043000250000Z-default",
        "docmill-20260301T043000250001Z-default",
    ]
    for folder, tenant in zip(folders, (*TENANTS, "default"), strict=True):
        assert back_up(houses.rooms[tenant], folder, keys=houses.keys(tenant)).tenant == tenant
    assert newest_backup(houses.folder / "all", "default") == folders[2]
    assert newest_backup(houses.folder / "all", "acme") == folders[1]


def test_the_command_names_the_tenants_that_are_not_in_the_backup(houses, monkeypatch):
    for name in ("ledger_url", "store_url", "home", "tenant"):
        monkeypatch.setenv(f"DOCMILL_{name.upper()}", str(getattr(houses.settings["acme"], name)))
    settings.cache_clear()
    told = CliRunner().invoke(app, ["back-up", str(houses.folder / "by-hand")]).stderr
    assert "of the tenant acme" in told
    assert "default" in told
