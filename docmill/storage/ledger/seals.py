"""File names, client metadata and passwords in the ledger, sealed: who reads the database without the key sees none of them.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each value, so equal names don't show. A sealed value is text: `sealed1:` and
base64 of nonce, ciphertext and tag. JSON is sealed as text and kept as a JSON string. A value without the mark is taken as it is: it was kept
by a docmill that did not seal yet, or by a ledger opened without a key.

The seal travels with the engine, as an execution option of its connections. Does not belong here: where the key comes from.
"""

import hmac
import json
import os
from base64 import b64decode, b64encode
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from docmill.errors import SettingsInvalid

OPTION: Final = "docmill_seal"
UNREADABLE: Final = "(sealed with another key)"
"""Stands for a value that this process's key does not open."""

_MARK = "sealed1:"
_NONCE_BYTES = 12
_PURPOSE = b"docmill ledger names 1"
_DIGESTS = b"docmill ledger digests 1\n"
_SECRETS = b"docmill ledger secrets 1"  # a sealed password that is moved to a column of names does not open there


class Seal:
    """Seals and opens text with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher, self._key = AESGCM(key), key

    def closed(self, text: str, purpose: bytes = _PURPOSE) -> str:
        """The text sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        return _MARK + b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), purpose)).decode()

    def opened(self, kept: str, purpose: bytes = _PURPOSE) -> str:
        """The text that was sealed; UNREADABLE when it was sealed with another key or for another purpose, or changed since."""
        try:
            raw = b64decode(kept.removeprefix(_MARK), validate=True)
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose).decode()
        except (InvalidTag, ValueError):
            return UNREADABLE

    def digest(self, text: str) -> str:
        """A digest that nobody makes without the key (HMAC-SHA256, hexadecimal): the same text is known again and cannot be guessed."""
        return hmac.digest(self._key, _DIGESTS + text.encode("utf-8", "surrogateescape"), "sha256").hex()


def is_sealed(kept: object) -> bool:
    """Whether a value from the ledger is sealed."""
    return isinstance(kept, str) and kept.startswith(_MARK)


def sealed(conn: sa.Connection, text: str) -> str:
    """The text as the ledger keeps it."""
    seal = _seal_of(conn)
    return seal.closed(text) if seal else text


def sealed_json(conn: sa.Connection, value: Any) -> Any:
    """A JSON value as the ledger keeps it; None stays None."""
    seal = _seal_of(conn)
    return value if value is None or seal is None else seal.closed(json.dumps(value, ensure_ascii=False))


def opened(conn: sa.Connection, kept: str) -> str:
    """The text that the ledger keeps."""
    if not is_sealed(kept):
        return kept
    seal = _seal_of(conn)
    return seal.opened(kept) if seal else UNREADABLE


def opened_json(conn: sa.Connection, kept: Any) -> Any:
    """The JSON value that the ledger keeps; None when the key does not open it."""
    if not is_sealed(kept):
        return kept
    text = opened(conn, kept)
    return None if text == UNREADABLE else json.loads(text)


def sealed_secret(conn: sa.Connection, secret: SecretStr) -> str:
    """A secret as the ledger keeps it.

    Raises:
        SettingsInvalid: the ledger was opened without a key; a secret is never kept in clear.
    """
    seal = _seal_of(conn)
    if seal is None:
        raise SettingsInvalid("the ledger was opened without a key, so it keeps no passwords")
    return seal.closed(secret.get_secret_value(), _SECRETS)


def opened_secret(conn: sa.Connection, kept: str) -> SecretStr | None:
    """The secret that the ledger keeps; None when this process's key does not open it."""
    seal = _seal_of(conn)
    text = seal.opened(kept, _SECRETS) if seal and is_sealed(kept) else UNREADABLE
    return None if text == UNREADABLE else SecretStr(text)


def _seal_of(conn: sa.Connection) -> Seal | None:
    found = conn.get_execution_options().get(OPTION)
    return found if isinstance(found, Seal) else None
