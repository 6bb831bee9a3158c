"""Tasks as API clients see them: the contract's four statuses, progress that never falls, links, and the result's text.

A task is a job. Belongs here: what is shown of a job and what is not. Does not belong here: JSON shapes of HTTP answers (gateway).
"""

import mimetypes
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from docmill.errors import NotFound
from docmill.services import batches, documents, jobs, lookups
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts, job_search
from docmill.storage.ledger.job_search import JobFilter
from docmill.values.jobs import Artefact, BatchView, JobState, JobView
from docmill.values.keys import PUBLIC, original_name
from docmill.values.results import Results, read_results

__all__ = [
    "JobFilter",
    "Link",
    "Links",
    "batch_tasks",
    "contract_status",
    "document_tasks",
    "links",
    "progress",
    "results_of",
    "search_tasks",
]

LINK_LIFE = timedelta(hours=1)
EMBEDDED_BYTES: Final = 1_000_000
"""Results above this size are linked, not embedded."""

_STATUS: MappingProxyType[JobState, str] = MappingProxyType(
    {
        JobState.ACCEPTED: "pending",
        JobState.RUNNING: "processing",
        JobState.CANCELLING: "processing",
        JobState.COMPLETED: "completed",
        JobState.PARTIAL: "completed",
        JobState.NEEDS_REVIEW: "completed",
        JobState.FAILED: "failed",
        JobState.CANCELLED: "failed",
    },
)
STORED_PROGRESS: Final = 20


@dataclass(frozen=True, slots=True)
class Link:
    """A signed link to one object. `object_name` is opaque to clients; `gs_url` only where the store is a bucket."""

    object_name: str
    gs_url: str | None
    url: str
    expires_at: datetime
    media_type: str


@dataclass(frozen=True, slots=True)
class Links:
    """Links of a finished task: the original (None when only the redacted copy may be seen), the results JSON, and the other public objects."""

    original: Link | None
    results: Link | None
    others: Mapping[str, Link]


def contract_status(state: JobState) -> str:
    """pending, processing, completed or failed: clients of the contract stop at the last two."""
    return _STATUS[state]


def states_of(status: str) -> tuple[JobState, ...]:
    """The job states behind a contract status; empty for an unknown one."""
    return tuple(state for state, name in _STATUS.items() if name == status)


def progress(job: JobView) -> int:
    """0-100: 20 once it is stored, 100 only with a result; it never falls."""
    return max(STORED_PROGRESS, job.progress)


def search_tasks(room: Room, wanted: JobFilter, *, limit: int, before: str | None) -> list[JobView]:
    """Tasks newest first."""
    with room.ledger.reading() as conn:
        return job_search.search(conn, room.tenant, wanted, limit=limit, before=before)


def batch_tasks(room: Room, batch_id: str) -> tuple[BatchView, list[JobView]]:
    """A batch with a job per file.

    Raises:
        NotFound: no such batch.
    """
    return batches.batch_view(room.ledger, room.tenant, batch_id), batches.batch_jobs(room.ledger, room.tenant, batch_id)


def document_tasks(room: Room, document_id: str) -> tuple[JobView, JobView | None]:
    """The newest job of a document and the one whose result is current.

    Raises:
        NotFound: no such document.
        InvalidOptions: several documents begin so.
    """
    newest = lookups.newest_job(room.ledger, room.tenant, document_id)
    return newest, documents.current_result(room.ledger, room.tenant, newest.document_id)


def links(room: Room, job: JobView, *, originals: bool = True) -> Links:
    """Fresh links, good for an hour; without `originals` none to the bytes as they came.

    A task with redact never links to the original. Neither does one whose open results were withdrawn because redacted ones came after it.
    """
    if job.results_object is None or not room.store.exists(job.results_object):
        return Links(None, None, {})
    expires_at = room.ledger.now() + LINK_LIFE
    with room.ledger.reading() as conn:
        made = [a for a in artefacts.of_job(conn, room.tenant, job.job_id) if a.prefix == PUBLIC]
    by_name = {a.name: _link(room, a, _named(job, a), expires_at) for a in made}
    results = by_name.pop("results", None)
    return Links(_original(room, job, expires_at) if originals and not job.options.redact else None, results, by_name)


def results_of(room: Room, job: JobView) -> Results | None:
    """The results JSON of a finished task; None when there is none, it is too large to embed, or it was withdrawn."""
    if job.results_object is None:
        return None
    with suppress(NotFound):
        if room.store.info(job.results_object).size_bytes <= EMBEDDED_BYTES:
            return read_results(room.store.read(job.results_object))
    return None


def _original(room: Room, job: JobView, expires_at: datetime) -> Link | None:
    name = original_name(room.tenant, lookups.sha256_of(room.ledger, room.tenant, job.document_id))
    if not room.store.exists(name):
        return None
    media_type = mimetypes.guess_type(job.name)[0] or "application/octet-stream"
    original = Artefact(stage="intake", name="original", key="", object_name=name, media_type=media_type, size_bytes=0, sha256="")
    return _link(room, original, job.name, expires_at)


def _named(job: JobView, artefact: Artefact) -> str:
    """A file name for a download: the original's stem, what it is, the object's own ending."""
    ending = PurePosixPath(artefact.object_name).suffix
    return f"{PurePosixPath(job.name).stem or 'document'}.{artefact.name}{ending}"


def _link(room: Room, artefact: Artefact, name: str, expires_at: datetime) -> Link:
    url = room.store.signed_url(artefact.object_name, expires=LINK_LIFE, download_name=name)
    place = room.store_spec.url
    gs_url = f"{place.rstrip('/')}/{artefact.object_name}" if place.startswith("gs://") else None
    return Link(artefact.object_name, gs_url, url, expires_at, artefact.media_type)


def task(room: Room, task_id: str) -> JobView:
    """One task.

    Raises:
        NotFound: no such task.
    """
    return jobs.job_view(room.ledger, room.tenant, task_id)
