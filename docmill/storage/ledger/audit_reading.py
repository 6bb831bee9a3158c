"""Reading the audit chain: checking it byte by byte, walking through it, and the signatures over its heads.

Events are read as the database keeps them: a text that another text could stand for (blanks in JSON, the letter between date and time) is
compared with the one form that docmill writes, so that no byte can change unseen. Appending is in `audit`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from docmill.storage.ledger.audit import NO_HASH, Fact, Head, event_hash, heads_of
from docmill.storage.ledger.bulk import Row, insert_rows
from docmill.storage.ledger.tables_events import AUDIT_EVENTS as EVENTS
from docmill.storage.ledger.tables_events import AUDIT_HEADS, AUDIT_SIGNATURES

_SQLITE_TIME = "%Y-%m-%d %H:%M:%S.%f"
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it stands in the ledger."""

    stream: str
    seq: int
    kind: str
    at: datetime
    facts: dict[str, Fact]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Signed heads: `heads` is JSON, `public_key` hexadecimal, the signatures base64; `prev_signature` is empty for the first."""

    number: int
    at: datetime
    streams: int
    events: int
    heads: str
    prev_signature: str
    public_key: str
    signature: str


def first_broken(conn: sa.Connection, tenant: str, stream: str) -> int | None:
    """The first event of the stream that is missing, changed or out of its place; None when the chain holds."""
    expected = Head(0, NO_HASH)
    try:
        for event in events(conn, tenant, stream):
            seq = expected.seq + 1
            if event.seq != seq or event.prev_hash != expected.hash or event.hash != event_hash(_row(tenant, event)):
                return seq
            expected = Head(seq, event.hash)
    except (ValueError, TypeError, sa.exc.DBAPIError):
        return expected.seq + 1  # a byte that no text has any more
    head = heads_of(conn, tenant, [stream]).get(stream, Head(0, NO_HASH))
    return None if head == expected else min(head.seq, expected.seq) + 1


def events(conn: sa.Connection, tenant: str, stream: str | None = None) -> Iterator[StoredEvent]:
    """Events of one stream or of all, by stream and number.

    Raises:
        ValueError: one is not as docmill writes it.
    """
    is_sqlite = conn.dialect.name == "sqlite"
    at = sa.type_coerce(EVENTS.c.at, sa.Text) if is_sqlite else EVENTS.c.at
    columns = (EVENTS.c.stream, EVENTS.c.seq, EVENTS.c.kind, at.label("at"), sa.cast(EVENTS.c.facts, sa.Text).label("facts"))
    query = sa.select(*columns, EVENTS.c.prev_hash, EVENTS.c.hash).where(EVENTS.c.tenant_id == tenant)
    if stream is not None:
        query = query.where(EVENTS.c.stream == stream)
    # options of the statement: those of the connection would stay, and PostgreSQL has no cursor for the next UPDATE
    for row in conn.execute(query.order_by(EVENTS.c.stream, EVENTS.c.seq).execution_options(yield_per=_BATCH)):
        yield StoredEvent(row.stream, row.seq, row.kind, _time(row.at), _facts(row.facts), row.prev_hash, row.hash)


def streams(conn: sa.Connection, tenant: str) -> list[str]:
    """All streams that have events or once had them."""
    with_events = sa.select(EVENTS.c.stream).where(EVENTS.c.tenant_id == tenant)
    with_head = sa.select(AUDIT_HEADS.c.stream).where(AUDIT_HEADS.c.tenant_id == tenant)
    return sorted(conn.execute(sa.union(with_events, with_head)).scalars())


def heads_since(conn: sa.Connection, tenant: str, since: datetime | None) -> dict[str, Head]:
    """The heads of streams that have events from `since` on; all heads for None."""
    query = sa.select(AUDIT_HEADS.c.stream, AUDIT_HEADS.c.seq, AUDIT_HEADS.c.hash).where(AUDIT_HEADS.c.tenant_id == tenant)
    if since is not None:
        moved = sa.select(EVENTS.c.stream).where(EVENTS.c.tenant_id == tenant, EVENTS.c.at >= since)
        query = query.where(AUDIT_HEADS.c.stream.in_(moved))
    return {stream: Head(seq, hash_) for stream, seq, hash_ in conn.execute(query.order_by(AUDIT_HEADS.c.stream))}


def hash_at(conn: sa.Connection, tenant: str, stream: str, seq: int) -> str | None:
    """The hash of one event; None when it is not there."""
    query = sa.select(EVENTS.c.hash).where(EVENTS.c.tenant_id == tenant, EVENTS.c.stream == stream, EVENTS.c.seq == seq)
    found: str | None = conn.execute(query).scalar()
    return found


def count_events(conn: sa.Connection, tenant: str, *, after: datetime | None = None) -> int:
    """How many events there are, or came after an instant."""
    query = sa.select(sa.func.count()).select_from(EVENTS).where(EVENTS.c.tenant_id == tenant)
    return int(conn.execute(query if after is None else query.where(EVENTS.c.at > after)).scalar_one())


def signatures(conn: sa.Connection, tenant: str) -> list[Signature]:
    """All signatures, first to last."""
    query = sa.select(*(AUDIT_SIGNATURES.c[name] for name in Signature.__slots__)).where(AUDIT_SIGNATURES.c.tenant_id == tenant)
    return [Signature(*row) for row in conn.execute(query.order_by(AUDIT_SIGNATURES.c.number))]


def last_signature(conn: sa.Connection, tenant: str) -> Signature | None:
    """The newest signature."""
    query = sa.select(*(AUDIT_SIGNATURES.c[name] for name in Signature.__slots__)).where(AUDIT_SIGNATURES.c.tenant_id == tenant)
    row = conn.execute(query.order_by(AUDIT_SIGNATURES.c.number.desc()).limit(1)).one_or_none()
    return Signature(*row) if row else None


def keep_signature(conn: sa.Connection, tenant: str, made: Signature) -> None:
    """Keep a signature.

    Raises:
        Conflict: one of this number is there (raised where the transaction ends, or here).
    """
    insert_rows(conn, AUDIT_SIGNATURES, [{"tenant_id": tenant, **{name: getattr(made, name) for name in Signature.__slots__}}])


def _row(tenant: str, event: StoredEvent) -> Row:
    return {name: getattr(event, name) for name in StoredEvent.__slots__} | {"tenant_id": tenant}


def _time(kept: str | datetime) -> datetime:
    if isinstance(kept, datetime):
        return kept if kept.tzinfo else kept.replace(tzinfo=UTC)
    found = datetime.strptime(kept, _SQLITE_TIME).replace(tzinfo=UTC)
    if found.strftime(_SQLITE_TIME) != kept:
        raise ValueError("a time is not written as docmill writes it")
    return found


def _facts(kept: str) -> dict[str, Fact]:
    found: dict[str, Fact] = json.loads(kept)
    if json.dumps(found) != kept:
        raise ValueError("facts are not written as docmill writes them")
    return found
