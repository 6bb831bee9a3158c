"""V4 signed links, verified with the public key: no emulator looks at signatures, so the test does what Google's servers do.

Source of the format: https://cloud.google.com/storage/docs/authentication/canonical-requests
"""

import base64
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import google.auth
import httpx
import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from gcs_server import write_service_account_file
from google.auth.credentials import Credentials

from docmill.errors import SettingsInvalid
from docmill.storage.objects import StoreSpec, open_store

NAME = "public/t/results/2026/11/22/a ü+b.json"
HOUR = dt.timedelta(hours=1)


def accepts(link: str, key: rsa.RSAPublicKey, *, method: str = "GET", now: dt.datetime | None = None) -> bool:
    """Whether a server that holds the public key would serve this link now."""
    url = urlsplit(link)
    query = dict(parse_qsl(url.query, strict_parsing=True))
    signature = query.pop("X-Goog-Signature", "")
    signed_at = dt.datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    now = now or dt.datetime.now(dt.UTC)
    if not signed_at - dt.timedelta(minutes=15) <= now < signed_at + dt.timedelta(seconds=int(query["X-Goog-Expires"])):
        return False
    canonical_query = "&".join(sorted(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in query.items()))
    request = "\n".join([method, url.path, canonical_query, f"host:{url.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    scope = query["X-Goog-Credential"].partition("/")[2]
    digest = hashlib.sha256(request.encode()).hexdigest()
    signed = "\n".join([query["X-Goog-Algorithm"], query["X-Goog-Date"], scope, digest])
    try:
        key.verify(bytes.fromhex(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, rsa.RSAPublicKey]:
    return write_service_account_file(tmp_path_factory.mktemp("account") / "key.json")


def link_of(file: Path, *, expires: dt.timedelta = HOUR, download_name: str | None = None, endpoint: str | None = None) -> str:
    store = open_store(StoreSpec(url="gs://mill/pre", gcs_project="p", google_credentials=file, gcs_endpoint=endpoint))
    return store.signed_url(NAME, expires=expires, download_name=download_name)


def test_a_link_is_signed_offline_for_google(account: tuple[Path, rsa.RSAPublicKey]) -> None:
    link = link_of(account[0])
    assert link.startswith("https://storage.googleapis.com/mill/pre/public/t/results/2026/11/22/a%20%C3%BC%2Bb.json?")
    assert accepts(link, account[1])
    assert not accepts(link, account[1], method="PUT")
    assert not accepts(link, rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key())


def test_a_link_expires(account: tuple[Path, rsa.RSAPublicKey]) -> None:
    link = link_of(account[0], expires=dt.timedelta(minutes=5))
    now = dt.datetime.now(dt.UTC)
    assert accepts(link, account[1], now=now + dt.timedelta(seconds=290))
    assert not accepts(link, account[1], now=now + dt.timedelta(seconds=301))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/a%20", "/b%20"),
        ("X-Goog-Expires=3600", "X-Goog-Expires=360000"),
        ("/mill/", "/other/"),
        ("storage.googleapis.com", "evil.example"),
        ("X-Goog-Signature=", "X-Goog-Signature=00"),
        ("attachment", "inline"),
    ],
)
def test_a_changed_link_is_noticed(account: tuple[Path, rsa.RSAPublicKey], old: str, new: str) -> None:
    link = link_of(account[0], download_name="x.json")
    assert accepts(link, account[1])
    assert old in link
    assert not accepts(link.replace(old, new), account[1])


@pytest.mark.parametrize("name", ["plain.json", 'quoted ".json', "Übersicht; x=1.pdf", "line\r\nbreak"])
def test_the_download_name_is_signed_and_harmless(account: tuple[Path, rsa.RSAPublicKey], name: str) -> None:
    link = link_of(account[0], download_name=name)
    assert accepts(link, account[1])
    disposition = dict(parse_qsl(urlsplit(link).query))["response-content-disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    assert "\n" not in disposition


def test_another_endpoint_is_in_the_link(account: tuple[Path, rsa.RSAPublicKey]) -> None:
    link = link_of(account[0], endpoint="http://127.0.0.1:4443")
    assert link.startswith("http://127.0.0.1:4443/mill/pre/")
    assert accepts(link, account[1])


class _Keyless(Credentials):
    """Credentials as of a virtual machine: a token but no key; the account is known after the first refresh."""

    def __init__(self, account: str | None) -> None:
        super().__init__()
        self.service_account_email: str | None = None
        self._account = account

    def refresh(self, request: Any) -> None:  # noqa: ARG002 - the name callers use
        self.token, self.service_account_email = "token-1", self._account


@pytest.fixture
def iam(account: tuple[Path, rsa.RSAPublicKey], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, str]]]:
    """A server that signs as IAM's signBlob does. Only the address of the service is changed, everything else is the real path."""
    key = serialization.load_pem_private_key(json.loads(account[0].read_text())["private_key"].encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    asked: list[dict[str, str]] = []

    class SignBlob(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({"path": self.path, "token": self.headers["authorization"]})
            signature = key.sign(base64.b64decode(body["payload"]), padding.PKCS1v15(), hashes.SHA256())
            content = json.dumps({"keyId": "k", "signedBlob": base64.b64encode(signature).decode()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), SignBlob)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    real = requests.Session.request

    def here(session: requests.Session, method: str, url: str, **rest: Any) -> requests.Response:
        return real(session, method, url.replace("https://iamcredentials.googleapis.com", f"http://127.0.0.1:{server.server_port}"), **rest)

    monkeypatch.setattr(requests.Session, "request", here)
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_without_a_key_iam_signs(
    iam: list[dict[str, str]], account: tuple[Path, rsa.RSAPublicKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (_Keyless("signer@p.iam.gserviceaccount.com"), "p"))
    link = open_store(StoreSpec(url="gs://mill/pre", gcs_project="p")).signed_url(NAME, expires=HOUR, download_name="x.json")
    assert accepts(link, account[1])
    assert iam[0]["token"] == "Bearer token-1"
    assert httpx.URL(iam[0]["path"]).path.endswith("/signer@p.iam.gserviceaccount.com:signBlob")


def test_a_persons_credentials_cannot_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google.auth, "default", lambda **_: (_Keyless(None), "p"))
    with pytest.raises(SettingsInvalid, match="service account"):
        open_store(StoreSpec(url="gs://mill", gcs_project="p")).signed_url(NAME, expires=HOUR)
