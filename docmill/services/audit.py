"""Checking the audit chain and its signatures. Events are appended by the services that change states, in the transaction of the change."""

import csv
import io
import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from docmill.services.audit_signing import signed_bytes
from docmill.storage.ledger import Connection, Ledger, audit_reading
from docmill.storage.ledger.audit_reading import Signature, StoredEvent

COLUMNS = ("tenant", "stream", "seq", "kind", "at", "facts", "prev_hash", "hash")


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that does not hold: an event of a stream, or a signature (then `stream` is empty)."""

    stream: str
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was checked. `unsigned_events` came after the last signature: only the chain speaks for them."""

    streams: int
    events: int
    signatures: int
    signed_at: datetime | None
    unsigned_events: int
    broken: tuple[Broken, ...]


def verify_stream(ledger: Ledger, tenant: str, stream: str) -> int | None:
    """The number of the first event of a stream (a document or batch id) that is missing, changed or out of place; None when all holds."""
    with ledger.reading() as conn:
        return audit_reading.first_broken(conn, tenant, stream)


def verify_streams(ledger: Ledger, tenant: str) -> dict[str, int]:
    """Every broken stream of the tenant with its first broken event; empty when all holds."""
    with ledger.reading() as conn:
        found = {stream: audit_reading.first_broken(conn, tenant, stream) for stream in audit_reading.streams(conn, tenant)}
    return {stream: broken for stream, broken in found.items() if broken is not None}


def verify(ledger: Ledger, tenant: str, *, trusted_key: bytes | None = None) -> AuditReport:
    """Check every event of every stream, every signature, and that every signed head still stands.

    Args:
        ledger: the open ledger.
        tenant: whose audit trail.
        trusted_key: raw public key (32 bytes) that signatures must be of; None takes whatever key the first one names.
    """
    broken = [Broken(stream, seq, "missing, changed or out of place") for stream, seq in verify_streams(ledger, tenant).items()]
    with ledger.reading() as conn:
        signed = audit_reading.signatures(conn, tenant)
        broken += _bad_signatures(tenant, signed, trusted_key)
        broken += _lost_heads(conn, tenant, signed)
        last = signed[-1].at if signed else None
        return AuditReport(
            streams=len(audit_reading.streams(conn, tenant)),
            events=audit_reading.count_events(conn, tenant),
            signatures=len(signed),
            signed_at=last,
            unsigned_events=audit_reading.count_events(conn, tenant, after=last),
            broken=tuple(broken),
        )


def export_lines(ledger: Ledger, tenant: str, *, stream: str | None = None, as_csv: bool = False) -> Iterator[str]:
    """The events as JSON Lines, or as CSV with a header (RFC 4180); each with what its hash is over, so that others can check it.

    Args:
        ledger: the open ledger.
        tenant: whose audit trail.
        stream: one document or batch; None for all.
        as_csv: CSV instead of JSON Lines; facts are one JSON column.
    """
    if as_csv:
        yield _csv_line(COLUMNS)
    with ledger.reading() as conn:
        for event in audit_reading.events(conn, tenant, stream):
            row = _exported(tenant, event)
            yield _csv_line([json.dumps(v) if k == "facts" else str(v) for k, v in row.items()]) if as_csv else json.dumps(row)


def _exported(tenant: str, event: StoredEvent) -> dict[str, object]:
    moment = event.at.isoformat(timespec="microseconds")
    return dict(zip(COLUMNS, (tenant, event.stream, event.seq, event.kind, moment, event.facts, event.prev_hash, event.hash), strict=True))


def _csv_line(values: "tuple[str, ...] | list[str]") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def _bad_signatures(tenant: str, signed: list[Signature], trusted_key: bytes | None) -> Iterator[Broken]:
    before, key = "", trusted_key.hex() if trusted_key else signed[0].public_key if signed else ""
    for expected, one in enumerate(signed, 1):
        if one.number != expected or one.prev_signature != before:
            yield Broken("", expected, "a signature is missing or out of place")
            return
        if one.public_key != key:
            yield Broken("", expected, "signed with another key")
        elif not _is_signed(tenant, one):
            yield Broken("", expected, "the signature does not fit what it signs")
        before = one.signature


def _is_signed(tenant: str, one: Signature) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(one.public_key))
        public.verify(b64decode(one.signature, validate=True), signed_bytes(tenant, one))
    except (InvalidSignature, ValueError):
        return False
    return True


def _lost_heads(conn: Connection, tenant: str, signed: list[Signature]) -> Iterator[Broken]:
    """Signed heads whose event is not there or is another one. The last of a stream speaks for all before it, by the chain."""
    heads: dict[str, tuple[int, str]] = {}
    for one in signed:
        try:
            heads |= {stream: (seq, hash_) for stream, seq, hash_ in json.loads(one.heads)}
        except (ValueError, TypeError):
            continue  # its signature does not fit, which is said already
    for stream, (seq, hash_) in heads.items():
        if audit_reading.hash_at(conn, tenant, stream, seq) != hash_:
            yield Broken(stream, seq, "is not the event that was signed")
