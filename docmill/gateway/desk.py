"""What the routes share: the opened room, the limits, where uploads lie while they come, and whom to wake."""

import secrets
import time
from asyncio import get_running_loop, shield
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docmill.gateway.limits import UploadLimits
from docmill.scratch import unheld
from docmill.services.running.room import Room
from docmill.shredding import shred_quietly

ABANDONED_AFTER_S = 24 * 3600.0


@dataclass(frozen=True)
class Desk:
    """One gateway's parts.

    Attributes:
        room: ledger, store, settings of the tenant.
        limits: on uploads.
        wake: tells the dispatcher that something waits.
        prefect_answers: whether Prefect's server does.
    """

    room: Room
    limits: UploadLimits
    wake: Callable[[], None]
    prefect_answers: Callable[[], bool]

    @property
    def _incoming(self) -> Path:
        return self.room.settings.home.absolute() / "incoming"

    @asynccontextmanager
    async def incoming(self) -> AsyncIterator[Path]:
        """A folder for one upload, overwritten and gone afterwards. Nothing in it is a document before it was received whole.

        Overwriting 300 MB takes 0.3 s and more, so a thread does it, which nothing calls back: also where the request is cut off meanwhile.

        A request may be cut off while a thread still reads what it brought: who works with the folder in a thread holds it (scratch.held), and a
        folder that is held is left to the clean-up.
        """
        folder = self._incoming / secrets.token_hex(8)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            # run_in_threadpool waits for a free thread first, and a request that is cut off there would leave the folder behind
            await shield(get_running_loop().run_in_executor(None, _shred_unheld, folder))

    def sweep(self) -> None:
        """Remove what a gateway that was killed left of its uploads, once it is a day old."""
        if not self._incoming.is_dir():
            return
        for folder in self._incoming.iterdir():
            if folder.is_symlink() or not folder.is_dir():
                continue  # none of ours: the clean-up removes it
            if time.time() - folder.stat().st_mtime > ABANDONED_AFTER_S:
                _shred_unheld(folder)


def _shred_unheld(folder: Path) -> None:
    with suppress(FileNotFoundError), unheld(folder) as is_free:
        if is_free:
            shred_quietly(folder)
