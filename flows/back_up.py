"""Every night: a backup in a new folder, restored once into a scratch home as proof; old ones go only after that."""

import time

from prefect import flow

from docmill.errors import SettingsInvalid
from docmill.services.backup.restoring import prove
from docmill.services.backup.rotation import new_folder, thin_out
from docmill.services.backup.taking import back_up as take
from docmill.services.recovery import note_proof
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="back-up", persist_result=False, **HOOKS)
def back_up() -> dict[str, int]:
    """Take one backup and prove it. Returns files, bytes, audit events and chunks that came back, and old backups that went."""
    with open_room() as room:
        parent, keys = room.settings.backup_folder, room.settings.backup_keys_folder
        if parent is None or keys is None:
            raise SettingsInvalid("set DOCMILL_BACKUP_FOLDER and, on another disk, DOCMILL_BACKUP_KEYS_FOLDER")
        folder = new_folder(parent, room.tenant)
        taken = take(room, folder, keys=keys)
        began = time.monotonic()
        proof = prove(folder, room.settings, keys=keys)
        note_proof(room, taken, proof, seconds=time.monotonic() - began)
        events, chunks = (proof.audit_events, proof.chunks) if proof else (0, 0)
        gone = thin_out(parent, room.settings.keep_backups, room.tenant)
        return {"files": taken.files, "size_bytes": taken.size_bytes, "audit_events": events, "chunks": chunks, "gone": gone}
