"""The heartbeat of a run: renews its lease for workers and in the ledger, and carries page progress into the ledger at most once a second."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self

from docmill.errors import DocmillError
from docmill.logs import with_ids
from docmill.services import jobs as ledger_jobs
from docmill.services.milling.lease import write_lease
from docmill.services.running.room import Room
from docmill.values.jobs import JobProgress

log = logging.getLogger(__name__)

BEAT_S = 1.0


class Beating(Protocol):
    """What the heart needs of a run."""

    room: Room
    run_id: str

    def drop(self, job_ids: Iterable[str]) -> None:
        """Go on without jobs that were cancelled."""

    def progress_now(self) -> list[JobProgress]:
        """Where jobs stand that moved since the last time."""


class Heart:
    """A thread that beats while a run is open. Leaving the context asks workers to stop."""

    def __init__(self, run: Beating, *, lease_s: float) -> None:
        self._run, self._lease_s = run, lease_s
        self._renew_s = run.room.settings.lease_renew_s
        self._dropped: set[str] = set()
        self._over = threading.Event()
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=with_ids(self._beat), name="docmill-heart", daemon=True)

    def __enter__(self) -> Self:
        write_lease(self._run.room.store, self._run.room.tenant, self._run.run_id, stop=False)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Ask workers to stop and beat no more; may be called again."""
        with self._writing:  # at once: the thread may be waiting for the ledger, and must not renew afterwards
            if not self._over.is_set():
                self._over.set()
                with contextlib.suppress(DocmillError):
                    write_lease(self._run.room.store, self._run.room.tenant, self._run.run_id, stop=True)
        self._thread.join(timeout=10)

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._over.wait(BEAT_S):
            if time.monotonic() - renewed >= self._renew_s and _done(self._renew):
                renewed = time.monotonic()
            _done(self._carry_progress)
            _done(self._drop_cancelled)

    def _drop_cancelled(self) -> None:
        """Take jobs that somebody cancels out of the run; workers hear of it from the lease."""
        room = self._run.room
        if dropped := ledger_jobs.cancel_asked(room.ledger, room.tenant, self._run.run_id):
            self._dropped.update(dropped)
            self._run.drop(dropped)
            self._renew()

    def _carry_progress(self) -> None:
        if moved := self._run.progress_now():
            ledger_jobs.update_progress(self._run.room.ledger, self._run.room.tenant, moved)

    def _renew(self) -> None:
        room = self._run.room
        with self._writing:
            if self._over.is_set():
                return
            write_lease(room.store, room.tenant, self._run.run_id, stop=False, dropped=self._dropped)
        ledger_jobs.renew_leases(room.ledger, room.tenant, self._run.run_id, self._lease_s)


@contextlib.contextmanager
def believed_in(room: Room, run_id: str, *, lease_s: float) -> Iterator[None]:
    """Renew the lease of a run that has no jobs under way any more, in the ledger alone: while it reports, nobody else is to report for it."""
    over = threading.Event()

    def renew() -> None:
        ledger_jobs.renew_leases(room.ledger, room.tenant, run_id, lease_s)

    def beat() -> None:
        while not over.wait(room.settings.lease_renew_s):
            _done(renew)

    _done(renew)
    thread = threading.Thread(target=with_ids(beat), name="docmill-reporting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


def _done(work: Callable[[], None]) -> bool:
    """Whether it was done; if not, the next beat tries again. A lease that is not renewed for long ends the run by itself."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - nothing may stop the heart but the end of the run
        log.warning("heartbeat failed: %s", error.code if isinstance(error, DocmillError) else type(error).__name__)
        return False
    return True
