"""Calls to a bucket that misbehaves: a tiny HTTP server answers as told, so retries, deadlines and checksums can be seen to work."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from gcs_server import free_port, running_gcs_server, write_service_account_file

from docmill.errors import DocmillError, NotFound, SettingsInvalid, StoreUnavailable
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.ports import ObjectStore

DEADLINE_S = 1.0
DROP = -1
"""Close the connection without an answer."""
DROP_AFTER = -2
"""Pass the request on, then close the connection: the answer is lost."""

Script = Callable[[int, str], tuple[int, bytes, dict[str, str]] | int]


@dataclass
class Front:
    """A server before another one. `script` says for the n-th request what to answer; 0 passes it on."""

    endpoint: str = ""
    behind: str = ""
    script: Script = lambda _n, _what: 0
    seen: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    front: Front

    def answer(self) -> None:
        front = self.front
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        front.seen.append(f"{self.command} {self.path}")
        front.bodies.append(body)
        told = front.script(len(front.seen), front.seen[-1])
        if told == DROP:
            return self.connection.close()
        if isinstance(told, int) and told in {0, DROP_AFTER}:
            keep = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "content-length", "connection", "accept-encoding"}}
            got = httpx.request(self.command, front.behind + self.path, content=body, headers=keep, timeout=20)
            if told == DROP_AFTER:
                return self.connection.close()
            skip = {"content-length", "transfer-encoding", "connection", "date", "content-encoding"}
            headers = {k: v.replace(front.behind, front.endpoint) for k, v in got.headers.items() if k.lower() not in skip}
            told = (got.status_code, got.content, headers)
        if isinstance(told, int):
            told = (told, b"{}", {})
        status, content, headers = told
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return self.wfile.write(content) and None

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_gcs_server(tmp_path_factory.mktemp("gcs"), "mill") as endpoint:
        yield endpoint


@pytest.fixture
def front(gcs: str) -> Iterator[Front]:
    front = Front(behind=gcs)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front}))
    server.daemon_threads = True
    front.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield front
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(front: Front) -> ObjectStore:
    return open_store(StoreSpec(url="gs://mill/x", gcs_endpoint=front.endpoint, gcs_project="p", call_deadline_s=DEADLINE_S))


def calls(store: ObjectStore, folder: Path) -> dict[str, Callable[[], object]]:
    return {
        "create": lambda: store.create("t/a", b"x"), "replace": lambda: store.replace("t/a", b"x"), "read": lambda: store.read("t/a"),
        "fetch": lambda: store.fetch("t/a", folder), "exists": lambda: store.exists("t/a"), "info": lambda: store.info("t/a"),
        "list": lambda: list(store.list("t/")), "delete": lambda: store.delete("t/a"),
    }  # fmt: skip


CALLS = tuple(calls(open_store(StoreSpec(url="gs://mill")), Path()))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("trouble", [503, DROP])
def test_trouble_that_passes_is_not_noticed(front: Front, tmp_path: Path, call: str, trouble: int) -> None:
    store = open_store(StoreSpec(url="gs://mill/x", gcs_endpoint=front.endpoint, gcs_project="p", call_deadline_s=20.0))
    open_store(StoreSpec(url="gs://mill/x", gcs_endpoint=front.behind, gcs_project="p")).replace("t/a", b"x")
    front.script = lambda n, _what: trouble if n == 1 else 0
    calls(store, tmp_path)[call]()
    assert len(front.seen) == 2


@pytest.mark.parametrize("call", CALLS)
def test_trouble_that_stays_ends_at_the_deadline(front: Front, store: ObjectStore, tmp_path: Path, call: str) -> None:
    front.script = lambda _n, _what: 503
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as raised:
        calls(store, tmp_path)[call]()
    assert time.monotonic() - started < DEADLINE_S + 2
    assert len(front.seen) >= 2
    assert "t/a" not in raised.value.message
    assert raised.value.retryable
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 504])
def test_each_status_that_passes_is_tried_again(front: Front, store: ObjectStore, status: int) -> None:
    front.script = lambda n, _what: status if n == 1 else 0
    store.replace("t/a", b"x")
    assert len(front.seen) == 2


@pytest.mark.parametrize(("status", "error"), [(400, StoreUnavailable), (401, SettingsInvalid), (403, SettingsInvalid), (404, NotFound)])
def test_a_plain_no_is_not_tried_again(front: Front, store: ObjectStore, status: int, error: type[DocmillError]) -> None:
    front.script = lambda _n, _what: status
    with pytest.raises(error):
        store.read("t/a")
    assert len(front.seen) == 1


def test_a_silent_server_ends_at_the_deadline(front: Front, store: ObjectStore) -> None:
    front.script = lambda _n, _what: time.sleep(3 * DEADLINE_S) or 503
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        store.read("t/a")
    assert time.monotonic() - started < DEADLINE_S + 1.5


def test_nobody_there_is_store_unavailable() -> None:
    store = open_store(StoreSpec(url="gs://mill", gcs_endpoint=f"http://127.0.0.1:{free_port()}", gcs_project="p", call_deadline_s=0.5))
    with pytest.raises(StoreUnavailable):
        store.create("t/a", b"x")


def test_a_create_whose_answer_was_lost_says_it_was_there_already(front: Front, store: ObjectStore) -> None:
    front.script = lambda n, _what: DROP_AFTER if n == 1 else 0
    assert store.create("t/lost answer", b"mine") is False
    assert len(front.seen) == 2
    assert store.read("t/lost answer") == b"mine"


@pytest.mark.parametrize("how", ["read", "fetch"])
def test_bytes_that_do_not_fit_their_checksum_are_refused(front: Front, store: ObjectStore, tmp_path: Path, how: str) -> None:
    right = {"x-goog-hash": "crc32c=yZRlqg=="}  # of b"hello world"
    front.script = lambda _n, _what: (200, b"hello world", right)
    assert store.read("t/a") == b"hello world"
    front.script = lambda _n, _what: (200, b"hello w0rld", right)
    with pytest.raises(StoreUnavailable):
        calls(store, tmp_path)[how]()
    assert list(tmp_path.iterdir()) == []


def test_the_checksum_travels_with_the_bytes(front: Front, store: ObjectStore) -> None:
    """Google refuses an upload whose bytes do not fit it; the double does not look, so that it is sent is seen here."""
    store.create("t/sum", b"hello world")
    assert b'"crc32c": "yZRlqg=="' in front.bodies[0]
    assert hashlib.sha256(b"hello world").hexdigest().encode() in front.bodies[0]


def test_a_large_create_names_its_condition_and_goes_in_pieces(front: Front, store: ObjectStore, tmp_path: Path) -> None:
    """The double forgets the condition of uploads in pieces, so that it was asked for is seen here."""
    source = tmp_path / "source"
    source.write_bytes(b"x" * (9 * 1024 * 1024))
    assert store.create_from("t/large", source)
    starts = [line for line in front.seen if line.startswith("POST")]
    assert len(starts) == 1
    assert "ifGenerationMatch=0" in starts[0]
    assert len([line for line in front.seen if line.startswith("PUT")]) == 2
    assert store.info("t/large").sha256 == hashlib.sha256(source.read_bytes()).hexdigest()


def test_a_missing_bucket_is_a_setting_to_mend(gcs: str) -> None:
    store = open_store(StoreSpec(url="gs://nosuch", gcs_endpoint=gcs, gcs_project="p", call_deadline_s=DEADLINE_S))
    with pytest.raises(SettingsInvalid, match="bucket"):
        store.create("t/a", b"x")


@pytest.mark.parametrize("content", [None, "{", '{"type": "service_account"}'])
def test_broken_credentials_are_a_setting_to_mend(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "secret.json"
    if content is not None:
        file.write_text(content)
    store = open_store(StoreSpec(url="gs://mill", gcs_project="p", google_credentials=file))
    for call in (lambda: store.read("a"), lambda: store.signed_url("a", expires=timedelta(hours=1))):
        with pytest.raises(SettingsInvalid) as raised:
            call()
        assert "secret" not in raised.value.message


def test_credentials_do_not_travel_in_clear(front: Front, tmp_path: Path) -> None:
    """The key file's token address answers nobody: a call that asked it for a token would fail."""
    file, _ = write_service_account_file(tmp_path / "key.json")
    store = open_store(StoreSpec(url="gs://mill", gcs_endpoint=front.endpoint, gcs_project="p", google_credentials=file))
    assert store.create("t/clear", b"x")
