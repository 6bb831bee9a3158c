"""The certificate of a redacted copy: what was checked on which bytes, signed with Ed25519. It says nothing of what was redacted.

    {"certificate": {...}, "signature": base64}

Signed are the bytes of a prefix and the certificate as canonical JSON (sorted keys, no blanks, ASCII). The public key is inside, so anybody
can check that nothing was changed since; who signed is known only to who has the key from elsewhere. Values are there as keyed hashes.

Belongs here: its shape, making it, reading it. Does not belong here: keys (certificate_keys), checking a file against it (verifying).
"""

import hashlib
import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ConfigDict, Field, ValidationError

from docmill import __version__
from docmill.errors import Damaged, StageFailed
from docmill.services.certificate_keys import CertificateKeys, document_key, encoded, raw_public, value_hash
from docmill.stages.privacy.literals import SHORTEST, folded
from docmill.stages.privacy.redaction.evidence import Evidence
from docmill.values.evidence import Span
from docmill.values.model import Value
from docmill.values.page import Page

FORMAT: Final = "docmill-redaction-certificate-1"
_PREFIX = b"docmill redaction certificate 1\n"
_STEP = 8
_HEX_64 = r"^[0-9a-f]{64}$"


class _Part(Value):
    """A part of a certificate. Unknown keys are ignored: they are signed all the same."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FileFacts(_Part):
    """The redacted copy's bytes."""

    sha256: str = Field(pattern=_HEX_64)
    size_bytes: int = Field(ge=0)


class ValueFact(_Part):
    """One redacted value: its type, the keyed hash of its letters and digits, and whether it is long enough to be searched as text."""

    type: str
    hash: str = Field(pattern=_HEX_64)
    searched: bool


class Certificate(_Part):
    """What is signed.

    Attributes:
        file: the copy.
        original: keyed hash of the original's SHA-256, so that a short original can't be guessed from it.
        evidence: type, page and box geometry, names of the gates that passed.
        values: sorted by type and hash, so that their order says nothing.
        longest: most letters and digits of a value, rounded up to 8; so far a search by hash must go.
        engines: what found and what redacted, names and versions.
        key_check: tells a holder of the hash key that it is the one.
    """

    format: str
    file: FileFacts
    original: str = Field(pattern=_HEX_64)
    evidence: Evidence
    values: tuple[ValueFact, ...]
    longest: int = Field(ge=0, le=4096)
    engines: dict[str, str]
    docmill_version: str
    created_at: datetime
    public_key: str
    key_check: str = Field(pattern=_HEX_64)

    @property
    def signer(self) -> bytes:
        """The raw public key."""
        return b64decode(self.public_key)


def make_certificate(
    copy: Path,
    evidence: Evidence,
    values: Iterable[tuple[str, str]],
    *,
    original_sha256: str,
    engines: Mapping[str, str],
    keys: CertificateKeys,
) -> bytes:
    """A signed certificate, as JSON.

    Args:
        copy: the redacted file, exactly as it will be handed out.
        evidence: what the cell says it checked.
        values: (text, type) of everything that was redacted.
        original_sha256: of the file before.
        engines: names and versions.
        keys: of the signer.
    """
    with copy.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = document_key(keys.hashing, sha256)
    plain = sorted({(kind, folded(text)) for text, kind in values})
    body = Certificate(
        format=FORMAT,
        file=FileFacts(sha256=sha256, size_bytes=copy.stat().st_size),
        original=value_hash(key, original_sha256),
        evidence=evidence,
        values=tuple(sorted((_fact(kind, value, key) for kind, value in plain), key=lambda fact: (fact.type, fact.hash))),
        longest=-(-max((len(value) for _, value in plain), default=0) // _STEP) * _STEP,
        engines=dict(engines),
        docmill_version=__version__,
        created_at=datetime.now(UTC),
        public_key=encoded(raw_public(keys.signing.public_key())),
        key_check=key_check(key),
    ).model_dump(mode="json")
    return json.dumps({"certificate": body, "signature": encoded(keys.signing.sign(_signed(body)))}, indent=1).encode()


def read_certificate(data: bytes) -> Certificate:
    """The certificate, after its signature was checked against the key inside.

    Raises:
        Damaged: this is no certificate, or it was changed after it was signed.
    """
    try:
        loaded = json.loads(data)
        body, signature = loaded["certificate"], b64decode(loaded["signature"], validate=True)
        certificate = Certificate.model_validate(body)
        public = Ed25519PublicKey.from_public_bytes(certificate.signer)
    except (ValueError, KeyError, TypeError, ValidationError, Base64Error, RecursionError):
        raise Damaged("this is not a docmill redaction certificate") from None
    if certificate.format != FORMAT:
        raise Damaged("this certificate is of a format that this docmill does not know")
    try:
        public.verify(signature, _signed(body))
    except InvalidSignature:
        raise Damaged("the certificate was changed after it was signed") from None
    return certificate


def values_of(spans: Sequence[Span], pages: Sequence[Page]) -> list[tuple[str, str]]:
    """(text, type) of spans.

    Raises:
        StageFailed: a span lies on no page.
    """
    text = {page.number: page.text for page in pages}
    try:
        return [(text[span.page][span.start : span.end], span.type) for span in spans]
    except KeyError:
        raise StageFailed("a span lies on a page that was not read") from None


def key_check(key: bytes) -> str:
    """A hash that only the right document key gives."""
    return value_hash(key, "key check")


def _fact(kind: str, value: str, key: bytes) -> ValueFact:
    return ValueFact(type=kind, hash=value_hash(key, value), searched=len(value) >= SHORTEST)


def _signed(body: object) -> bytes:
    return _PREFIX + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
