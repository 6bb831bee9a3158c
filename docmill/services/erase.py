"""Erasing a document: search index, receipts, objects, ledger rows. The audit stream keeps that it happened, without personal data.

What is to go is promised in an object before the ledger forgets it, so an erasure that dies in the middle is finished by the next one, by the
next intake, and by the nightly maintenance. Belongs here: the promise and keeping it. Does not belong here: the ledger's part (documents).
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final

from docmill.errors import NotFound
from docmill.services.backup.sealing import forget_keys
from docmill.services.documents import delete_document
from docmill.services.reembedding import companions
from docmill.services.running.room import Room
from docmill.services.users import LOCAL_USER
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.deletion import DELETED, NOT_RESTORED
from docmill.values.keys import PUBLIC, erasure_name, erasures_prefix, evidence_prefix, exports_prefix, receipts_prefix, review_prefix

PATIENCE: Final = timedelta(minutes=10)
"""A promise of a document that is still there may belong to an erasure that is being written; an older one was never meant in the end."""


def erase(room: Room, document_id: str, *, by: str = LOCAL_USER, keeps_key: bool = False) -> int:
    """Erase a document at the wish of a user; returns how many objects went.

    Args:
        room: the opened parts.
        document_id: which one.
        by: id of the user.
        keeps_key: leave the document's key, which is that of a newer backup: then only what this home has of it goes.

    Raises:
        NotFound: no such document.
        Conflict: a job of it is not over.
        StoreUnavailable: the store did not answer; what is left is erased by the next erasure or intake.
    """

    def promise(found: str, jobs: Sequence[str], names: Sequence[str]) -> None:
        said = {"document_id": found, "jobs": list(jobs), "names": list(names), "people": _of_people(room, found)}
        body = {**said, "at": room.ledger.now().timestamp(), "keeps_key": keeps_key}
        room.store.replace(erasure_name(room.tenant, found), json.dumps(body).encode())

    finish_erasures(room)
    with room.ledger.reading() as conn:
        found = document_rows.resolve(conn, room.tenant, document_id)
    told = NOT_RESTORED if keeps_key else DELETED
    names = delete_document(room.ledger, room.tenant, found, deleted_by=by, promise=promise, told=told)
    return _keep_promise(room, found, names, keeps_key=keeps_key)


def finish_erasures(room: Room) -> int:
    """Finish erasures that died between ledger and store; returns how many.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    finished = 0
    for info in list(room.store.list(erasures_prefix(room.tenant))):
        with suppress(NotFound):  # another process was quicker
            finished += _finish(room, json.loads(room.store.read(info.name)))
    return finished


def _finish(room: Room, promised: dict[str, object]) -> bool:
    document_id, names = str(promised["document_id"]), _texts(promised["names"])
    with room.ledger.reading() as conn:
        jobs = set(job_rows.ids_of_document(conn, room.tenant, document_id))
    if jobs.intersection(_texts(promised["jobs"])):  # the ledger never forgot it
        if room.ledger.now().timestamp() - float(str(promised["at"])) > PATIENCE.total_seconds():
            room.store.delete(erasure_name(room.tenant, document_id))
        return False
    if jobs:  # the same bytes came again: what has its key by content is theirs now, results belong to one job
        of_jobs = [name for name in names if name.startswith(f"{PUBLIC}/{room.tenant}/results/")]
        for name in (*of_jobs, *_texts(promised.get("people"))):  # what people typed since then is not among them
            room.store.delete(name)
        _delete_exports(room)
        room.store.delete(erasure_name(room.tenant, document_id))
        return True
    _keep_promise(room, document_id, names, keeps_key=bool(promised.get("keeps_key")))
    return True


def _keep_promise(room: Room, document_id: str, names: Sequence[str], *, keeps_key: bool) -> int:
    room.knowledge.delete(room.tenant, [document_id])
    for name in _of_people(room, document_id):
        room.store.delete(name)
    # receipts first: one that outlived its artefact would make a later job believe in something that is gone
    for info in list(room.store.list(receipts_prefix(room.tenant, document_id))):
        room.store.delete(info.name)
    for name in (name for name in names if name.endswith(".arrow")):
        for info in list(room.store.list(companions(name))):  # the same chunks with vectors of other models
            room.store.delete(info.name) if info.name not in names else None
    _delete_exports(room)
    removed = sum(room.store.delete(name) for name in names)
    if not keeps_key:
        forget_keys(room, document_id)  # before the promise is kept: it is what backups are sealed with
    room.store.delete(erasure_name(room.tenant, document_id))
    return removed


def _of_people(room: Room, document_id: str) -> list[str]:
    """Values that people typed, and what a receipt was matched by."""
    folders = (review_prefix(room.tenant, document_id), evidence_prefix(room.tenant, document_id))
    return [info.name for folder in folders for info in room.store.list(f"{folder}/")]


def _delete_exports(room: Room) -> None:
    for info in list(room.store.list(exports_prefix(room.tenant))):
        room.store.delete(info.name)  # copies of many results; which of them are a document's nobody knows


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
