"""Links to local files, and the key that signs them."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from docmill.errors import InvalidOptions, NotAllowed, SettingsInvalid, StoreUnavailable
from docmill.settings import Settings
from docmill.storage.objects import StoreSpec, UrlSigner, url_key
from docmill.storage.objects.spec import gateway_address_file

KEY = bytes(range(32))
NOW_S = 1_800_000_000.0
NAME = "public/t/redact/ab/abc.pdf"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def signer() -> UrlSigner:
    return UrlSigner("http://127.0.0.1:8000/", lambda: KEY)


def parts(link: str) -> dict[str, str | None]:
    """A link taken apart as the gateway does, as arguments of `verify`."""
    url = urlsplit(link)
    query = {key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True, strict_parsing=True).items()}
    return {
        "name": unquote(url.path.removeprefix("/files/")), "expires": query.get("expires"), "signature": query.get("signature"),
        "download_name": query.get("download"),
    }  # fmt: skip


def verify(signer: UrlSigner, now_s: float, **found: str | None) -> None:
    name = found.pop("name") or ""
    signer.verify(name, now_s=now_s, **found)


def test_a_link_looks_as_documented(signer: UrlSigner) -> None:
    link = urlsplit(signer.sign("public/t/a ü?.pdf", expires=MINUTE, download_name="x & y.pdf", now_s=NOW_S))
    assert f"{link.scheme}://{link.netloc}{link.path}" == "http://127.0.0.1:8000/files/public/t/a%20%C3%BC%3F.pdf"
    query = parse_qs(link.query)
    assert set(query) == {"expires", "signature", "download"}
    assert query["expires"] == ["1800000060"]
    assert query["download"] == ["x & y.pdf"]
    assert len(query["signature"][0]) == 64


@pytest.mark.parametrize("download_name", [None, "", "report.pdf", "Ü ber&=;.pdf"])
@pytest.mark.parametrize("name", [NAME, "public/t/a ü?&#%41.pdf"])
def test_a_link_is_good_until_it_expires(signer: UrlSigner, name: str, download_name: str | None) -> None:
    found = parts(signer.sign(name, expires=MINUTE, download_name=download_name, now_s=NOW_S))
    verify(signer, NOW_S, **found)
    verify(signer, NOW_S + 59.9, **found)
    with pytest.raises(NotAllowed, match="expired"):
        verify(signer, NOW_S + 60, **found)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("name", "public/t/redact/ab/abd.pdf"), ("name", "originals/t/ab/abc"), ("name", NAME + "/"), ("expires", "1800009999"),
        ("expires", "01800000060"), ("expires", "+1800000060"), ("expires", "١٨٠٠٠٠٠٠٦٠"), ("expires", "inf"), ("expires", "9" * 50),
        ("download_name", None), ("download_name", "evil.exe"), ("download_name", ""), ("signature", "0" * 64), ("signature", "é"),
        ("signature", "\ud800"), ("signature", "short"),
    ],
)  # fmt: skip
def test_a_changed_part_is_noticed(signer: UrlSigner, part: str, value: str | None) -> None:
    found = parts(signer.sign(NAME, expires=MINUTE, download_name="a.pdf", now_s=NOW_S))
    with pytest.raises(NotAllowed, match="does not fit"):
        verify(signer, NOW_S, **{**found, part: value})


@pytest.mark.parametrize("part", ["expires", "signature"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_unsigned_link_is_refused(signer: UrlSigner, part: str, value: str | None) -> None:
    found = parts(signer.sign(NAME, expires=MINUTE, now_s=NOW_S))
    with pytest.raises(NotAllowed, match="not signed"):
        verify(signer, NOW_S, **{**found, part: value})


def test_what_moves_between_the_parts_is_noticed(signer: UrlSigner) -> None:
    """Name, expiry and download name are kept apart in what is signed: no border can be shifted."""
    found = parts(signer.sign("public/a1", expires=MINUTE, download_name="5b", now_s=NOW_S))
    for shifted in ({"name": "public/a", "expires": f"1{found['expires']}"}, {"expires": f"{found['expires']}5", "download_name": "b"}):
        with pytest.raises(NotAllowed):
            verify(signer, NOW_S, **{**found, **shifted})


def test_a_forged_link_is_not_told_that_it_expired(signer: UrlSigner) -> None:
    found = parts(signer.sign(NAME, expires=MINUTE, now_s=NOW_S))
    with pytest.raises(NotAllowed, match="does not fit"):
        verify(signer, NOW_S + 3600, **{**found, "signature": "0" * 64})


def test_another_key_refuses(signer: UrlSigner) -> None:
    found = parts(UrlSigner("http://127.0.0.1:8000", lambda: KEY[::-1]).sign(NAME, expires=MINUTE, now_s=NOW_S))
    with pytest.raises(NotAllowed):
        verify(signer, NOW_S, **found)


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(seconds=-1), timedelta(milliseconds=999), timedelta(days=7, seconds=1)])
def test_a_link_lives_between_a_second_and_seven_days(signer: UrlSigner, expires: timedelta) -> None:
    with pytest.raises(InvalidOptions, match="seven days"):
        signer.sign(NAME, expires=expires)


def test_the_key_is_read_at_the_first_link_only() -> None:
    read: list[int] = []

    def key() -> bytes:
        read.append(1)
        return KEY

    signer = UrlSigner("http://127.0.0.1:8000", key)
    assert read == []
    signer.sign(NAME, expires=MINUTE)
    signer.sign(NAME, expires=MINUTE)
    assert read == [1]


def test_of_many_makers_of_the_key_one_wins(tmp_path: Path) -> None:
    for i in range(20):
        file = tmp_path / f"home {i}" / "url.key"
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(url_key.url_key, [file] * 8))
        assert keys == {file.read_bytes()}
        assert len(file.read_bytes()) == 32
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert [entry.name for entry in file.parent.iterdir()] == ["url.key"]


def test_a_broken_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 31)
    with pytest.raises(SettingsInvalid):
        url_key.url_key(tmp_path / "short")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreUnavailable):
        url_key.url_key(tmp_path / "folder")


@pytest.mark.parametrize(("value", "is_good"), [(None, False), ("short", False), ("sixteen or more characters", True)])
def test_the_key_from_the_settings(monkeypatch: pytest.MonkeyPatch, value: str | None, is_good: bool) -> None:
    monkeypatch.setattr(url_key, "settings", lambda: Settings(url_key=value, _env_file=None))
    if is_good:
        assert url_key.url_key(None) == str(value).encode()
    else:
        with pytest.raises(SettingsInvalid, match="DOCMILL_URL_KEY") as raised:
            url_key.url_key(None)
        assert "short" not in raised.value.message


@pytest.mark.parametrize(
    ("noted", "address"),
    [
        (None, "http://127.0.0.1:8123"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://127.0.0.1:8001@evil.example", "http://127.0.0.1:8123"),
        ("\xff", "http://127.0.0.1:8123"),
    ],
)
def test_links_point_to_the_gateway_that_runs(tmp_path: Path, noted: str | None, address: str) -> None:
    settings = Settings(home=tmp_path, gateway_port=8123, _env_file=None)
    if noted is not None:
        gateway_address_file(settings).write_bytes(noted.encode("latin-1"))
    assert StoreSpec.from_settings(settings).gateway_url == address
    public = Settings(home=tmp_path, gateway_url="https://mill.example", _env_file=None)
    assert StoreSpec.from_settings(public).gateway_url == "https://mill.example"


def test_a_spec_has_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = StoreSpec.from_settings(Settings(home=Path("home"), google_credentials=Path("key.json"), _env_file=None))
    assert spec.url == (tmp_path / "home" / "store").as_uri()
    assert spec.url_key_file == tmp_path / "home" / "url.key"
    assert spec.google_credentials == tmp_path / "key.json"
