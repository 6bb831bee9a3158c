"""The outbox: notifications written in the transaction of the change they tell of, delivered later at least once under the same event id."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from docmill.storage.ledger.bulk import insert_rows
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.tables_events import OUTBOX


@dataclass(frozen=True, slots=True)
class Notice:
    """What receivers are told; `kind` such as job.completed, the payload holds ids, states and codes."""

    kind: str
    payload: Mapping[str, str | int | None]


def put_notices(conn: sa.Connection, tenant: str, notices: Sequence[Notice], *, at: datetime) -> None:
    """Put notices into the outbox, due at once."""
    rows = [
        {
            "tenant_id": tenant,
            "event_id": event_id,
            "kind": n.kind,
            "payload": dict(n.payload),
            "created_at": at,
            "next_try": at,
            "tries": 0,
        }
        for event_id, n in zip(new_ids(len(notices), at), notices, strict=True)
    ]
    insert_rows(conn, OUTBOX, rows)
