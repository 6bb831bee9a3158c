"""The gateway as people meet it: a real server process, real links, real answers."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from docmill.errors import SettingsInvalid
from docmill.gateway import server
from docmill.gateway.desk import Desk
from docmill.gateway.limits import UploadLimits
from docmill.scratch import held
from docmill.services.uploads import Queue
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, open_signer, open_store
from docmill.storage.objects.spec import gateway_address_file

HOUR = timedelta(hours=1)
_SERVE = """
import sys
from pathlib import Path
from docmill.gateway.server import serve
from docmill.settings import Settings
serve(Settings(home=Path(sys.argv[1]), store_url=sys.argv[2] or None, _env_file=None), int(sys.argv[3]))
"""


@dataclass
class Gateway:
    settings: Settings
    process: subprocess.Popen[str]
    url: str

    def link(self, name: str, download_name: str | None = None) -> str:
        return open_store(StoreSpec.from_settings(self.settings)).signed_url(name, expires=HOUR, download_name=download_name)


def start(home: Path, *, store_url: str = "", port: int = 0) -> Gateway:
    settings = Settings(home=home, store_url=store_url or None, _env_file=None)
    command = [sys.executable, "-c", _SERVE, str(home), store_url, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until = time.monotonic() + 30
    while not gateway_address_file(settings).exists():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < until
        time.sleep(0.05)
    return Gateway(settings, process, StoreSpec.from_settings(settings).gateway_url)


def stop(gateway: Gateway, by: signal.Signals = signal.SIGINT) -> str:
    """End it as Ctrl-C does; what it printed."""
    gateway.process.send_signal(by)
    return gateway.process.communicate(timeout=20)[0]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = start(tmp_path_factory.mktemp("home"))
    store = open_store(StoreSpec.from_settings(gateway.settings))
    for ending in ("pdf", "png", "json", "txt", "hocr", "exe"):
        store.create(f"public/t/a.{ending}", f"the bytes of {ending}".encode())
    store.create("originals/t/ab/abc", b"<script>alert(1)</script>")
    store.create("public/t/a ü+b&c.json", b"{}")
    yield gateway
    printed = stop(gateway)
    assert gateway.process.returncode == 0
    assert printed == ""  # no access log, no surprise


def assert_problem(answer: httpx.Response, status: int, code: str | None) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body.get("code") == code
    assert body["type"] == (f"urn:docmill:error:{code}" if code else "about:blank")
    assert "public/" not in answer.text


def test_livez(gateway: Gateway) -> None:
    answer = httpx.get(f"{gateway.url}/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("name", "media_type", "disposition"),
    [
        ("public/t/a.pdf", "application/pdf", 'inline; filename="a.pdf"'),
        ("public/t/a.png", "image/png", 'inline; filename="a.png"'),
        ("public/t/a.json", "application/json", 'inline; filename="a.json"'),
        ("public/t/a.txt", "text/plain; charset=utf-8", 'inline; filename="a.txt"'),
        ("public/t/a.hocr", "text/html; charset=utf-8", 'inline; filename="a.hocr"'),
        ("public/t/a.exe", "application/octet-stream", 'attachment; filename="a.exe"'),
        ("originals/t/ab/abc", "application/octet-stream", 'attachment; filename="abc"'),
        ("public/t/a ü+b&c.json", "application/json", "inline; filename*=utf-8''a%20%C3%BC%2Bb%26c.json"),
    ],
)
def test_a_link_serves_the_object_harmlessly(gateway: Gateway, name: str, media_type: str, disposition: str) -> None:
    link = gateway.link(name)
    answer = httpx.get(link)
    assert answer.status_code == 200
    assert answer.content == open_store(StoreSpec.from_settings(gateway.settings)).read(name)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == disposition
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    # browsers do not show PDF under `sandbox`
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("frame-ancestors" if name.endswith(".pdf") else "sandbox; default-src 'none'")
    head = httpx.head(link)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


def test_a_download_name_is_offered(gateway: Gateway) -> None:
    answer = httpx.get(gateway.link("public/t/a.pdf", 'Übersicht ".pdf'))
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%9Cbersicht%20%22.pdf"
    assert answer.headers["content-type"] == "application/pdf"


def test_a_part_can_be_asked_for(gateway: Gateway) -> None:
    answer = httpx.get(gateway.link("public/t/a.pdf"), headers={"Range": "bytes=4-8"})
    assert (answer.status_code, answer.content) == (206, b"bytes")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a.pdf", "a.png"),
        ("public/t", "originals/t"),
        (r"expires=\d+", "expires=9999999999"),
        (r"expires=\d+&", ""),
        (r"signature=.", "signature=x"),
        (r"signature=\w+", "signature="),
        (r"signature=\w+", "download=x"),
        (r"\?.*", ""),
        (r"$", "&download=evil.exe"),
        (r"/files/public", "/files/../files/public"),
        (r"/files/public", "/files//public"),
        (r"/files/.*\?", "/files/..%2f..%2furl.key?"),
        (r"/files/.*\?", "/files/%2e%2e/url.key?"),
        (r"/files/.*\?", "/files/?"),
        (r"/files/.*\?", "/files/no/such?"),
    ],
)
def test_a_changed_link_is_refused(gateway: Gateway, old: str, new: str) -> None:
    link = re.sub(old, new, gateway.link("public/t/a.pdf"), count=1)
    # a raw socket, because clients tidy paths up
    target = link.removeprefix(gateway.url)
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2]))) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: {gateway.url[7:]}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 "), head
    assert b"application/problem+json" in head
    assert b"the bytes of" not in body


def test_refusals_are_problems(gateway: Gateway) -> None:
    assert_problem(httpx.get(f"{gateway.url}/files/public/t/a.pdf"), 403, "not_allowed")
    assert_problem(httpx.get(gateway.link("public/t/a.pdf").replace("signature=", "signature=0")), 403, "not_allowed")
    assert_problem(httpx.get(gateway.link("public/t/none.pdf")), 404, "not_found")
    assert_problem(httpx.get(f"{gateway.url}/nowhere"), 404, None)
    assert_problem(httpx.post(gateway.link("public/t/a.pdf")), 405, None)
    assert_problem(httpx.delete(gateway.link("public/t/a.pdf")), 405, None)
    assert_problem(httpx.get(f"{gateway.url}/redoc"), 404, None)


def test_an_expired_link_is_refused(gateway: Gateway) -> None:
    signer = open_signer(StoreSpec.from_settings(gateway.settings))
    assert signer is not None
    two_hours_ago = time.time() - 7200
    assert httpx.get(signer.sign("public/t/a.pdf", expires=timedelta(hours=3), now_s=two_hours_ago)).status_code == 200
    answer = httpx.get(signer.sign("public/t/a.pdf", expires=HOUR, now_s=two_hours_ago))
    assert_problem(answer, 403, "not_allowed")
    assert "expired" in answer.json()["detail"]


def test_it_takes_the_next_free_port_and_links_follow(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        gateway = start(tmp_path, port=port)
        try:
            assert int(gateway.url.rpartition(":")[2]) > port
            open_store(StoreSpec.from_settings(gateway.settings)).create("public/t/a.txt", b"x")
            assert httpx.get(gateway.link("public/t/a.txt")).content == b"x"
        finally:
            stop(gateway, signal.SIGTERM)
    assert gateway.process.returncode == 0
    assert not gateway_address_file(gateway.settings).exists()


def test_links_to_a_bucket_are_not_the_gateways(tmp_path: Path) -> None:
    gateway = start(tmp_path, store_url="gs://bucket")
    try:
        answer = httpx.get(f"{gateway.url}/files/public/t/a.pdf?expires=9999999999&signature=00")
        assert_problem(answer, 404, "not_found")
        assert "Google Cloud Storage" in answer.json()["detail"]
        assert httpx.get(f"{gateway.url}/livez").status_code == 200
    finally:
        stop(gateway)


def test_no_free_port_is_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsInvalid, match="no port is free"):
        server.free_socket(taken.getsockname()[1])


def test_an_upload_that_is_cut_off_is_left_to_the_thread_that_reads_it(room):
    desk = Desk(room, UploadLimits(lambda: Queue(0, 0.0)), lambda: None, lambda: True)
    with contextlib.ExitStack() as thread:
        with desk.incoming() as folder:
            (folder / "0").write_bytes(b"x" * 100)
            thread.enter_context(held(folder))
        assert (folder / "0").read_bytes() == b"x" * 100
    with desk.incoming() as other:
        (other / "0").write_bytes(b"x")
    assert not other.exists()


def test_a_gateway_that_starts_is_not_kept_by_what_strangers_put_among_the_uploads(room, tmp_path):
    desk = Desk(room, UploadLimits(lambda: Queue(0, 0.0)), lambda: None, lambda: True)
    incoming = room.settings.home.absolute() / "incoming"
    (incoming / "upload").mkdir(parents=True)
    (incoming / "stray").write_bytes(b"x")
    (incoming / "link").symlink_to(tmp_path)
    for path in incoming.iterdir():
        os.utime(path, (0, 0), follow_symlinks=False)
    os.utime(tmp_path, (0, 0))
    desk.sweep()
    assert sorted(path.name for path in incoming.iterdir()) == ["link", "stray"]
