"""The dispatcher: turns waiting jobs into flow runs, a hundred to a run when the queue is long, and sees that every run has an end.

What is dispatched stands in the ledger: a run mills a batch of the dispatcher's own that points to the jobs. A run's idempotency key is the
batch and the number of the try, so a dispatcher that starts anew finds the runs of the one before it. While Prefect is away jobs wait.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from docmill.services.dispatch_prefect import FlowRun, PrefectAway, PrefectCalls
from docmill.services.jobs import claim_jobs
from docmill.services.running.room import Room
from docmill.services.uploads import GATEWAY
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import waiting
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.waiting import OpenBatch

DISPATCHER: Final = "dispatcher"
JOBS_PER_RUN: Final = 100
RUNS_AT_ONCE: Final = 2
"""A flow run costs seconds and 120 MB; what comes meanwhile shares the next one."""

LOOK_S: Final = 2.0
"""How often a run's state is asked for."""

FIRST_DELAY_S: Final = 5.0
LAST_DELAY_S: Final = 300.0
PENDING_LIMIT_S: Final = 300.0
LOST_AFTER = timedelta(seconds=60)
"""A run whose leases expired so long ago is gone, whatever Prefect says."""


@dataclass(slots=True)
class _Tended:
    run: FlowRun
    number: int
    begun_s: float
    looked_s: float
    stands_since_s: float
    is_cancelled: bool = False


class Dispatcher:
    """One dispatcher of one tenant. Not for several threads.

    Args:
        room: ledger and settings.
        prefect: finds the server; None while there is none.
        clock_s: monotonic seconds.
    """

    def __init__(self, room: Room, prefect: Callable[[], PrefectCalls | None], clock_s: Callable[[], float] = time.monotonic) -> None:
        self._room, self._prefect, self._clock_s = room, prefect, clock_s
        self._tended: dict[str, _Tended] = {}

    def step(self) -> int:
        """Look at everything once; returns how many dispatched batches are open.

        Raises:
            PrefectAway: the server went away in the middle; the next step goes on.
            LedgerUnavailable: as above.
        """
        open_now = self._open()
        self._tended = {i: t for i, t in self._tended.items() if i in {b.batch_id for b in open_now}}
        calls = self._prefect()
        if calls is None:
            return len(open_now)
        for batch in open_now:
            self._tend(calls, batch)
        count = len(open_now)
        while count < RUNS_AT_ONCE and (batch_id := self._gather()) is not None:
            self._begin(calls, batch_id, 1)
            count += 1
        return count

    def _open(self) -> list[OpenBatch]:
        with self._room.ledger.reading() as conn:
            return waiting.open_batches(conn, self._room.tenant, dispatcher=DISPATCHER)

    def _gather(self) -> str | None:
        """A new batch that points to the jobs which have waited longest; None when none waits."""
        ledger, tenant = self._room.ledger, self._room.tenant
        with ledger.reading() as conn:
            if not waiting.waiting_jobs(conn, tenant, submitted_by=GATEWAY, dispatcher=DISPATCHER, limit=1):
                return None
        at = ledger.now()
        with ledger.transaction() as conn:
            jobs = waiting.waiting_jobs(conn, tenant, submitted_by=GATEWAY, dispatcher=DISPATCHER, limit=JOBS_PER_RUN)
            if not jobs:
                return None
            batch_id = new_id(at)
            batch_rows.insert(conn, tenant, batch_id, total_files=len(jobs), submitted_by=DISPATCHER, at=at)
            append_event(conn, tenant, batch_id, "batch.created", {"total_files": len(jobs), "by": DISPATCHER}, at=at)
            waiting.point_to(conn, tenant, batch_id, jobs)
        return batch_id

    def _begin(self, calls: PrefectCalls, batch_id: str, number: int) -> _Tended:
        run = calls.start(batch_id, f"docmill-{batch_id}-{number}")
        now_s = self._clock_s()
        self._tended[batch_id] = _Tended(run, number, now_s, now_s, now_s)
        return self._tended[batch_id]

    def _tend(self, calls: PrefectCalls, batch: OpenBatch) -> None:
        tended = self._tended.get(batch.batch_id)
        if tended is None:  # of a dispatcher before this one, or its start did not get through
            self._begin(calls, batch.batch_id, 1)
            return
        now_s = self._clock_s()
        if now_s - tended.looked_s < LOOK_S:
            return
        was_over, old_state = tended.run.is_over, tended.run.state
        if not was_over:
            tended.run = calls.look(tended.run)
        tended.looked_s = now_s
        if tended.run.state != old_state:
            tended.stands_since_s = now_s
        if self._only_cancelling(batch):
            self._cancel(calls, batch, tended)
        # a run found over is looked at once more: it may have ended after the ledger was read
        elif (was_over or self._is_lost(batch, tended)) and self._may_try(tended):
            self._begin(calls, batch.batch_id, tended.number + 1)

    def _may_try(self, tended: _Tended) -> bool:
        if not tended.run.is_new and tended.run.is_over:
            return True  # an end that an earlier dispatcher saw: find the last try quickly
        return self._clock_s() - tended.begun_s >= min(LAST_DELAY_S, FIRST_DELAY_S * 2.0 ** (tended.number - 1))

    def _is_lost(self, batch: OpenBatch, tended: _Tended) -> bool:
        if tended.run.state == "PENDING" or (tended.run.state == "RUNNING" and not batch.running):
            # a run claims all its jobs at once; one that has claimed nothing for so long died before, and Prefect was away and does not know
            return self._clock_s() - tended.stands_since_s > PENDING_LIMIT_S
        lease = batch.lease_until
        if lease is None or tended.run.state != "RUNNING":
            return False
        now: datetime = self._room.ledger.now()
        return lease + LOST_AFTER < now

    @staticmethod
    def _only_cancelling(batch: OpenBatch) -> bool:
        return batch.cancelling > 0 and not batch.accepted and not batch.running

    def _cancel(self, calls: PrefectCalls, batch: OpenBatch, tended: _Tended) -> None:
        """Nothing else is wanted of this run: stop it. Leases that nobody holds any more end here."""
        room = self._room
        if batch.lease_until is None or batch.lease_until < room.ledger.now():
            claim_jobs(room.ledger, room.tenant, batch.batch_id, run_id=DISPATCHER, lease_s=0)
        elif not tended.is_cancelled and not tended.run.is_over:
            calls.cancel(tended.run.run_id)
            tended.is_cancelled = True


__all__ = ["DISPATCHER", "Dispatcher", "PrefectAway"]
