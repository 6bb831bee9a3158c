"""Taking back what was shown under `public/`, when a later version hides more.

When a redacted version becomes a document's current one, open results go; when people find personal data that a redacted copy shows, all versions
before the new one do. What is current, and what came before, is decided by fences and never by a clock: an attempt may end long after a later one,
and the clocks of two machines differ.

Belongs here: which objects go, and in which order. Does not belong here: erasing a whole document (erase).

The originals and what lies under `private/` stay: they need the scope originals:read. The ledger still says that the earlier jobs were.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from docmill.errors import DocmillError, NotFound
from docmill.services.hidden_chunks import hide_chunks
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts, named_results, versions, views
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.states import HELD_STATES
from docmill.values.jobs import Artefact, ClaimedJob, JobEnd, JobView
from docmill.values.keys import PUBLIC, receipt_name, withdrawals_prefix

IN_VAIN: Final = timedelta(days=7)
"""Longer than sweeps are ever switched off; few documents that are shown redacted have open attempts."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken back: how many documents had open results, how many objects went."""

    documents: int
    objects: int


def withdraw_unredacted(room: Room, document_ids: Iterable[str]) -> Withdrawn:
    """Remove every public object that only unredacted jobs of these documents made, and their chunks where the redacted job made none.

    To be called when jobs of them ended, before anything is said of that: redacted ones, and open ones that are late. It may be called again, what
    is gone is gone.

    Args:
        room: the opened parts.
        document_ids: those whose current version is no redacted one are left alone.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; call again.
    """
    documents = objects = 0
    with room.ledger.reading() as conn:
        redacted = versions.redacted_now(conn, room.tenant, list(dict.fromkeys(document_ids)))
    lost = list[DocmillError]()
    for document_id in sorted(redacted):
        try:
            gone = _withdraw(room, document_id)
        except DocmillError as error:  # the others are hidden all the same
            lost.append(error)
        else:
            documents, objects = documents + bool(gone), objects + gone
    if lost:
        raise lost[0]
    return Withdrawn(documents, objects)


def withdraw_in_vain(room: Room) -> int:
    """Hide what unredacted attempts of the last week showed before they failed or were cancelled, of documents shown redacted; returns how many objects went.

    Such ends come from sweeps, cancelled runs and people, too, and nobody promised anything for them.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; call again.
    """
    with room.ledger.reading() as conn:
        found = job_rows.open_ones_in_vain(conn, room.tenant, room.ledger.now() - IN_VAIN)
    return withdraw_unredacted(room, sorted(found)).objects


def promise_withdrawal(room: Room, job: ClaimedJob) -> None:
    """Promise that everything public of the document's earlier versions goes once this job has published: a crash in between forgets nothing.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    room.store.create(f"{withdrawals_prefix(room.tenant)}{job.job_id}", job.document_id.encode(), media_type="text/plain")


def promise_hiding(room: Room, ends: Sequence[JobEnd], redacting: Collection[str]) -> dict[str, str]:
    """Promise, before attempts end, that what only unredacted jobs showed goes after: a crash in between forgets nothing.

    Only where there is something to hide: a redacted version of a document with unredacted jobs, and the end of an unredacted job of a document
    that is shown redacted.

    Args:
        room: the opened parts.
        ends: as they will be told to the ledger.
        redacting: ids of those of the jobs that redact.

    Returns:
        Promise -> its document, for `withdraw_promised`.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    with room.ledger.reading() as conn:
        opened = job_rows.with_open_jobs(conn, room.tenant, [end.document_id for end in ends if end.job_id in redacting and end.results])
        hidden = versions.redacted_now(conn, room.tenant, [end.document_id for end in ends if end.job_id not in redacting])
    # named after the attempt: another attempt at the same job must not find its promise kept by a run that has lost it
    made = {
        f"{end.job_id}.{end.fence}": end.document_id for end in ends if end.document_id in (opened if end.job_id in redacting else hidden)
    }
    for one, document_id in made.items():
        room.store.create(f"{withdrawals_prefix(room.tenant)}{one}", document_id.encode(), media_type="text/plain")
    return made


def withdraw_promised(room: Room, promises: Iterable[str] | None = None) -> int:
    """Keep these promises, job ids or what `promise_hiding` gave, or all; returns how many objects went.

    A promise stays for later while its job has not ended, or another attempt at the document may still publish what it takes back.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; call again.
    """
    prefix = withdrawals_prefix(room.tenant)
    names = [f"{prefix}{one}" for one in promises] if promises is not None else [info.name for info in room.store.list(prefix)]
    gone, lost = 0, list[DocmillError]()
    for name in names:
        try:
            job_id, _, fence = name.removeprefix(prefix).partition(".")
            document_id = room.store.read(name).decode()
            gone += _hide(room, job_id, int(fence), document_id, name) if fence else _withdraw_before(room, job_id, document_id, name)
        except NotFound:
            continue  # kept by another process
        except DocmillError as error:  # this promise stays, and the others are kept all the same
            lost.append(error)
    if lost:
        raise lost[0]
    return gone


def _hide(room: Room, job_id: str, fence: int, document_id: str, promise: str) -> int:
    # asked before anything goes: an attempt that ends meanwhile shows more than was seen here
    jobs, _, fences = _attempts(room, document_id)
    held = [job for job in jobs if job.state in HELD_STATES]
    if any(job.job_id == job_id and fences[job_id] == fence for job in held):
        return 0
    gone = _withdraw(room, document_id)
    if all(job.options.redact for job in held):
        room.store.delete(promise)
    return gone


def _withdraw_before(room: Room, job_id: str, document_id: str, promise: str) -> int:
    jobs, made, fences = _attempts(room, document_id)
    job = next((one for one in jobs if one.job_id == job_id), None)
    if job is not None and not job.state.is_final:
        return 0
    gone = 0
    if job is not None and job.results_object:
        # what this version and later ones show stays
        kept = {name for one in jobs if fences[one.job_id] >= fences[job_id] for name in _names(one, made[one.job_id])}
        earlier = [one for one in jobs if fences[one.job_id] < fences[job_id]]
        gone = _remove(room, document_id, [(one, made[one.job_id]) for one in earlier], kept)
        if any(one.state in HELD_STATES for one in earlier):
            return gone
    room.store.delete(promise)
    return gone


def _withdraw(room: Room, document_id: str) -> int:
    jobs, made, fences = _attempts(room, document_id)
    current = max((job for job in jobs if job.results_object), key=lambda job: fences[job.job_id], default=None)
    if current is None or not current.options.redact:
        return 0
    # a later attempt that is under way may become current: what it has shown so far is its own
    later = [job for job in jobs if fences[job.job_id] > fences[current.job_id] and job.state in HELD_STATES]
    redacted = [job for job in jobs if job.options.redact]
    kept = {name for job in (*redacted, *later) for name in _names(job, made[job.job_id])}
    open_jobs = [job for job in jobs if not job.options.redact and job not in later]
    gone = _remove(room, document_id, [(job, made[job.job_id]) for job in open_jobs], kept)
    is_indexed = any(job.options.index for job in redacted)
    # after the objects: the index may not answer. A later redacted attempt has no say, it may come to nothing
    if all(job.options.redact for job in later) and (not is_indexed or any(job.options.index for job in open_jobs)):
        hide_chunks(room, document_id, made[current.job_id], is_indexed=is_indexed)
    return gone


def _attempts(room: Room, document_id: str) -> tuple[list[JobView], dict[str, list[Artefact]], dict[str, int]]:
    """The document's jobs, and by job id what each made and the fence of its last attempt, 0 where none began."""
    with room.ledger.reading() as conn:
        fences = job_rows.fences_of_document(conn, room.tenant, document_id)
        jobs = [views.job(conn, room.tenant, job_id) for job_id in fences]
        return jobs, {job_id: artefacts.of_job(conn, room.tenant, job_id) for job_id in fences}, fences


def _remove(room: Room, document_id: str, jobs: Sequence[tuple[JobView, Sequence[Artefact]]], kept: Collection[str]) -> int:
    """Remove the public objects of jobs besides those to be kept."""
    names = {name for job, made in jobs for name in _names(job, made)}.difference(kept)
    there = [name for name in sorted(names) if room.store.exists(name)]
    if there:  # told before they go: what nobody told would look lost for ever, in every backup
        with room.ledger.transaction() as conn:
            append_event(conn, room.tenant, document_id, named_results.WITHDRAWN, {"objects": len(there)}, at=room.ledger.now())
    # receipts first: one that outlived its artefact would make a later job believe in something that is gone
    for artefact in (a for _, made in jobs for a in made if a.object_name in names):
        room.store.delete(receipt_name(room.tenant, document_id, artefact.stage, artefact.key))
    return sum(room.store.delete(name) for name in there)


def _names(job: JobView, made: Iterable[Artefact]) -> set[str]:
    """Public objects of a job."""
    names = {a.object_name for a in made} | ({job.results_object} if job.results_object else set())
    return {name for name in names if name.startswith(f"{PUBLIC}/")}
