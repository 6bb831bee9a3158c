"""Uploads: files that the gateway has received become jobs, in one transaction with the idempotency key that came with them.

Belongs here: what an upload means. Does not belong here: HTTP, and how jobs come to run (dispatch).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from docmill.errors import Conflict, Damaged, InvalidOptions
from docmill.services.arriving import arrivals
from docmill.services.batches_registering import Asked, Asker, Order, register
from docmill.services.documents import remill
from docmill.services.erase import finish_erasures
from docmill.services.jobs import job_view
from docmill.services.milling.stage_work import plan_digest
from docmill.services.milling.stages import STAGE_WORK
from docmill.services.pii_rules import kept_rules
from docmill.services.running.room import Room
from docmill.services.settled_options import settled
from docmill.services.validation_suite import own_suite
from docmill.stages.reading.sniff import HEAD_BYTES, media_type_of, refuse_lie
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import idempotency, waiting
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id
from docmill.storage.ledger.records import NewJob
from docmill.values.keys import digest
from docmill.values.options import MillOptions

GATEWAY: Final = "gateway"
"""Who submits batches that wait for the dispatcher."""

KEY_LIFE = timedelta(days=1)
"""How long an idempotency key is remembered."""

KEY_FORM: Final = re.compile(r"[\x21-\x7e]{1,200}")
RATE_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has been received whole: where it lies for now and how its sender calls it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a sender says about its files; `password` is tried on PDFs that ask for one."""

    tags: tuple[str, ...] = ()
    collection: str | None = None
    metadata: Mapping[str, Any] | None = None
    password: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of an upload: a job per document, in the order of the files; `replayed` when the idempotency key was known already.

    `sources` says for each job which of the files it came from, counted from 0, and its name; a file that is an archive brings several.
    """

    batch_id: str
    job_ids: tuple[str, ...]
    replayed: bool = False
    sources: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Queue:
    """How many jobs wait, and how many ended per second lately."""

    waiting: int
    ended_per_s: float


def submit(
    room: Room,
    files: Sequence[Received],
    options: MillOptions,
    said: Said,
    *,
    idempotency_key: str | None = None,
    asker: Asker | None = None,
) -> Submission:
    """Register received files as one batch.

    The same bytes with the same options give the job that is there already, unless it failed, was cancelled, or `force` is set. A file that
    comes alone and cannot be read at all is refused; among several it becomes a failed job that says why.

    Raises:
        UnsupportedType, Damaged: the only file is of a type docmill does not read, or empty; nothing was kept.
        InvalidOptions: metadata, a label, the password or the idempotency key cannot be used.
        Conflict: the idempotency key was used with another request.
        NotAllowed: a document is shown redacted, and the asker may not go back to the open version.
        SettingsInvalid: the language, the rules for personal data or the suite of checks that the settings name cannot be used.
        StoreUnavailable, LedgerUnavailable: nothing was registered.
    """
    if idempotency_key is not None and not KEY_FORM.fullmatch(idempotency_key):
        raise InvalidOptions("Idempotency-Key is 1-200 visible ASCII characters")
    options = settled(room, options)
    plan = plan_digest(options, list(STAGE_WORK.values()), *own_suite(room.settings))
    order = Order(options, plan, GATEWAY, said.tags, said.collection, said.metadata, said.password, asker)
    if len(files) == 1:
        _refuse_unreadable(files[0])
    finish_erasures(room)  # the same bytes may come again
    arrived = [(at, job) for at, file in enumerate(files) for job in arrivals(room, file.path, file.name, options)]
    submission = _registered(room, [job for _, job in arrived], order, idempotency_key)
    return replace(submission, sources=tuple((at, job.name) for at, job in arrived))


def retry(room: Room, job_id: str, *, force: bool, asker: Asker | None = None) -> Submission:
    """Ask for a job again, as a new job with the old one as its parent.

    Raises:
        NotFound: no such job.
        Conflict: it is not over yet, or its original is not kept.
        NotAllowed: as `submit`.
    """
    old = job_view(room.ledger, room.tenant, job_id)
    if not old.state.is_final:
        raise Conflict(f"the task is not over: {old.state}")
    rules = kept_rules(room)
    batch_id = remill(room.ledger, room.tenant, old.job_id, force=force, submitted_by=GATEWAY, pii_rules=rules, asker=asker)
    with room.ledger.reading() as conn:
        return Submission(batch_id, tuple(batch_rows.newest_jobs(conn, room.tenant, batch_id)))


def queue(room: Room) -> Queue:
    """How long the queue is and how fast it moves."""
    with room.ledger.reading() as conn:
        ended = waiting.count_finished_since(conn, room.tenant, room.ledger.now() - RATE_WINDOW)
        return Queue(waiting.count_accepted(conn, room.tenant), ended / RATE_WINDOW.total_seconds())


def _refuse_unreadable(file: Received) -> None:
    with file.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        raise Damaged("the file is empty")
    refuse_lie(media_type_of(head, file.path.stat().st_size), file.name)


def _registered(room: Room, arrived: Sequence[NewJob], order: Order, key: str | None) -> Submission:
    tenant, at, asked_digest = room.tenant, room.ledger.now(), _request_digest(arrived, order)
    with room.ledger.transaction() as conn:
        kept = idempotency.find(conn, tenant, key, at=at) if key else None
        if kept is not None:
            if kept.request_digest != asked_digest:
                raise Conflict("this Idempotency-Key was used with another request")
            return Submission(kept.batch_id, kept.job_ids, replayed=True)
        batch_id = new_id(at)
        batch_rows.insert(conn, tenant, batch_id, total_files=len(arrived), submitted_by=GATEWAY, at=at)
        append_event(conn, tenant, batch_id, "batch.created", {"total_files": len(arrived), "by": order.by}, at=at)
        registered = register(conn, tenant, batch_id, [Asked(job, order) for job in arrived], at=at)
        job_ids = tuple(one.job_id for one in registered)
        if key:
            idempotency.keep(conn, tenant, key, request_digest=asked_digest, batch_id=batch_id, job_ids=job_ids, at=at, until=at + KEY_LIFE)
    return Submission(batch_id, job_ids)


def _request_digest(arrived: Sequence[NewJob], order: Order) -> str:
    names = [hashlib.sha256(job.name.encode("utf-8", "replace")).hexdigest() for job in arrived]
    said = [list(order.tags), order.collection, dict(order.metadata or {})]
    if order.password is not None:
        said.append("password")  # that there is one, and nothing of it
    return digest("upload", [job.sha256 for job in arrived], names, order.options.model_dump(mode="json"), said)
