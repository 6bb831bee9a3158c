"""A backup that does not hold what its ledger names is never called proven; what was erased or purged meanwhile is no loss."""

import contextlib
import json
from datetime import timedelta

import pytest
from fresh_ledgers import fresh_ledger
from milled_papers import INVOICE, LETTER, ingest
from typer.testing import CliRunner

from docmill.cli.main import app
from docmill.errors import Damaged
from docmill.services.backup.manifest import read_backup
from docmill.services.backup.restoring import prove, restore
from docmill.services.backup.taking import back_up
from docmill.services.erase import erase
from docmill.services.exporting import export_results
from docmill.services.intake import take_in
from docmill.services.jobs import cancel_lost, request_cancel
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.purging import purge, purgeable
from docmill.services.recovery import NAME, note_proof
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.settings import settings
from docmill.storage.document_keys import DocumentKeys
from docmill.storage.ledger.job_search import JobFilter
from docmill.values.keys import exports_prefix
from docmill.values.options import MillOptions

pytest_plugins = ("s3_server",)


def milled(home, tmp_path):
    home.mkdir(mode=0o700, exist_ok=True)
    fresh_ledger(settings().resolved_ledger_url)
    room = Room.open(settings())
    for name, text in (("invoice.txt", INVOICE), ("letter.txt", LETTER)):
        (tmp_path / name).write_text(text)
    return room, ingest(room, tmp_path / "invoice.txt", tmp_path / "letter.txt")


@pytest.fixture
def papers(home, tmp_path):
    room, documents = milled(home, tmp_path)
    with contextlib.closing(room):
        yield room, documents


def proven(room, tmp_path):
    return prove(tmp_path / "backup", room.settings, keys=tmp_path / "keys")


def kept(room, prefix):
    return sorted(info.name for info in room.store.list(f"{prefix}/{room.tenant}/"))


def test_with_an_index_in_a_bucket_every_object_is_in_the_backup(bucket, home, monkeypatch, tmp_path):
    monkeypatch.setenv("DOCMILL_KNOWLEDGE_URL", bucket)
    settings.cache_clear()
    room, documents = milled(home, tmp_path)
    with contextlib.closing(room):
        taken = back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
        chunks = room.knowledge.count(room.tenant)
        proof = proven(room, tmp_path)
        assert chunks > 0
        assert (taken.chunks, proof.chunks) == ({"default": chunks}, chunks)
        assert (proof.missing_results, proof.missing_originals) == (0, 0)
        names = {path.relative_to(tmp_path / "backup" / "sealed").parts[1] for path in (tmp_path / "backup" / "sealed").rglob("*.json")}
        sealed = {path.name for path in (tmp_path / "backup" / "sealed").iterdir()}
    assert (names, sealed) == ({"private", "public"}, set(documents))


@pytest.mark.parametrize(("prefix", "said"), [("originals", "1 original"), ("public/{}/results", "1 result")])
def test_an_object_that_the_ledger_names_and_the_store_lost_is_never_proven(papers, tmp_path, prefix, said):
    room, _ = papers
    lost = next(name for name in kept(room, "originals") + kept(room, "public") if name.startswith(prefix.format(room.tenant)))
    room.store.delete(lost)
    taken = back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    assert taken.lacking_originals + taken.lacking_results == 1
    with pytest.raises(Damaged, match=said):
        proven(room, tmp_path)
    with pytest.raises(Damaged, match=f"{said}.*restore an older backup"):
        restore(tmp_path / "backup", settings().model_copy(update={"home": tmp_path / "new"}), keys=tmp_path / "keys")


def test_the_command_says_what_the_store_lacks(papers, tmp_path):
    room, _ = papers
    room.store.delete(kept(room, "originals")[0])
    told = CliRunner().invoke(app, ["back-up", str(tmp_path / "backup")]).stderr
    assert "1 original(s) and 0 result(s)" in told
    assert "document-keys.db" in told


def test_what_is_erased_or_purged_while_a_backup_is_taken_is_no_loss(papers, tmp_path, monkeypatch):
    room, (invoice, letter) = papers
    for shown in ("letter", "invoice"):
        (tmp_path / f"redacted-{shown}.txt").write_text(f"{LETTER}Yours, Anna Maier, anna.maier@example.org: {shown}\n")
    redacted = ingest(room, tmp_path / "redacted-letter.txt", tmp_path / "redacted-invoice.txt", redact=True, index=False)
    ensure = DocumentKeys.ensure

    def people_erase_first(keys, tenant, documents):
        erase(room, invoice)
        purge(room, purgeable(room, older_than=timedelta(0), document_ids=redacted[:1]))
        return ensure(keys, tenant, documents)

    monkeypatch.setattr(DocumentKeys, "ensure", people_erase_first)
    taken = back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    assert (taken.lacking_originals, taken.lacking_results, taken.erased) == (0, 0, (invoice,))
    proof = proven(room, tmp_path)
    assert (proof.missing_originals, proof.missing_results, proof.erased) == (1, 0, 1)
    note_proof(room, taken, proof, seconds=1.0)
    noted = json.loads(room.store.read(f"private/{room.tenant}/{NAME}"))
    assert (noted["missing_originals"], noted["missing_results"], noted["erased"]) == (1, 0, 1)
    for folder in (tmp_path / "keys", room.settings.home):
        held = DocumentKeys(folder / "document-keys.db").documents()["default"]
        assert (letter in held, invoice in held) == (True, False), "the key that was made after the erasure is gone, too"


def test_a_key_of_a_document_that_an_older_ledger_does_not_know_stays(papers, tmp_path):
    room, _ = papers
    keys = DocumentKeys(room.settings.home / "document-keys.db")
    keys.ensure(room.tenant, ["f" * 32])
    back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    assert "f" * 32 in DocumentKeys(tmp_path / "keys" / "document-keys.db").documents()[room.tenant]


def test_exports_are_in_no_backup(papers, tmp_path):
    room, _ = papers
    export_results(room, JobFilter(), tmp_path / "export.csv", "csv")
    room.store.create_from(f"{exports_prefix(room.tenant)}20260101T000000Z.csv", tmp_path / "export.csv", media_type="text/csv")
    back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    words = (b"2026/0815", b"ACME Twine")
    assert any(word in (tmp_path / "export.csv").read_bytes() for word in words)
    assert [path for path in (tmp_path / "backup").rglob("*") if path.is_file() and any(word in path.read_bytes() for word in words)] == []


def test_a_backup_of_the_form_before_this_one_is_restored(papers, tmp_path):
    room, _ = papers
    back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    head = json.loads((tmp_path / "backup" / "backup.json").read_text())
    new = ("tenant", "other_tenants", "lacking_originals", "lacking_results", "gone", "erased", "lists")
    older = {name: value for name, value in head.items() if name not in new} | {"format": 2}
    (tmp_path / "backup" / "backup.json").write_text(json.dumps(older))
    assert read_backup(tmp_path / "backup").tenant is None
    assert proven(room, tmp_path).missing_results == 0


def half_published(room, path):
    """A document whose chunks are in the index when its run is stopped: index comes before publish."""
    path.write_text(f"{LETTER}The cellar key hangs behind the stove.\n")
    batch_id, (one,) = take_in(room, files_of([str(path)], room.settings), MillOptions())
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=0, lease_s=60)
    waiting = run.first_shards()
    while waiting:
        write_lease(room.store, room.tenant, run.run_id, stop=False)
        shard = waiting.pop()
        if shard.stage in {"validate", "publish"}:
            return one
        waiting += run.fold(shard, mill_shard(shard, True))
    raise AssertionError("it never came so far")


def test_chunks_of_a_document_that_is_being_published_break_no_proof_and_its_erasure_no_restore(papers, tmp_path):
    room, _ = papers
    before = room.knowledge.count(room.tenant)
    one = half_published(room, tmp_path / "half.txt")
    assert room.knowledge.count(room.tenant) > before
    back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    assert proven(room, tmp_path).chunks == before
    request_cancel(room.ledger, room.tenant, one.job_id)
    cancel_lost(room.ledger, room.tenant, [one.job_id], before=room.ledger.now() + timedelta(days=1))
    erase(room, one.document_id)
    proof = prove(tmp_path / "backup", room.settings, keys=room.settings.home)
    assert (proof.erased, proof.chunks) == (1, before)


def test_what_belongs_to_a_document_lies_nowhere_in_clear(papers, tmp_path, monkeypatch):
    """Also what came while the store was copied, and a try at matching that lost."""
    room, (invoice, _) = papers
    late = {
        f"private/{room.tenant}/unlocked/cd/{'cd' * 32}.pdf": None,
        f"private/{room.tenant}/matched/{'f' * 32}/{'a' * 64}.json": None,
        f"private/{room.tenant}/matched/{invoice}/{'a' * 64}.json": invoice,
    }
    for name in late:
        room.store.create(name, b"CANARY-quirkwell")
    back_up(room, tmp_path / "backup", keys=tmp_path / "keys")
    assert [path for path in (tmp_path / "backup").rglob("*") if path.is_file() and b"CANARY-quirkwell" in path.read_bytes()] == []
    sealed = {path.relative_to(tmp_path / "backup" / "sealed").as_posix() for path in (tmp_path / "backup" / "sealed").rglob("*.json")}
    assert {f"{owner}/{name}" for name, owner in late.items() if owner} <= sealed
    erase(room, invoice)
    assert not room.store.exists(f"private/{room.tenant}/matched/{invoice}/{'a' * 64}.json")
