"""Restore a backup into a scratch home and prove that it is whole, on demand; every night `back-up` does so with the one it has taken.

Into the home itself only `docmill restore` restores: nothing may run there, no flow either.
"""

import time
from typing import Annotated

from prefect import flow
from pydantic import Field

from docmill.errors import NotFound, SettingsInvalid
from docmill.services.backup.manifest import read_backup
from docmill.services.backup.restoring import prove
from docmill.services.backup.rotation import newest_backup
from docmill.services.recovery import note_proof
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="restore", persist_result=False, **HOOKS)
def restore(backup: Annotated[str, Field(pattern="^(docmill-[0-9TZ]+(-[a-z0-9_-]+)?)?$")] = "") -> dict[str, str | int | float]:
    """Restore one backup as a drill. Returns its name and what came back: files, audit events, chunks, seconds.

    Args:
        backup: A folder's name below DOCMILL_BACKUP_FOLDER; the newest whole one when empty.

    Raises:
        SettingsInvalid: no backup folder is set.
        NotFound, Damaged: no such backup, or it does not hold.
    """
    with open_room() as room:
        parent, keys = room.settings.backup_folder, room.settings.backup_keys_folder
        if parent is None or keys is None:
            raise SettingsInvalid("set DOCMILL_BACKUP_FOLDER and, on another disk, DOCMILL_BACKUP_KEYS_FOLDER")
        folder = parent / backup if backup else newest_backup(parent, room.tenant)
        if folder is None:
            raise NotFound("there is no whole backup yet")
        began = time.monotonic()
        proof = prove(folder, room.settings, keys=keys)
        noted = note_proof(room, read_backup(folder), proof, seconds=time.monotonic() - began)
        events, chunks = (proof.audit_events, proof.chunks) if proof else (0, 0)
        return {"backup": folder.name, "files": noted.files, "audit_events": events, "chunks": chunks, "seconds": noted.restore_s}
