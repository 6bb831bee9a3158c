"""Certificates: keys, signing, reading, and that nothing of the values is in them."""

import json
import stat
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from docmill.errors import Damaged, SettingsInvalid
from docmill.services.certificate_keys import (
    HASH_FILE,
    PUBLIC_FILE,
    SIGNING_FILE,
    document_key,
    fingerprint,
    keys_of,
    raw_public,
    read_hash_key,
    read_public_key,
    value_hash,
    worker_keys,
)
from docmill.services.certificates import make_certificate, read_certificate
from docmill.stages.privacy.literals import Haystack, folded
from docmill.stages.privacy.redaction.evidence import Evidence, PageGeometry

VALUES = [("Uwe Sommer", "PERSON"), ("200-51-7800", "US_SSN"), ("UWE SOMMER", "PERSON"), ("Bo", "PERSON")]


def made(tmp_path: Path, *, original: str = "ab" * 32) -> dict[str, object]:
    copy = tmp_path / "copy.png"
    copy.write_bytes(b"bytes of the copy")
    page = PageGeometry(number=1, width_px=100, height_px=80, dpi=72, boxes=((1, 2, 30, 9),))
    evidence = Evidence(media_type="image/png", pages=(page,), gates=("structure",))
    keys = keys_of(tmp_path / "home")
    return json.loads(make_certificate(copy, evidence, VALUES, original_sha256=original, engines={"a": "1"}, keys=keys))


def test_keys_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first, second = keys_of(home), keys_of(home)
    assert raw_public(first.signing.public_key()) == raw_public(second.signing.public_key()) == read_public_key(home / PUBLIC_FILE)
    assert first.hashing == second.hashing == read_hash_key(home / HASH_FILE)
    assert (home / SIGNING_FILE).read_bytes() != first.hashing
    for name in (SIGNING_FILE, HASH_FILE):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_a_worker_without_a_home_makes_no_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="DOCMILL_HOME"):
        worker_keys(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 32, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(SettingsInvalid):
        read_public_key(tmp_path / "k")


def test_a_certificate_reads_back_and_says_nothing_of_the_values(tmp_path: Path) -> None:
    body = made(tmp_path)
    text = json.dumps(body)
    read = read_certificate(text.encode())
    assert read.evidence.pages[0].boxes == ((1, 2, 30, 9),)
    assert list(read.values) == sorted(read.values, key=lambda v: (v.type, v.hash))
    assert sorted((v.type, v.searched) for v in read.values) == [("PERSON", False), ("PERSON", True), ("US_SSN", True)]
    for value, _ in VALUES:
        # hashes and the signature are base64, which may hold two letters by chance
        assert value not in (text if len(value) > 2 else text.split('"'))
        assert folded(value) not in text or len(value) == 2
    assert "ab" * 32 not in text


def test_hashes_of_one_value_differ_from_copy_to_copy(tmp_path: Path) -> None:
    keys = keys_of(tmp_path / "home")
    one, other = (value_hash(document_key(keys.hashing, sha * 64), "uwesommer") for sha in "ab")
    assert one != other
    assert one == value_hash(document_key(keys.hashing, "a" * 64), "uwesommer")


CHANGES = {
    "file": lambda c: c["certificate"]["file"].update(sha256="0" * 64),
    "box moved": lambda c: c["certificate"]["evidence"]["pages"][0]["boxes"][0].__setitem__(0, 2),
    "box removed": lambda c: c["certificate"]["evidence"]["pages"][0].update(boxes=[]),
    "gate added": lambda c: c["certificate"]["evidence"]["gates"].append("more"),
    "value removed": lambda c: c["certificate"]["values"].pop(),
    "key swapped": lambda c: c["certificate"].update(public_key=b64encode(raw_public(Ed25519PrivateKey.generate().public_key())).decode()),
    "time": lambda c: c["certificate"].update(created_at="2020-01-01T00:00:00Z"),
    "unknown key added": lambda c: c["certificate"].update(note="trust me"),
    "signature": lambda c: c.update(signature=b64encode(b"0" * 64).decode()),
    "no signature": lambda c: c.pop("signature"),
    "signature is no text": lambda c: c.update(signature=5),
    "other format": lambda c: c["certificate"].update(format="docmill-redaction-certificate-9"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_is_changed_in_a_certificate_is_noticed(tmp_path: Path, name: str) -> None:
    body = made(tmp_path)
    CHANGES[name](body)
    with pytest.raises(Damaged):
        read_certificate(json.dumps(body).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff\xfe", b"null", b'{"certificate": 1, "signature": ""}', b"[" * 100_000])
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(Damaged):
        read_certificate(data)


def test_fingerprints_are_for_people() -> None:
    assert fingerprint(b"\0" * 32).startswith("6668 7aad f862 bd77 ")
    assert len(fingerprint(b"\0" * 32)) == 79


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("the file of U w e S O M M E R is closed", "Uwe Sommer", "PERSON"),
        ("Uwe\nSömmer", "uwe sommer", "PERSON"),
        ("IBANDE89 3704 0044 0532 0130 00", "DE89370400440532013000", "IBAN_CODE"),
        ("no: 200517800.", "200-51-7800", "US_SSN"),
        ("x@y.example", "x@y.example", "EMAIL_ADDRESS"),
    ],
)
def test_windows_hold_what_a_search_finds(text: str, value: str, entity: str) -> None:
    assert Haystack(text).holds(value, entity)
    assert folded(value) in set(Haystack(text).windows(32))


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("Annapolis", "Anna", "PERSON"),
        ("1200517800", "200-51-7800", "US_SSN"),
        ("2005178001", "200-51-7800", "US_SSN"),
        ("Uwe, the tall Sommer", "Uwe Sommer", "PERSON"),
    ],
)
def test_windows_are_cut_where_a_search_is(text: str, value: str, entity: str) -> None:
    assert not Haystack(text).holds(value, entity)
    assert folded(value) not in set(Haystack(text).windows(32))
