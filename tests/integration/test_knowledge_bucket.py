"""The knowledge base in a bucket: LanceDB over S3 against moto's server, and the turns that writers take through PostgreSQL."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
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

pytest_plugins = ("postgres_server",)
START_LIMIT_S = 60


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    """The address of a moto server; its buckets go with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_LIMIT_S
        while True:
            try:
                httpx.get(url, timeout=5)
                break
            except httpx.HTTPError:
                assert server.poll() is None, "moto does not start"
                assert time.monotonic() < deadline, "moto does not start"
                time.sleep(0.1)
        yield url
    finally:
        server.kill()
        server.wait(timeout=30)


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty bucket as an address, with the environment that leads there."""
    for name, value in (
        ("AWS_ENDPOINT_URL", s3_server),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    name = f"docmill-{time.time_ns()}"
    httpx.put(f"{s3_server}/{name}", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request"})
    return f"s3://{name}/index"


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
    upgrade_ledger(settings().resolved_ledger_url)
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
