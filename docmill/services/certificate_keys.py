"""The two keys behind certificates: one signs (Ed25519), one hashes values (HMAC-SHA256). Files under home, mode 0600, made on first use.

    certificate.key         32 bytes, the Ed25519 seed (RFC 8032); its public half lies beside it as certificate.pub (PEM)
    certificate-hash.key    32 bytes; whoever holds it can test guesses against hashes, so it stays with the owner

Every machine that redacts signs with the key in its own home. A worker whose home does not exist shares no disk with the flow process: it is
given no key of its own making, because nobody would know it, but needs copies of both files.
"""

import hashlib
import hmac
import io
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from docmill.errors import DocmillError, SettingsInvalid, StoreUnavailable
from docmill.storage.objects.folders import made_folder
from docmill.storage.objects.staging import staged
from docmill.storage.objects.url_key import KEY_BYTES, url_key

SIGNING_FILE, PUBLIC_FILE, HASH_FILE = "certificate.key", "certificate.pub", "certificate-hash.key"
_VALUES = b"docmill redacted values 1"


@dataclass(frozen=True)
class CertificateKeys:
    """The keys of one home."""

    signing: Ed25519PrivateKey
    hashing: bytes


def keys_of(home: Path) -> CertificateKeys:
    """The keys in a home folder, made when missing.

    Raises:
        SettingsInvalid: a key file is too short.
        StoreUnavailable: a file cannot be read or made.
    """
    return CertificateKeys(signing_key(home, SIGNING_FILE, PUBLIC_FILE), _key_in(home / HASH_FILE))


def signing_key(home: Path, secret_file: str, public_file: str) -> Ed25519PrivateKey:
    """A signing key of a home, made when missing; its public half lies beside it.

    Raises:
        SettingsInvalid: the key file is too short.
        StoreUnavailable: a file cannot be read or made.
    """
    signing = Ed25519PrivateKey.from_private_bytes(_key_in(home / secret_file))
    _publish(home, signing.public_key(), public_file)
    return signing


def worker_keys(home: Path) -> CertificateKeys:
    """The keys of a worker.

    Raises:
        SettingsInvalid: this worker has no home, hence no key that anybody would trust.
        StoreUnavailable: a file cannot be read or made.
    """
    if not home.is_dir():
        raise SettingsInvalid(
            f"this worker has no key to sign certificates: put {SIGNING_FILE} and {HASH_FILE} of the flow process into its DOCMILL_HOME"
        )
    return keys_of(home)


def fingerprint(public: bytes) -> str:
    """SHA-256 of the raw public key (32 bytes) in groups of four hexadecimal digits: what people compare."""
    digits = hashlib.sha256(public).hexdigest()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def raw_public(key: Ed25519PublicKey) -> bytes:
    """The key's 32 bytes."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def read_public_key(file: Path) -> bytes:
    """The raw bytes of a public key in a PEM file, as `certificate.pub` is one.

    Raises:
        SettingsInvalid: there is no Ed25519 public key in the file.
    """
    try:
        key = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsInvalid(f"the trusted key is no Ed25519 public key in PEM; {PUBLIC_FILE} in the signer's DOCMILL_HOME is one")
    return raw_public(key)


def read_hash_key(file: Path) -> bytes:
    """The bytes of a hash key.

    Raises:
        SettingsInvalid: there is none of that length in the file.
    """
    with suppress(OSError):
        key = file.read_bytes()
        if len(key) == KEY_BYTES:
            return key
    raise SettingsInvalid(f"the hash key is a file of {KEY_BYTES} bytes; {HASH_FILE} in the signer's DOCMILL_HOME is one")


def document_key(hash_key: bytes, file_sha256: str) -> bytes:
    """The key for the values of one redacted file: without the hash key the same value cannot be told in two documents."""
    return hmac.digest(hash_key, _VALUES + file_sha256.encode(), "sha256")


def value_hash(key: bytes, folded: str) -> str:
    """The keyed hash of a value's letters and digits, hexadecimal."""
    return hmac.digest(key, folded.encode(), "sha256").hex()


def _key_in(file: Path) -> bytes:
    try:
        return url_key(file)[:KEY_BYTES]  # the same promise as for links: whole, 0600, of many makers one
    except StoreUnavailable:
        raise StoreUnavailable("a signing key file cannot be read or made") from None
    except DocmillError:
        raise SettingsInvalid("a signing key file is too short") from None


def _publish(home: Path, key: Ed25519PublicKey, public_file: str) -> None:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        if not (home / public_file).exists():
            with made_folder(home, ()) as folder, staged(folder, io.BytesIO(pem), flush=False) as complete, suppress(FileExistsError):
                complete.link_to(folder, public_file)
    except OSError:
        raise StoreUnavailable("a public key file cannot be written") from None


def encoded(raw: bytes) -> str:
    """Bytes as base64 text, as certificates carry them."""
    return b64encode(raw).decode()
