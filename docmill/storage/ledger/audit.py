"""The audit chain: append-only events, each hashed together with the one before it.

A stream is one document's (or batch's) history, counted from 1 without a gap. Changing, removing or swapping events breaks the chain from
there on, and the stream's head shows when events were cut off at its end. Facts hold ids, states and codes: no names, no document text, so the
history may stay when the document is deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from docmill.storage.ledger.bulk import Row, chunks, insert_rows, update_rows
from docmill.storage.ledger.tables_events import AUDIT_EVENTS, AUDIT_HEADS
from docmill.values.keys import digest

Fact = str | int | float | bool | None

NO_HASH = "0" * 64
"""What the first event of a stream follows."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """Something that happened in a stream; `kind` such as job.accepted."""

    stream: str
    kind: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a stream."""

    seq: int
    hash: str


def append_events(conn: sa.Connection, tenant: str, events: Sequence[AuditEvent], *, at: datetime) -> None:
    """Append events to their streams in the order given, in the caller's transaction.

    Two transactions that append to one stream wait for one another at its head.
    """
    if not events:
        return
    heads = _locked_heads(conn, tenant, sorted({event.stream for event in events}))
    rows: list[Row] = []
    for event in events:
        head = heads[event.stream]
        row: Row = {
            "tenant_id": tenant,
            "stream": event.stream,
            "seq": head.seq + 1,
            "kind": event.kind,
            "at": at,
            "facts": dict(event.facts),
            "prev_hash": head.hash,
        }
        row["hash"] = event_hash(row)
        heads[event.stream] = Head(head.seq + 1, row["hash"])
        rows.append(row)
    insert_rows(conn, AUDIT_EVENTS, rows)
    update_rows(conn, AUDIT_HEADS, tenant, ["stream"], [{"stream": s, "seq": h.seq, "hash": h.hash} for s, h in heads.items()])


def append_event(conn: sa.Connection, tenant: str, stream: str, kind: str, facts: Mapping[str, Fact], *, at: datetime) -> None:
    """Append one event; see `append_events`."""
    append_events(conn, tenant, [AuditEvent(stream, kind, facts)], at=at)


def event_hash(row: Row) -> str:
    """SHA-256 of the canonical JSON of [prev_hash, tenant, stream, seq, kind, at, facts]; `at` as ISO 8601 in UTC with microseconds."""
    moment = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return digest(row["prev_hash"], row["tenant_id"], row["stream"], row["seq"], row["kind"], moment, row["facts"])


def _locked_heads(conn: sa.Connection, tenant: str, names: Sequence[str]) -> dict[str, Head]:
    found = heads_of(conn, tenant, names, lock=True)
    if missing := [name for name in names if name not in found]:
        # whoever comes second waits here until the first has committed, then finds its head
        new: list[Row] = [{"tenant_id": tenant, "stream": name, "seq": 0, "hash": NO_HASH} for name in missing]
        insert_rows(conn, AUDIT_HEADS, new, replace=())
        found |= heads_of(conn, tenant, missing, lock=True)
    return found


def heads_of(conn: sa.Connection, tenant: str, names: Sequence[str], *, lock: bool = False) -> dict[str, Head]:
    """The heads of streams; with `lock` others wait who would append to them."""
    found: dict[str, Head] = {}
    for part in chunks(names):
        query = sa.select(AUDIT_HEADS.c.stream, AUDIT_HEADS.c.seq, AUDIT_HEADS.c.hash)
        query = query.where(AUDIT_HEADS.c.tenant_id == tenant, AUDIT_HEADS.c.stream.in_(part)).order_by(AUDIT_HEADS.c.stream)
        rows = conn.execute(query.with_for_update() if lock else query)
        found |= {stream: Head(seq, hash_) for stream, seq, hash_ in rows}
    return found
