"""API keys: making, checking, revoking. A key is 256 random bits; the ledger has its SHA-256, which nobody can turn back or guess.

(A slow hash is for passwords, which people choose. Of random bits it would only slow down every request.)
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from docmill.errors import InvalidOptions, NotFound, Unauthorized
from docmill.services.users import LOCAL_USER
from docmill.storage.ledger import Ledger, api_keys, users
from docmill.storage.ledger.api_keys import KeyRow
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id

READ, WRITE, ORIGINALS, OPERATIONS = "documents:read", "documents:write", "originals:read", "operations:read"
SCOPES: Final = (READ, WRITE, ORIGINALS, OPERATIONS)
"""read: tasks, results, search, pages; write: upload, cancel, retry, delete; originals: links to bytes as they came; operations: figures."""

USUAL: Final = (READ, WRITE)
"""What a key gets when nothing is said, as far as the role allows it."""

ROLE_SCOPES: Final = MappingProxyType({"viewer": frozenset(SCOPES) - {WRITE}})
"""What keys of users of a role may do at most; of the other roles everything. What reviewing and buying need beyond it is asked there, by role."""

PREFIX: Final = "dm_"
_FORM: Final = re.compile(r"dm_[A-Za-z0-9_-]{43}")
AUDIT_STREAM: Final = "api-keys"
USE_NOTED_EVERY = timedelta(minutes=1)
NAME_LIMIT: Final = 255


@dataclass(frozen=True, slots=True)
class Holder:
    """Who makes a request: the user behind its key, and what key and role together allow."""

    tenant: str
    key_id: str
    user_id: str
    role: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the holder has a scope."""
        return scope in self.scopes


def create_key(
    ledger: Ledger, tenant: str, name: str, scopes: Sequence[str] | None, *, life: timedelta | None = None, user_id: str = LOCAL_USER
) -> tuple[str, KeyRow]:
    """A new key of a user and its row. The key is in this answer and nowhere else.

    Raises:
        InvalidOptions: an unknown scope, none at all or one that the user's role does not allow, or a name that is empty or over 255
            characters.
        NotFound: no such user, or it is disabled.
    """
    if scopes is not None and (not scopes or set(scopes) - set(SCOPES)):
        raise InvalidOptions(f"scopes are {', '.join(SCOPES)}")
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidOptions(f"a key has a name of 1-{NAME_LIMIT} characters")
    key, at = PREFIX + secrets.token_urlsafe(32), ledger.now()
    with ledger.transaction() as conn:
        given = _scopes_of(scopes, users.role_of(conn, tenant, user_id))
        row = KeyRow(tenant, new_id(at), user_id, name, given, at, None, at + life if life else None, None)
        api_keys.insert(conn, tenant, row, _hash(key))
        facts = {"key_id": row.key_id, "user_id": user_id, "scopes": " ".join(given)}
        append_event(conn, tenant, AUDIT_STREAM, "key.created", facts, at=at)
    return key, row


def check_key(ledger: Ledger, tenant: str, key: str) -> Holder:
    """Whose key this is.

    Raises:
        Unauthorized: none of this tenant, expired, revoked, or of a disabled user; the message does not say which.
    """
    row, role, at = None, None, ledger.now()
    if _FORM.fullmatch(key):
        with ledger.reading() as conn:
            row = api_keys.by_hash(conn, _hash(key))
            role = users.role_of(conn, tenant, row.user_id) if row else None
    if row is None or role is None or row.tenant_id != tenant or not row.is_good(at):
        raise Unauthorized("this is not a valid API key")
    if row.last_used_at is None or at - row.last_used_at > USE_NOTED_EVERY:
        with ledger.transaction() as conn:
            api_keys.note_use(conn, tenant, [row.key_id], at=at)
    return Holder(row.tenant_id, row.key_id, row.user_id, role, frozenset(row.scopes) & allowed_to(role))


def allowed_to(role: str) -> frozenset[str]:
    """The scopes that keys of users of a role may have."""
    return ROLE_SCOPES.get(role, frozenset(SCOPES))


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


def _scopes_of(asked: Sequence[str] | None, role: str | None) -> tuple[str, ...]:
    if role is None:
        raise NotFound("no such user")
    allowed = allowed_to(role)
    if asked is not None and set(asked) - allowed:
        raise InvalidOptions(f"a {role} may have {', '.join(s for s in SCOPES if s in allowed)}")
    return tuple(s for s in SCOPES if s in allowed and s in (USUAL if asked is None else asked))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("ascii", "replace")).hexdigest()
