"""Delivering the outbox: notices become deliveries, deliveries go out through channels, with a claim, retries and the same event id each time.

A channel is anything that can tell somebody: webhooks are the first (docmill/services/webhooks_sending.py). Another one implements
`Channel` and is added where the thread is made (docmill/gateway/server.py).
"""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from docmill.errors import DocmillError
from docmill.logs import with_ids
from docmill.storage.ledger import Ledger, outbox
from docmill.storage.ledger.outbox import DELIVERY, Delivery, OutboxRow

log = logging.getLogger(__name__)

CLAIM_ROWS: Final = 50
LEASE = timedelta(seconds=120)
"""Longer than any delivery takes: after it another gateway tries, so the receiver may hear twice, under the same id."""
FIRST_DELAY_S: Final = 5.0
LAST_DELAY_S: Final = 6 * 3600.0
MOST_TRIES: Final = 20
"""5, 10, 20 ... s and then every six hours: two days in all. Then it stays in the ledger, given up."""
KEPT = timedelta(days=30)
AT_ONCE: Final = 4


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: ids, states and codes, never names or texts. `event_id` is the same however often it is told."""

    event_id: str
    kind: str
    created_at: datetime
    payload: Mapping[str, Any]


class Channel(Protocol):
    """A way to tell somebody. `name` is kept in the ledger with deliveries that are on their way."""

    name: str

    def receivers(self, kind: str) -> Sequence[str]:
        """Ids of those who want to hear of events of a kind now."""

    def deliver(self, receiver: str, event: Event) -> None:
        """Tell one receiver; returning means that it heard, or that it is gone for good.

        Raises:
            DocmillError: it did not hear; it will be told again later.
        """


class Deliverer:
    """Delivers one tenant's outbox. One at a time per home; several homes over one ledger do not disturb each other.

    Args:
        ledger: the open ledger.
        tenant: whose outbox it is.
        channels: all there are.
    """

    def __init__(self, ledger: Ledger, tenant: str, channels: Sequence[Channel]) -> None:
        self._ledger, self._tenant = ledger, tenant
        self._channels = {channel.name: channel for channel in channels}

    def step(self) -> int:
        """Do what is due once; returns how many rows that were.

        Raises:
            LedgerUnavailable: what was claimed is due again after the lease.
        """
        at = self._ledger.now()
        with self._ledger.transaction() as conn:
            rows = outbox.claim_due(conn, self._tenant, at=at, lease=LEASE, most_tries=MOST_TRIES, limit=CLAIM_ROWS)
            for notice in rows:
                if not notice.is_delivery:
                    outbox.fan_out(conn, self._tenant, notice, self._wanted(notice.kind), at=at)
        deliveries = [row for row in rows if row.is_delivery]
        if deliveries:
            with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="docmill-delivery") as threads:
                list(threads.map(with_ids(self._deliver), deliveries))
        return len(rows)

    def forget(self) -> None:
        """Remove what was delivered long ago."""
        with self._ledger.transaction() as conn:
            outbox.forget_delivered(conn, self._tenant, before=self._ledger.now() - KEPT)

    def _wanted(self, kind: str) -> list[Delivery]:
        return [Delivery(name, receiver) for name, channel in self._channels.items() for receiver in channel.receivers(kind)]

    def _deliver(self, row: OutboxRow) -> None:
        channel = self._channels.get(row.kind.removeprefix(DELIVERY))
        told = row.payload
        try:
            if channel is not None:  # else: of a channel that this version does not have
                event = Event(told["event_id"], told["kind"], datetime.fromisoformat(told["created_at"]), told["payload"])
                channel.deliver(told["receiver"], event)
        except DocmillError as error:
            log.info("delivery %s did not arrive: %s", row.event_id, error.code)
            self._again(row)
        except Exception as error:  # noqa: BLE001 - a defect in one channel must not end deliveries; its text may hold a secret address
            log.error("delivery %s broke: %s", row.event_id, type(error).__name__)  # noqa: TRY400 - as above
            self._again(row)
        else:
            with self._ledger.transaction() as conn:
                outbox.settle(conn, self._tenant, row.event_id, at=self._ledger.now())

    def _again(self, row: OutboxRow) -> None:
        delay = timedelta(seconds=min(LAST_DELAY_S, FIRST_DELAY_S * 2.0 ** (row.tries - 1)))
        with self._ledger.transaction() as conn:
            outbox.postpone(conn, self._tenant, row.event_id, until=self._ledger.now() + delay)


def undelivered(ledger: Ledger, tenant: str) -> tuple[int, int]:
    """How many rows of the outbox wait, and how many were given up."""
    with ledger.reading() as conn:
        return outbox.counts(conn, tenant, most_tries=MOST_TRIES)
