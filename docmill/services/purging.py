"""Ending what redaction left behind: originals and private objects of documents whose current version is a redacted one.

What stays is what may be shown, and what was made from redacted pages. Such a document can't be milled again until its bytes come again.
By hand (`docmill purge-originals`), or by the clock once DOCMILL_KEEP_ORIGINALS_S says how long they may stay.
Belongs here: the order of things. Does not belong here: erasing a document (erase).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from docmill.services.erase import finish_erasures
from docmill.services.running.room import Room
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger import purging
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.purging import RedactedDocument
from docmill.values.keys import original_name, receipts_prefix

RETENTION = "retention"
"""Who purges, in the audit trail, when nobody asked but the settings."""


@dataclass(frozen=True, slots=True)
class Purged:
    """Documents that lost something, objects that went, and documents left alone because a job of theirs is not over."""

    documents: int
    objects: int
    busy: int


def purgeable(
    room: Room, *, older_than: timedelta, kinds: Collection[str] = (), document_ids: Collection[str] = ()
) -> list[RedactedDocument]:
    """Documents with something to purge.

    Args:
        room: the opened parts.
        older_than: age of the redacted version.
        kinds: of documents; all when empty.
        document_ids: ids or their beginnings; all when empty.

    Raises:
        NotFound, InvalidOptions: an id names no document, or several.
    """
    with room.ledger.reading() as conn:
        named = [document_rows.resolve(conn, room.tenant, one) for one in document_ids]
        found = purging.redacted_before(conn, room.tenant, room.ledger.now() - older_than, kinds=kinds, document_ids=named)
        return [one for one in found if one.stored or purging.private_objects(conn, room.tenant, one.document_id)]


def purge(room: Room, found: Collection[RedactedDocument], *, purged_by: str = "local") -> Purged:
    """Remove originals and private objects. It may die and be called again: what the ledger still knows goes then.

    Raises:
        StoreUnavailable: the store did not answer in the middle; call again.
    """
    finish_erasures(room)
    documents = objects = busy = 0
    for one in found:
        names = _promised(room, one.document_id, purged_by)
        if names is None:
            busy += 1
            continue
        removed = int(room.store.delete(original_name(room.tenant, one.sha256)))
        # receipts first: one that outlived its artefact would make a later job believe in something that is gone
        for info in list(room.store.list(receipts_prefix(room.tenant, one.document_id))):
            room.store.delete(info.name)
        removed += sum(room.store.delete(name) for name in names)
        with room.ledger.transaction() as conn:
            purging.forget(conn, room.tenant, one.document_id, names)
        documents, objects = documents + bool(removed), objects + removed
    return Purged(documents, objects, busy)


def expired(room: Room) -> list[RedactedDocument]:
    """Documents whose originals and private objects have stayed as long as the settings allow; none where the settings set no end."""
    seconds = room.settings.keep_originals_s
    return [] if seconds is None else purgeable(room, older_than=timedelta(seconds=seconds))


def purge_expired(room: Room) -> Purged:
    """Remove what has stayed its time; see `purge`.

    Raises:
        StoreUnavailable: the store did not answer in the middle; call again.
    """
    found = expired(room)
    return purge(room, found, purged_by=RETENTION) if found else Purged(0, 0, 0)


def _promised(room: Room, document_id: str, purged_by: str) -> list[str] | None:
    """Private objects that may go now, after the ledger has stopped counting on the original; None while a job is not over."""
    with room.ledger.transaction() as conn:
        jobs = job_rows.locked(conn, room.tenant, job_rows.ids_of_document(conn, room.tenant, document_id))
        document = document_rows.locked(conn, room.tenant, [document_id]).get(document_id)
        if document is None or any(not row.state.is_final for row in jobs.values()):
            return None
        names = sorted(purging.private_objects(conn, room.tenant, document_id))
        document.stored = False
        document_rows.save(conn, room.tenant, [document])
        append_event(conn, room.tenant, document_id, "originals.purged", {"objects": len(names), "by": purged_by}, at=room.ledger.now())
    return names
