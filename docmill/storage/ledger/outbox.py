"""The outbox: notifications written in the transaction of the change they tell of, delivered later at least once under the same event id.

A *notice* is written once. When it is due it is fanned out into a *delivery* per receiver, in one transaction, so that one receiver that is
away does not make the others hear twice. Both are rows of the same table: the kind of a delivery begins with "to.".

Belongs here: the rows. Does not belong here: who receives what and how (docmill/services/outbox.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from docmill.storage.ledger.bulk import insert_rows
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.tables_events import OUTBOX

DELIVERY = "to."
"""Kinds of deliveries begin so; the channel follows."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What receivers are told; `kind` such as job.completed, the payload holds ids, states and codes."""

    kind: str
    payload: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A row that is due: a notice or a delivery. `tries` counts this one."""

    event_id: str
    kind: str
    payload: Mapping[str, Any]
    created_at: datetime
    tries: int

    @property
    def is_delivery(self) -> bool:
        """Whether it goes to one receiver."""
        return self.kind.startswith(DELIVERY)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notice on its way to one receiver of a channel, such as ("webhook", "wh-1")."""

    channel: str
    receiver: str


def put_notices(conn: sa.Connection, tenant: str, notices: Sequence[Notice], *, at: datetime) -> None:
    """Put notices into the outbox, due at once."""
    _put(conn, tenant, [(n.kind, dict(n.payload)) for n in notices], at=at)


def fan_out(conn: sa.Connection, tenant: str, notice: OutboxRow, deliveries: Sequence[Delivery], *, at: datetime) -> None:
    """Replace a notice by a delivery to each receiver, due at once; the notice itself is done."""
    told = {"event_id": notice.event_id, "kind": notice.kind, "created_at": notice.created_at.isoformat(), "payload": dict(notice.payload)}
    _put(conn, tenant, [(f"{DELIVERY}{d.channel}", {"receiver": d.receiver, **told}) for d in deliveries], at=at)
    settle(conn, tenant, notice.event_id, at=at)


def claim_due(conn: sa.Connection, tenant: str, *, at: datetime, lease: timedelta, most_tries: int, limit: int) -> list[OutboxRow]:
    """Rows that are due, oldest first, each counted as tried; nobody else gets them before the lease is over."""
    due = (OUTBOX.c.tenant_id == tenant, OUTBOX.c.delivered_at.is_(None), OUTBOX.c.next_try <= at, OUTBOX.c.tries < most_tries)
    columns = (OUTBOX.c.event_id, OUTBOX.c.kind, OUTBOX.c.payload, OUTBOX.c.created_at, OUTBOX.c.tries)
    query = sa.select(*columns).where(*due).order_by(OUTBOX.c.next_try, OUTBOX.c.event_id).limit(limit)
    rows = [
        OutboxRow(r.event_id, r.kind, r.payload, r.created_at, r.tries + 1) for r in conn.execute(query.with_for_update(skip_locked=True))
    ]
    claimed = sa.update(OUTBOX).where(OUTBOX.c.tenant_id == tenant, OUTBOX.c.event_id.in_([r.event_id for r in rows]))
    conn.execute(claimed.values(next_try=at + lease, tries=OUTBOX.c.tries + 1))
    return rows


def settle(conn: sa.Connection, tenant: str, event_id: str, *, at: datetime) -> None:
    """Note that a row is done."""
    conn.execute(sa.update(OUTBOX).where(OUTBOX.c.tenant_id == tenant, OUTBOX.c.event_id == event_id).values(delivered_at=at))


def postpone(conn: sa.Connection, tenant: str, event_id: str, *, until: datetime) -> None:
    """Try a row again later."""
    conn.execute(sa.update(OUTBOX).where(OUTBOX.c.tenant_id == tenant, OUTBOX.c.event_id == event_id).values(next_try=until))


def forget_delivered(conn: sa.Connection, tenant: str, *, before: datetime) -> int:
    """Remove rows that were done before an instant; returns how many."""
    return int(conn.execute(sa.delete(OUTBOX).where(OUTBOX.c.tenant_id == tenant, OUTBOX.c.delivered_at < before)).rowcount)


def counts(conn: sa.Connection, tenant: str, *, most_tries: int) -> tuple[int, int]:
    """How many rows wait, and how many were given up."""
    is_open = (OUTBOX.c.tenant_id == tenant, OUTBOX.c.delivered_at.is_(None))
    given_up = sa.func.sum(sa.case((OUTBOX.c.tries >= most_tries, 1), else_=0))
    total, lost = conn.execute(sa.select(sa.func.count(), given_up).where(*is_open)).one()
    return int(total) - int(lost or 0), int(lost or 0)


def _put(conn: sa.Connection, tenant: str, told: Sequence[tuple[str, dict[str, Any]]], *, at: datetime) -> None:
    rows = [
        {"tenant_id": tenant, "event_id": event_id, "kind": kind, "payload": payload, "created_at": at, "next_try": at, "tries": 0}
        for event_id, (kind, payload) in zip(new_ids(len(told), at), told, strict=True)
    ]
    insert_rows(conn, OUTBOX, rows)
