"""Signing the audit streams' heads, to be done every hour, with a key that lies in DOCMILL_HOME and not in the database.

    audit.key    32 bytes, the Ed25519 seed (RFC 8032), mode 0600, made on first use
    audit.pub    its public half (PEM): what auditors keep elsewhere and give to `docmill audit verify --key`

Who can write to the database can rewrite events, chain and heads together, but can't sign them again. A signature names the heads that
changed since the one before, and that one's signature, so none can be taken out of the middle.
"""

import json
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Final

from docmill.services.certificate_keys import raw_public, signing_key
from docmill.storage.ledger import Ledger, audit_reading
from docmill.storage.ledger.audit_reading import Signature

SECRET_FILE, PUBLIC_FILE = "audit.key", "audit.pub"
_PREFIX: Final = b"docmill audit heads 1\n"
OVERLAP: Final = timedelta(hours=1)
"""A transaction may commit later than the time on its events says; heads named twice do no harm."""


def sign_heads(ledger: Ledger, tenant: str, home: Path) -> Signature | None:
    """Sign what changed since the last signature; None when nothing has.

    Raises:
        Conflict: another process has signed meanwhile.
        StoreUnavailable, SettingsInvalid: the key cannot be read or made.
    """
    key = signing_key(home, SECRET_FILE, PUBLIC_FILE)
    at = ledger.now()
    with ledger.transaction() as conn:
        last = audit_reading.last_signature(conn, tenant)
        heads = audit_reading.heads_since(conn, tenant, last.at - OVERLAP if last else None)
        events = audit_reading.count_events(conn, tenant)
        if last is not None and events == last.events:
            return None
        named = json.dumps([[stream, head.seq, head.hash] for stream, head in heads.items()], separators=(",", ":"))
        unsigned = Signature(
            number=last.number + 1 if last else 1,
            at=at,
            streams=len(heads),
            events=events,
            heads=named,
            prev_signature=last.signature if last else "",
            public_key=raw_public(key.public_key()).hex(),
            signature="",
        )
        signature = b64encode(key.sign(signed_bytes(tenant, unsigned))).decode()
        made = Signature(**{name: getattr(unsigned, name) for name in Signature.__slots__ if name != "signature"}, signature=signature)
        audit_reading.keep_signature(conn, tenant, made)
    return made


def signed_bytes(tenant: str, one: Signature) -> bytes:
    """What a signature is over: a prefix and everything beside the signature as canonical JSON."""
    moment = one.at.isoformat(timespec="microseconds")
    body = [tenant, one.number, moment, one.streams, one.events, one.heads, one.prev_signature, one.public_key]
    return _PREFIX + json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode()
