"""Whether the parts of docmill do their work now: asked by the flow `health` every five minutes, which fails when one does not.

Belongs here: what is looked at and what is too bad. Does not belong here: whether programs are installed (`docmill doctor`), figures
(operations), who is told (notifying).
"""

import contextlib
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from docmill.errors import DocmillError
from docmill.services.dispatch import DISPATCHER
from docmill.services.outbox import undelivered
from docmill.services.recovery import last_proof
from docmill.services.running.room import Room
from docmill.services.sweeping import MOST_ATTEMPTS
from docmill.services.uploads import queue
from docmill.storage.ledger import figures, open_ledger, stuck
from docmill.values.keys import PRIVATE
from docmill.values.model import Value

DASK_PORT: Final = 8786
DASK_ANSWER_S: Final = 2.0
LEAST_FREE_BYTES: Final = 1024**3
LOST_FOR: Final = timedelta(minutes=15)
"""Three sweeps: a lease that ended so long ago shows that nobody sweeps."""
WAITED_FOR: Final = timedelta(hours=6)
PROVEN_FOR: Final = timedelta(hours=50)
"""Two nights: one failed backup is told by its own run."""


class Finding(Value):
    """What one look found; `detail` holds numbers and codes only."""

    name: str
    ok: bool
    detail: str


def look(room: Room) -> list[Finding]:
    """Look at every part; one that is away does not keep the others from being looked at."""
    return [_looked(name, check, room) for name, check in CHECKS.items()]


def check_ledger(room: Room) -> None:
    """Read the queue over a connection of its own: those of the pool may go on with what they have in memory, or in a file that is gone.

    Raises:
        LedgerUnavailable, LedgerOutdated, StageFailed: it does not answer, was replaced, or its file is damaged where it is read.
    """
    room.ledger.check_file()
    with contextlib.closing(open_ledger(room.settings.resolved_ledger_url, now=room.ledger.now)) as fresh:
        queue(replace(room, ledger=fresh))


def dask_answers(address: str | None) -> bool | None:
    """Whether the scheduler takes connections; None where runs start their own."""
    if address is None:
        return None
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or DASK_PORT), timeout=DASK_ANSWER_S):
            return True
    except (OSError, ValueError):
        return False


def _looked(name: str, check: Callable[[Room], tuple[bool, str]], room: Room) -> Finding:
    try:
        ok, detail = check(room)
    except DocmillError as error:
        return Finding(name=name, ok=False, detail=error.code)
    return Finding(name=name, ok=ok, detail=detail)


def _store(room: Room) -> tuple[bool, str]:
    name = f"{PRIVATE}/{room.tenant}/health/{uuid4().hex}"
    room.store.create(name, b"docmill")
    ok = room.store.read(name) == b"docmill"
    room.store.delete(name)
    return ok, "writes, reads and deletes"


def _queue(room: Room) -> tuple[bool, str]:
    with room.ledger.reading() as conn:
        oldest = figures.oldest_waiting(conn, room.tenant)
    waited = room.ledger.now() - oldest if oldest else timedelta(0)
    return waited < WAITED_FOR, f"the oldest task has waited for {waited.total_seconds():.0f} s"


def _leases(room: Room) -> tuple[bool, str]:
    before = room.ledger.now() - LOST_FOR
    with room.ledger.reading() as conn:
        # what the sweeper asks: lost ones that it has queued wait their turn, for hours behind a long night
        lost = stuck.lost(conn, room.tenant, before=before, dispatcher=DISPATCHER, hopeless_at=MOST_ATTEMPTS, limit=1000)
    return not lost, f"{len(lost)} task(s) under a lease that ended {LOST_FOR.seconds // 60} minutes ago"


def _index(room: Room) -> tuple[bool, str]:
    return True, f"{room.knowledge.count(room.tenant)} chunks"


def _disk(room: Room) -> tuple[bool, str]:
    free = shutil.disk_usage(Path(room.settings.home).absolute()).free
    return free > LEAST_FREE_BYTES, f"{free // 1024**2} MiB free"


def _messages(room: Room) -> tuple[bool, str]:
    waiting, given_up = undelivered(room.ledger, room.tenant)
    return given_up == 0, f"{waiting} waiting, {given_up} given up"


def _backup(room: Room) -> tuple[bool, str]:
    if room.settings.backup_folder is None:
        return True, "no backup folder is set"
    proof = last_proof(room)
    if proof is None:
        return False, "no backup was proven yet"
    age = room.ledger.now() - proof.proven_at
    return age < PROVEN_FOR, f"the last proven backup is {age.total_seconds() / 3600:.1f} h old"


def _dask(room: Room) -> tuple[bool, str]:
    answers = dask_answers(room.settings.dask_address)
    return answers is not False, "no scheduler is set" if answers is None else "the scheduler answers" if answers else "away"


CHECKS: Final[dict[str, Callable[[Room], tuple[bool, str]]]] = {
    "queue": _queue,
    "leases": _leases,
    "store": _store,
    "index": _index,
    "disk": _disk,
    "messages": _messages,
    "backup": _backup,
    "dask": _dask,
}
"""Part -> what looks at it."""
