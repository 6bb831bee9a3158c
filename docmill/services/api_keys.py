"""API keys: making, checking, revoking. A key is 256 random bits; the ledger has its SHA-256, which nobody can turn back or guess.

(A slow hash is for passwords, which people choose. Of random bits it would only slow down every request.)
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from docmill.errors import InvalidOptions, NotFound, Unauthorized
from docmill.storage.ledger import Ledger, api_keys
from docmill.storage.ledger.api_keys import KeyRow
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id

READ, WRITE, ORIGINALS, OPERATIONS = "documents:read", "documents:write", "originals:read", "operations:read"
SCOPES: Final = (READ, WRITE, ORIGINALS, OPERATIONS)
"""read: tasks, results, search, pages; write: upload, cancel, retry, delete; originals: links to bytes as they came; operations: figures."""

PREFIX: Final = "dm_"
_FORM: Final = re.compile(r"dm_[A-Za-z0-9_-]{43}")
AUDIT_STREAM: Final = "api-keys"
USE_NOTED_EVERY = timedelta(minutes=1)
NAME_LIMIT: Final = 255


@dataclass(frozen=True, slots=True)
class Holder:
    """Who makes a request: the tenant and the scopes of its key."""

    tenant: str
    key_id: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return scope in self.scopes


def create_key(ledger: Ledger, tenant: str, name: str, scopes: Sequence[str], *, life: timedelta | None = None) -> tuple[str, KeyRow]:
    """A new key and its row. The key is in this answer and nowhere else.

    Raises:
        InvalidOptions: an unknown scope, none at all, or a name that is empty or over 255 characters.
    """
    if not scopes or set(scopes) - set(SCOPES):
        raise InvalidOptions(f"scopes are {', '.join(SCOPES)}")
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidOptions(f"a key has a name of 1-{NAME_LIMIT} characters")
    key, at = PREFIX + secrets.token_urlsafe(32), ledger.now()
    row = KeyRow(tenant, new_id(at), name, tuple(s for s in SCOPES if s in scopes), at, None, at + life if life else None, None)
    with ledger.transaction() as conn:
        api_keys.insert(conn, tenant, row, _hash(key))
        append_event(conn, tenant, AUDIT_STREAM, "key.created", {"key_id": row.key_id, "scopes": " ".join(row.scopes)}, at=at)
    return key, row


def check_key(ledger: Ledger, tenant: str, key: str) -> Holder:
    """Whose key this is.

    Raises:
        Unauthorized: none of this tenant, expired or revoked; the message does not say which.
    """
    row = None
    at = ledger.now()
    if _FORM.fullmatch(key):
        with ledger.reading() as conn:
            row = api_keys.by_hash(conn, _hash(key))
    if row is None or row.tenant_id != tenant or not row.is_good(at):
        raise Unauthorized("this is not a valid API key")
    if row.last_used_at is None or at - row.last_used_at > USE_NOTED_EVERY:
        with ledger.transaction() as conn:
            api_keys.note_use(conn, tenant, [row.key_id], at=at)
    return Holder(row.tenant_id, row.key_id, frozenset(row.scopes))


def list_keys(ledger: Ledger, tenant: str) -> list[KeyRow]:
    """All keys of a tenant, oldest first."""
    with ledger.reading() as conn:
        return api_keys.of_tenant(conn, tenant)


def has_keys(ledger: Ledger, tenant: str) -> bool:
    """Whether a key of the tenant can be used."""
    return any(row.is_good(ledger.now()) for row in list_keys(ledger, tenant))


def revoke_key(ledger: Ledger, tenant: str, key_id: str) -> None:
    """End a key at once.

    Raises:
        NotFound: no such key, or it was revoked before.
    """
    at = ledger.now()
    with ledger.transaction() as conn:
        if not api_keys.revoke(conn, tenant, key_id, at=at):
            raise NotFound("no such key that could be revoked")
        append_event(conn, tenant, AUDIT_STREAM, "key.revoked", {"key_id": key_id}, at=at)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("ascii", "replace")).hexdigest()
