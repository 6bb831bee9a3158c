"""The dispatcher's thread: one per home, held by a lock on a file that ends with its process."""

import fcntl
import logging
import threading
from contextlib import suppress
from typing import IO, Final

from docmill.errors import DocmillError
from docmill.logs import log_ids
from docmill.services.dispatch import Dispatcher, PrefectAway
from docmill.services.dispatch_prefect import PrefectCalls
from docmill.services.running.room import Room
from docmill.services.stack_note import prefect_address

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
AT_MOST_EVERY_S: Final = 0.2
LOCK_EVERY_S: Final = 5.0


class PrefectFinder:
    """Finds the Prefect server that `docmill up` notes, also after it came back on another port; else the one that the settings name."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._calls: PrefectCalls | None = None

    def __call__(self) -> PrefectCalls | None:
        """Calls to the server if it answers."""
        url = prefect_address(self._room.settings)
        if self._calls is not None and self._calls.api_url != url:
            self._calls.close()
            self._calls = None
        if url is not None and self._calls is None:
            self._calls = PrefectCalls(url)
        return self._calls if self._calls is not None and self._calls.is_healthy() else None


class DispatchThread:
    """Runs a dispatcher beside the gateway while this process holds the lock; another process of the same home takes over when it ends."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._dispatcher = Dispatcher(room, PrefectFinder(room))
        self._over, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="docmill-dispatcher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something new waits."""
        self._wake.set()

    def stop(self) -> None:
        """End within seconds; what is dispatched goes on and is found again by the next dispatcher."""
        self._over.set()
        self._wake.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        with (self._room.settings.home / "dispatcher.lock").open("a") as file:
            while not self._over.is_set() and not locked(file):
                self._over.wait(LOCK_EVERY_S)
            while not self._over.is_set():
                with log_ids(tenant=self._room.tenant):
                    self._step()
                self._wake.wait(EVERY_S)
                self._wake.clear()
                self._over.wait(AT_MOST_EVERY_S)  # uploads that come together share a run

    def _step(self) -> None:
        try:
            self._dispatcher.step()
        except PrefectAway as away:
            log.warning("Prefect does not answer: %s", away)
        except DocmillError as error:
            log.warning("dispatching failed: %s", error.code)
        except Exception as error:  # noqa: BLE001 - a defect must not end dispatching for good; its text may hold anything
            log.error("dispatching broke: %s", type(error).__name__)  # noqa: TRY400 - as above


def locked(file: IO[str]) -> bool:
    """Whether this process now holds the lock of a file, which ends with the process."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
