"""Proving a restored home: the audit trail holds, the index has what it had, and every original and result that the ledger counts on came back."""

import contextlib
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from docmill.errors import Conflict, Damaged, NotFound
from docmill.services import audit
from docmill.services.backup.manifest import Backup, read_sums
from docmill.services.backup.promises import counts, missing_objects
from docmill.services.backup.sealing import keys_of
from docmill.services.erase import erase
from docmill.services.jobs import cancel_lost, request_cancel
from docmill.services.reconciling import reconcile
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.storage.knowledge.ports import Query, SearchMode
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger import tenants as tenant_rows
from docmill.values.model import Value

_EVER: Final = timedelta(days=3650)  # longer than any lease


class Proof(Value):
    """What was proven of a restored home; everything else raises.

    Attributes:
        files, size_bytes: as many as the backup has, each with its SHA-256.
        tenants, audit_events, chunks: that hold and are searched.
        unnamed_results: results that came after the ledger's copy.
        missing_results, missing_originals: that were erased, purged or taken back while the backup was taken; others raise.
        erased: documents that were erased after the ledger was copied: their keys are gone, and now what the old ledger still said of them.
        seconds: how long restoring and proving took.
    """

    files: int
    size_bytes: int
    tenants: int
    audit_events: int
    chunks: int
    unnamed_results: int
    missing_results: int
    missing_originals: int
    erased: int
    seconds: float


def proof_of(folder: Path, backup: Backup, settings: Settings, began: float, erased: set[tuple[str, str]]) -> Proof:
    """Prove what lies where the settings point.

    Args:
        folder: the backup.
        backup: its head.
        settings: of the restored home.
        began: of `time.monotonic`, when restoring began.
        erased: (tenant, document id) of documents whose key is gone.

    Raises:
        Damaged: something does not hold or did not come back.
    """
    tenants = [backup.tenant] if backup.tenant else _all_tenants(settings)
    events = chunks = unnamed = 0
    missing: set[str] = set()
    for tenant in tenants:
        room = Room.open(settings, tenant)
        try:
            _erase_again(room, [document for of, document in erased if of == tenant])
            rebuilt = rebuild_tenant(room)
            missing |= _excused(room, backup)
            trail = audit.verify(room.ledger, tenant)
            count = room.knowledge.count(tenant)
            # not what the live index held: it has chunks of documents that are being published, and of some that were cancelled there
            if trail.broken or rebuilt.left_out or count != rebuilt.chunks:
                lacking = {"chunks": count, "documents": len(rebuilt.left_out)}
                raise Damaged("the restored audit trail or search index does not hold", broken=len(trail.broken), **lacking)
            room.knowledge.search(tenant, Query("total", mode=SearchMode.TEXT, limit=1))
            unnamed += len(reconcile(room).unnamed_objects)
        finally:
            room.close()
        events, chunks = events + trail.events, chunks + count
    originals, results = counts(missing)
    return Proof(
        files=sum(1 for _ in read_sums(folder)),
        size_bytes=backup.size_bytes,
        tenants=len(tenants),
        audit_events=events,
        chunks=chunks,
        unnamed_results=unnamed,
        missing_results=results,
        missing_originals=originals,
        erased=len(erased),
        seconds=round(time.monotonic() - began, 3),
    )


def refuse_lacking(originals: int, results: int) -> None:
    """Nothing proves a backup that does not hold what its ledger counts on.

    Raises:
        Damaged: something is lacking; says what to do.
    """
    if originals or results:
        raise Damaged(
            f"{originals} original(s) and {results} result(s) that the ledger names are not in the backup, and nobody erased them:"
            " restore an older backup, and look with `docmill reconcile` at the store that this one was taken of",
            originals=originals,
            results=results,
        )


def _excused(room: Room, backup: Backup) -> set[str]:
    missing = missing_objects(room)
    refuse_lacking(*counts(missing - set(backup.gone)))
    return missing


def _all_tenants(settings: Settings) -> list[str]:
    with contextlib.closing(Room.open(settings)) as room, room.ledger.reading() as conn:
        return tenant_rows.ids(conn)


def _erase_again(room: Room, documents: list[str]) -> None:
    """What the old ledger says of documents that were erased since goes, too; no run lives in a restored ledger, so their jobs are over.

    A key that is there is of the same bytes that came again later: newer backups are sealed with it, and the next one here would lose it there.
    """
    came_again = keys_of(room).of(room.tenant, documents)
    for document in documents:
        with room.ledger.reading() as conn:
            jobs = job_rows.ids_of_document(conn, room.tenant, document)
        for job in jobs:
            with contextlib.suppress(Conflict):
                request_cancel(room.ledger, room.tenant, job)
        cancel_lost(room.ledger, room.tenant, jobs, before=room.ledger.now() + _EVER)
        with contextlib.suppress(NotFound):
            erase(room, document, keeps_key=document in came_again)
