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

from pydantic import SecretStr

from docmill.errors import DocmillError, Encrypted, InvalidOptions, NotAllowed, Quarantined
from docmill.services.jobs_events import end_notice, state_event
from docmill.stages.reading.media_types import PDF
from docmill.storage.ledger import Connection, outbox, quarantine, versions
from docmill.storage.ledger import audit as audit_rows
from docmill.storage.ledger import batches as batch_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import AuditEvent
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.records import JobRow, NewJob, Registration
from docmill.storage.ledger.seals import sealed, sealed_json, sealed_secret
from docmill.storage.ledger.states import GOOD_STATES
from docmill.storage.ledger.texts import storable, storable_json
from docmill.values.jobs import JobState
from docmill.values.keys import document_id
from docmill.values.options import MillOptions

METADATA_LIMIT_BYTES = 4096
NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the id of a user for the audit trail, and whether documents that are shown redacted may be milled openly again."""

    id: str
    may_unredact: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """How files are to be milled and what their sender says about them.

    `submitted_by` is the part of docmill, `asker` who asked it, None for this machine's own user. `password` is tried on PDFs that ask for one.

    Raises:
        InvalidOptions: the client's metadata is not JSON or over 4 KB of it, or a name or the password is over 255 characters.
    """

    options: MillOptions
    plan_digest: str
    submitted_by: str
    tags: tuple[str, ...] = ()
    collection: str | None = None
    metadata: Mapping[str, Any] | None = None
    password: SecretStr | None = None
    asker: Asker | None = None

    @property
    def by(self) -> str:
        """Who is named in the audit trail."""
        return self.submitted_by if self.asker is None else self.asker.id

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
        if self.password is not None and not 0 < len(self.password.get_secret_value()) <= NAME_LIMIT:
            raise InvalidOptions(f"a password has 1-{NAME_LIMIT} characters")


@dataclass(frozen=True, slots=True)
class Asked:
    """A file with its order; `parent_job_id` when it is asked again on purpose (re-milling)."""

    file: NewJob
    order: Order
    parent_job_id: str | None = None

    @property
    def password(self) -> SecretStr | None:
        """The password, for a file that may ask for it."""
        return self.order.password if self.file.media_type == PDF else None

    @property
    def error(self) -> DocmillError | None:
        """Why it cannot be milled. That a PDF asks for a password is no reason any more when one comes with it."""
        return None if self.password and isinstance(self.file.error, Encrypted) else self.file.error


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
    """Register files with a locked batch; a registration per file, in their order.

    Raises:
        NotAllowed: a document is shown redacted, and whoever asks may not go back to the open version.
    """
    by_document: dict[str, Asked] = {}
    for one in asked:
        by_document.setdefault(document_id(tenant, one.file.sha256), one)
    document_rows.upsert(conn, tenant, {i: a.file for i, a in by_document.items()}, at=at)
    documents = document_rows.locked(conn, tenant, by_document)
    decisions = _decide(conn, tenant, batch_id, by_document, at)
    _note_going_back(conn, tenant, decisions.new, at)
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


def _note_going_back(conn: Connection, tenant: str, new: Sequence[_New], at: datetime) -> None:
    """Open jobs of documents that are shown redacted are for those who may, and never go unsaid."""
    is_open = [made for made in new if made.asked.file.error is None and not made.asked.order.options.redact]
    redacted = versions.redacted_now(conn, tenant, [made.document_id for made in is_open])
    back = [(made, made.asked.order) for made in is_open if made.document_id in redacted]
    if any(order.asker is not None and not order.asker.may_unredact for _, order in back):
        raise NotAllowed("this document is shown redacted: milling it without redaction needs the scope originals:read")
    events = [
        AuditEvent(
            made.document_id, "unredacted.asked", {"job_id": made.job_id, "by": order.asker.id if order.asker else order.submitted_by}
        )
        for made, order in back
    ]
    audit_rows.append_events(conn, tenant, events, at=at)


def _serves(last: JobRow, asked: Asked, batch_id: str) -> bool:
    """Whether the newest job under the same plan mills this file too."""
    if last.batch_id == batch_id:
        return True  # the same bytes twice in one batch, whatever their names
    if asked.order.options.force:
        return False
    if last.state in {JobState.ACCEPTED, JobState.RUNNING}:
        return asked.password is None  # the one under way may have none, or a wrong one
    is_served = last.state in GOOD_STATES or last.error_code == Quarantined.code
    return is_served and asked.parent_job_id is None


def _insert(conn: Connection, tenant: str, batch_id: str, new: Sequence[_New], at: datetime) -> None:
    rows = [_row(conn, tenant, batch_id, made, at) for made in new]
    job_rows.insert(conn, rows)
    events, notices = [], []
    for made in new:
        order, error = made.asked.order, made.asked.error
        told = {"batch_id": batch_id, "parent_job_id": made.parent, "plan_digest": order.plan_digest, "by": order.by}
        events.append(state_event(made.job_id, made.document_id, JobState.ACCEPTED, **told))
        if error is not None:
            events.append(state_event(made.job_id, made.document_id, JobState.FAILED, code=error.code))
            row = JobRow(made.job_id, made.document_id, batch_id, JobState.ACCEPTED, 0, 0, 0, None)
            notices.append(end_notice(row, JobState.FAILED, error_code=error.code))
    audit_rows.append_events(conn, tenant, events, at=at)
    outbox.put_notices(conn, tenant, notices, at=at)


def _row(conn: Connection, tenant: str, batch_id: str, made: _New, at: datetime) -> dict[str, Any]:
    order, file, error = made.asked.order, made.asked.file, made.asked.error
    state, password = JobState.ACCEPTED if error is None else JobState.FAILED, made.asked.password
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
        "password": sealed_secret(conn, password) if password and error is None else None,
        "options": order.options.model_dump(mode="json"),
        "options_digest": order.options.digest(),
        "plan_digest": order.plan_digest,
        "state": state,
        "message": "" if error is None else state.value,
        "error_code": error.code if error else None,
        "error_message": storable(error.message) if error else None,
        "accepted_at": at,
        "finished_at": at if error else None,
    }
