"""Erasing a document: search index, receipts, objects, ledger rows. The audit stream keeps that it happened, without personal data."""

from docmill.services.documents import delete_document
from docmill.services.running.room import Room
from docmill.values.keys import PRIVATE, review_prefix


def erase(room: Room, document_id: str) -> int:
    """Erase a document; returns how many objects went.

    Raises:
        NotFound: no such document.
        Conflict: a job of it is not over.
        StoreUnavailable: the store did not answer in the middle; what the message counts is still there.
    """
    names = delete_document(room.ledger, room.tenant, document_id)
    room.knowledge.delete(room.tenant, [document_id])
    for info in list(room.store.list(f"{review_prefix(room.tenant, document_id)}/")):
        room.store.delete(info.name)  # values that people typed
    # receipts first: one that outlived its artefact would make a later job believe in something that is gone
    receipts = [f"{name.rsplit('.', 1)[0]}.receipt" for name in names]
    for name in receipts:
        if name.startswith(f"{PRIVATE}/"):
            room.store.delete(name)
    return sum(room.store.delete(name) for name in names)
