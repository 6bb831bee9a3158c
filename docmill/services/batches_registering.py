"""Which job mills a file that arrives: one that is there already, or a new one.

The same bytes of a tenant are the same document. Under one plan (options, stage versions, engines) a job that is under way or left a result is
used again, and so is one in quarantine, until it is asked for again on purpose; one that failed or was cancelled gets a child; `force` always
makes a child.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from docmill.errors import InvalidOptions, Quarantined
from docmill.services.jobs_events import end_notice, state_event
from docmill.storage.ledger import Connection, outbox, quarantine
from docmill.storage.ledger import audit as audit_rows
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.records import JobRow, NewJob, Registration
from docmill.storage.ledger.seals import sealed, sealed_json
from docmill.storage.ledger.states import GOOD_STATES
from docmill.storage.ledger.texts import storable, storable_json
from docmill.values.jobs import JobState
from docmill.values.keys import document_id
from docmill.values.options import MillOptions

METADATA_LIMIT_BYTES = 4096
NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Order:
    """How files are to be milled and what their sender says about them.

    Raises:
        InvalidOptions: the client's metadata is not JSON or over 4 KB of it, or a name is over 255 characters.
    """

    options: MillOptions
    plan_digest: str
    submitted_by: str
    tags: tuple[str, ...] = ()
    collection: str | None = None
    metadata: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse what the ledger does not take."""
        try:
            text = json.dumps(self.metadata or {}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError):
            raise InvalidOptions("metadata is not JSON") from None
        size = len(text.encode("utf-8", "replace"))
        if size > METADATA_LIMIT_BYTES:
            raise InvalidOptions(f"metadata of {size} bytes; {METADATA_LIMIT_BYTES} are allowed")
        if max(map(len, (self.submitted_by, self.collection or "", *self.tags))) > NAME_LIMIT:
            raise InvalidOptions(f"a tag, collection or sender is longer than {NAME_LIMIT} characters")


@dataclass(frozen=True, slots=True)
class Asked:
    """A file with its order; `parent_job_id` when it is asked again on purpose (re-milling)."""

    file: NewJob
    order: Order
    parent_job_id: str | None = None


@dataclass(slots=True)
class _New:
    job_id: str
    document_id: str
    asked: Asked
    parent: str | None


@dataclass(slots=True)
class _Decisions:
    registered: dict[str, Registration] = field(default_factory=dict)
    new: list[_New] = field(default_factory=list)


def register(conn: Connection, tenant: str, batch_id: str, asked: Sequence[Asked], *, at: datetime) -> list[Registration]:
    """Register files with a locked batch; a registration per file, in their order."""
    by_document: dict[str, Asked] = {}
    for one in asked:
        by_document.setdefault(document_id(tenant, one.file.sha256), one)
    document_rows.upsert(conn, tenant, {i: a.file for i, a in by_document.items()}, at=at)
    documents = document_rows.locked(conn, tenant, by_document)
    decisions = _decide(conn, tenant, batch_id, by_document, at)
    changed: set[str] = set()
    for made in decisions.new:
        if made.parent:
            documents[made.document_id].count += 1
            changed.add(made.document_id)
    for found, wanted in by_document.items():
        if wanted.file.stored and not documents[found].stored:
            documents[found].stored = True
            changed.add(found)
    document_rows.save(conn, tenant, [documents[i] for i in sorted(changed)])
    quarantine.release(conn, tenant, [made.parent for made in decisions.new if made.parent], at=at)
    _insert(conn, tenant, batch_id, decisions.new, at)
    registered = [decisions.registered[document_id(tenant, a.file.sha256)] for a in asked]
    batch_rows.add_files(conn, tenant, batch_id, [a.file for a in asked], registered)
    return registered


def _decide(conn: Connection, tenant: str, batch_id: str, by_document: Mapping[str, Asked], at: datetime) -> _Decisions:
    newest = job_rows.newest_of_documents(conn, tenant, sorted(by_document))
    decisions = _Decisions()
    for (found, asked), job_id in zip(by_document.items(), new_ids(len(by_document), at), strict=True):
        last = newest.get((found, asked.order.plan_digest))
        if last is not None and _serves(last, asked, batch_id):
            decisions.registered[found] = Registration(found, last.job_id, reused=True)
            continue
        parent = asked.parent_job_id or (last.job_id if last else None)
        decisions.registered[found] = Registration(found, job_id, reused=False)
        decisions.new.append(_New(job_id, found, asked, parent))
    return decisions


def _serves(last: JobRow, asked: Asked, batch_id: str) -> bool:
    """Whether the newest job under the same plan mills this file too."""
    if last.batch_id == batch_id:
        return True  # the same bytes twice in one batch, whatever their names
    if asked.order.options.force:
        return False
    if last.state in {JobState.ACCEPTED, JobState.RUNNING}:
        return True
    is_served = last.state in GOOD_STATES or last.error_code == Quarantined.code
    return is_served and asked.parent_job_id is None


def _insert(conn: Connection, tenant: str, batch_id: str, new: Sequence[_New], at: datetime) -> None:
    rows = [_row(conn, tenant, batch_id, made, at) for made in new]
    job_rows.insert(conn, rows)
    events, notices = [], []
    for made in new:
        order, error = made.asked.order, made.asked.file.error
        told = {"batch_id": batch_id, "parent_job_id": made.parent, "plan_digest": order.plan_digest, "by": order.submitted_by}
        events.append(state_event(made.job_id, made.document_id, JobState.ACCEPTED, **told))
        if error is not None:
            events.append(state_event(made.job_id, made.document_id, JobState.FAILED, code=error.code))
            row = JobRow(made.job_id, made.document_id, batch_id, JobState.ACCEPTED, 0, 0, 0, None)
            notices.append(end_notice(row, JobState.FAILED, error_code=error.code))
    audit_rows.append_events(conn, tenant, events, at=at)
    outbox.put_notices(conn, tenant, notices, at=at)


def _row(conn: Connection, tenant: str, batch_id: str, made: _New, at: datetime) -> dict[str, Any]:
    order, file = made.asked.order, made.asked.file
    state = JobState.ACCEPTED if file.error is None else JobState.FAILED
    return {
        "tenant_id": tenant,
        "job_id": made.job_id,
        "document_id": made.document_id,
        "batch_id": batch_id,
        "parent_job_id": made.parent,
        "submitted_by": order.submitted_by,
        "file_name": sealed(conn, storable(file.name)),
        "tags": [storable(tag) for tag in order.tags],
        "collection": storable(order.collection) if order.collection else None,
        "client_metadata": sealed_json(conn, storable_json(dict(order.metadata))) if order.metadata else None,
        "options": order.options.model_dump(mode="json"),
        "options_digest": order.options.digest(),
        "plan_digest": order.plan_digest,
        "state": state,
        "message": "" if file.error is None else state.value,
        "error_code": file.error.code if file.error else None,
        "error_message": storable(file.error.message) if file.error else None,
        "accepted_at": at,
        "finished_at": at if file.error else None,
    }
