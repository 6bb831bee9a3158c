"""The last proven restore: when it was, how much would be lost now (RPO) and how long restoring took (RTO).

An object of the store, so that the gateway and flow processes of other machines see the same.
"""

from datetime import datetime
from typing import Final

from pydantic import ValidationError

from docmill.errors import NotFound
from docmill.services.backup.manifest import Backup
from docmill.services.backup.promises import counts
from docmill.services.backup.proving import Proof
from docmill.services.running.room import Room
from docmill.values.keys import PRIVATE
from docmill.values.model import Value

NAME: Final = "recovery.json"


class Recovery(Value):
    """What the last backup proved.

    Attributes:
        taken_at: the instant the backup shows.
        proven_at: when it was proven.
        restored: whether it was restored, or its files only compared with their hashes (PostgreSQL whose user may not make databases).
        restore_s: how long restoring and proving took.
        files, size_bytes: of the backup.
        missing_results, missing_originals: that the ledger's copy names and that were erased, purged or taken back while it was taken.
        erased: documents of the backup that were erased since.
    """

    taken_at: datetime
    proven_at: datetime
    restored: bool
    restore_s: float
    files: int
    size_bytes: int
    missing_results: int = 0
    missing_originals: int = 0
    erased: int = 0


def note_proof(room: Room, backup: Backup, proof: Proof | None, *, seconds: float) -> Recovery:
    """Keep what a backup proved, in place of what the one before it did.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    originals, results = counts(backup.gone)
    proven = Recovery(
        taken_at=backup.taken_at,
        proven_at=room.ledger.now(),
        restored=proof is not None,
        restore_s=round(proof.seconds if proof else seconds, 3),
        files=backup.files,
        size_bytes=backup.size_bytes,
        missing_results=proof.missing_results if proof else results,
        missing_originals=proof.missing_originals if proof else originals,
        erased=proof.erased if proof else len(backup.erased),
    )
    room.store.replace(_name(room), proven.model_dump_json().encode())
    return proven


def last_proof(room: Room) -> Recovery | None:
    """What the last backup proved; None where there was none.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    try:
        return Recovery.model_validate_json(room.store.read(_name(room)))
    except (NotFound, ValidationError):
        return None


def _name(room: Room) -> str:
    return f"{PRIVATE}/{room.tenant}/{NAME}"
