"""Unlocking PDFs that came with a password, in the flow process: workers never see a password, they read the copy that asks for none.

The copy lies under `private/` and goes with its document. A document that has one is read from it whenever it is milled again.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from docmill.cell import Cell, CellLimits
from docmill.errors import Damaged, DocmillError, NotFound, ServiceError
from docmill.scratch import scratch_folder
from docmill.services.milling.shard import IS_UNLOCKED
from docmill.services.running.room import Room
from docmill.services.running.tracked import Tracked
from docmill.stages.reading.media_types import PDF
from docmill.storage.ledger import artefacts, jobs
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.keys import original_name, unlocked_name

UNLOCKED_COPY: Final = "unlocked_copy"
"""The artefact that a locked PDF is read from."""


def unlock_documents(room: Room, tracked: Mapping[str, Tracked]) -> dict[str, DocmillError]:
    """Note on every job whether its document is read from an unlocked copy, which is made where a password came; job id -> why it could not be.

    Raises:
        LedgerUnavailable, StoreUnavailable: nothing is lost, the passwords stay with the jobs.
    """
    pdfs = {job_id: t for job_id, t in tracked.items() if t.media_type == PDF}
    with room.ledger.reading() as conn:
        known = artefacts.documents_with(conn, room.tenant, sorted({t.job.document_id for t in pdfs.values()}), UNLOCKED_COPY)
        given = jobs.passwords(conn, room.tenant, pdfs)
    lost: dict[str, DocmillError] = {}
    for job_id, one in pdfs.items():
        is_unlocked = one.job.document_id in known
        if not is_unlocked and job_id in given:
            try:
                is_unlocked = _unlock(room, one.job, given[job_id])
            except ServiceError:
                raise
            except (Damaged, NotFound):
                continue  # inspection says what is wrong with it
            except DocmillError as error:
                lost[job_id] = error
        if is_unlocked:
            one.facts[IS_UNLOCKED] = True
    return lost


def _unlock(room: Room, job: ClaimedJob, password: SecretStr) -> bool:
    """Keep an unlocked copy; False when the document asks for no password."""
    limits = room.limits
    with (
        Cell(CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)) as cell,
        scratch_folder("unlock") as folder,
    ):
        path, out = room.store.fetch(original_name(room.tenant, job.sha256), folder), folder / "unlocked.pdf"
        args = (str(path), password.get_secret_value(), str(out))
        cell.call("docmill.stages.reading.verbs:unlock", *args, deadline_s=limits.page_deadline_s)
        if not out.exists():
            return False
        copy = _artefact(job, unlocked_name(room.tenant, job.sha256), out)
        room.store.create_from(copy.object_name, out, media_type=PDF)
        with room.ledger.transaction() as conn:  # at once, so that erasing the document finds it whatever becomes of the run
            artefacts.keep(conn, room.tenant, [(job.document_id, copy)], at=room.ledger.now())
    return True


def _artefact(job: ClaimedJob, object_name: str, path: Path) -> Artefact:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Artefact(
        stage="inspect",
        name=UNLOCKED_COPY,
        key=job.document_id,
        object_name=object_name,
        media_type=PDF,
        size_bytes=path.stat().st_size,
        sha256=sha256,
    )
