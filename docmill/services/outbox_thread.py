"""The delivering thread: one per home, held by a lock on a file that ends with its process."""

import logging
import threading
from collections.abc import Sequence
from typing import Final

from docmill.errors import DocmillError
from docmill.logs import log_ids
from docmill.services.dispatch_thread import locked
from docmill.services.outbox import Channel, Deliverer
from docmill.services.running.room import Room

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
LOCK_EVERY_S: Final = 5.0
FORGET_EVERY: Final = 3600
"""Steps."""


class OutboxThread:
    """Delivers beside the gateway while this process holds the lock; another process of the same home takes over when it ends."""

    def __init__(self, room: Room, channels: Sequence[Channel]) -> None:
        self._home, self._tenant = room.settings.home, room.tenant
        self._deliverer = Deliverer(room.ledger, room.tenant, channels)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="docmill-outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being delivered; what is claimed is due again after its lease."""
        self._over.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        with (self._home / "outbox.lock").open("a") as file:
            while not self._over.is_set() and not locked(file):
                self._over.wait(LOCK_EVERY_S)
            steps = 0
            while not self._over.is_set():
                if not self._step(forget=steps % FORGET_EVERY == 0):
                    self._over.wait(EVERY_S)
                steps += 1

    def _step(self, *, forget: bool) -> int:
        with log_ids(tenant=self._tenant):
            return self._delivered(forget=forget)

    def _delivered(self, *, forget: bool) -> int:
        try:
            if forget:
                self._deliverer.forget()
            return self._deliverer.step()
        except DocmillError as error:
            log.warning("delivering failed: %s", error.code)
        except Exception as error:  # noqa: BLE001 - a defect must not end delivering for good; its text may hold anything
            log.error("delivering broke: %s", type(error).__name__)  # noqa: TRY400 - as above
        return 0
