"""The knowledge base in a bucket: LanceDB over S3 against moto's server, and the turns that writers take through PostgreSQL."""

import threading
import time
from pathlib import Path

import pytest
from fresh_ledgers import fresh_ledger
from knowledge_files import chunk_file, document, editions, rows, sources
from milled_papers import INVOICE, LETTER, ingest, mill_anew

from docmill.errors import StoreUnavailable
from docmill.services.erase import erase
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search import search_documents
from docmill.settings import settings
from docmill.storage.knowledge.lance import LanceKnowledgeBase
from docmill.storage.knowledge.ports import Query, SearchMode
from docmill.storage.ledger import open_ledger, upgrade_ledger
from docmill.storage.ledger.turns import has_turns, turn

pytest_plugins = ("postgres_server", "s3_server")


def base_at(bucket: str, tmp_path: Path) -> LanceKnowledgeBase:
    from docmill.storage.knowledge.lock import write_lock

    return LanceKnowledgeBase(bucket, turn=lambda tenant: write_lock(tmp_path / "turns", tenant, 60.0))


def test_everything_works_in_a_bucket_as_in_a_directory(bucket: str, tmp_path: Path) -> None:
    base = base_at(bucket, tmp_path)
    one, two = document("one"), document("two")
    assert base.count("acme") == 0
    assert base.search("acme", Query("chunk")) == []
    assert base.model("acme") is None
    assert base.replace("acme", sources({one: chunk_file(tmp_path, one, 4), two: chunk_file(tmp_path, two, 3)})) == 7
    assert base.replace("acme", sources({one: chunk_file(tmp_path, one, 2, edition="b")})) == 2
    assert base.count("acme") == 5
    assert base.search("acme", Query("b", SearchMode.TEXT))[0].chunk.document_id == one
    assert len(base.search("acme", Query("chunk", SearchMode.HYBRID))) == 5
    assert [found.document_id for found in base.similar("acme", one, 5, Query("").filters)] == [two]
    assert base.delete("acme", [two]) == 3
    assert base.optimize("acme").unindexed == 0
    assert base.rebuild("acme", sources({two: chunk_file(tmp_path, two, 6, edition="c")})) == 6
    assert {row["document_id"] for row in rows(base)} == {two}
    other = base_at(bucket, tmp_path)
    assert other.count("acme") == 6, "what one process wrote another one sees"
    assert base.count("nobody") == 0


def test_two_writers_of_a_bucket_lose_and_double_nothing(bucket: str, tmp_path: Path) -> None:
    shared = [document(f"shared {n}") for n in range(4)]
    files = {
        e: {name: chunk_file(tmp_path / "files", name, 3, edition=e) for name in (*shared, document(f"own {e}"))} for e in ("left", "right")
    }
    failed: list[BaseException] = []

    def write(edition: str) -> None:
        try:
            base = base_at(bucket, tmp_path)
            for name, path in files[edition].items():
                base.replace("acme", sources({name: path}))
        except BaseException as error:  # noqa: BLE001 - told below, in the test's own thread
            failed.append(error)

    writers = [threading.Thread(target=write, args=(edition,)) for edition in files]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=120)
    assert not failed
    found = editions(base_at(bucket, tmp_path))
    assert len(found) == 6
    assert all(seen in (["left"] * 3, ["right"] * 3) for seen in found.values())


def test_documents_are_milled_into_a_bucket_found_and_erased(
    bucket: str, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCMILL_KNOWLEDGE_URL", bucket)
    settings.cache_clear()
    home.mkdir(mode=0o700)
    fresh_ledger(settings().resolved_ledger_url)
    room = Room.open(settings())
    for name, text in (("invoice", INVOICE), ("letter", LETTER)):
        (tmp_path / f"{name}.txt").write_text(text)
    invoice, letter = ingest(room, tmp_path / "invoice.txt", tmp_path / "letter.txt")
    assert not (home / "knowledge").exists()
    assert [p.name for p in search_documents(room, Query("INV-2026/0815", SearchMode.TEXT)).results] == ["invoice.txt"]
    assert rebuild_tenant(room).documents == 2
    assert search_documents(room, Query("when do I have to move out")).results[0].name == "letter.txt"
    mill_anew(room, letter, index=False)
    erase(room, invoice)
    assert room.knowledge.count(room.tenant) == 0
    room.close()


def test_a_bucket_that_is_away_is_a_retryable_error(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    base = base_at("s3://docmill-is-not-there/index", tmp_path)
    with pytest.raises(StoreUnavailable):
        base.replace("acme", sources({document("one"): chunk_file(tmp_path, document("one"), 1)}))


def test_writers_of_several_machines_take_turns_through_the_ledgers_server(postgres_server, tmp_path: Path) -> None:
    url = postgres_server.url(postgres_server.new_database())
    upgrade_ledger(url)
    first, second = open_ledger(url), open_ledger(url)
    assert has_turns(first)
    order: list[str] = []

    def wait() -> None:
        with turn(second, "knowledge acme", 30.0):
            order.append("second")

    with turn(first, "knowledge acme", 1.0):
        with turn(second, "knowledge other", 1.0):
            order.append("another name waits for nobody")
        with pytest.raises(StoreUnavailable, match="busy"), turn(second, "knowledge acme", 0.3):
            order.append("never")
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.3)
        order.append("first")
    waiting.join(timeout=30)
    assert order == ["another name waits for nobody", "first", "second"]
    first.close()
    second.close()
