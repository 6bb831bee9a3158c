"""Cleaning up in the ledger: idempotency keys that ended, outbox rows that were delivered. Jobs, versions and the audit trail stay."""

from dataclasses import dataclass

from docmill.services.outbox import KEPT
from docmill.services.running.room import Room
from docmill.storage.ledger import idempotency, outbox


@dataclass(frozen=True, slots=True)
class LedgerCleanUp:
    """How many rows went."""

    idempotency_keys: int
    outbox: int


def clean_up_ledger(room: Room) -> LedgerCleanUp:
    """Clean up once; a second time finds nothing.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    now = room.ledger.now()
    with room.ledger.transaction() as conn:
        keys = idempotency.forget_ended(conn, room.tenant, at=now)
        return LedgerCleanUp(keys, outbox.forget_delivered(conn, room.tenant, before=now - KEPT))
