"""How jobs end: the final state, the result version, what was published; late writers are refused and change nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from docmill.errors import Cancelled, Conflict
from docmill.services.jobs_events import end_notice, state_event
from docmill.services.review.opening import cancel_resolved, open_tasks
from docmill.storage.ledger import Connection, Ledger, artefacts, attempts, outbox, versions
from docmill.storage.ledger import audit as audit_rows
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger import jobs as job_rows
from docmill.storage.ledger.audit import AuditEvent
from docmill.storage.ledger.bulk import Row
from docmill.storage.ledger.documents import DocumentRow
from docmill.storage.ledger.ids import new_ids
from docmill.storage.ledger.records import JobRow
from docmill.storage.ledger.states import HELD_STATES
from docmill.storage.ledger.texts import storable
from docmill.values.jobs import JobEnd, JobState
from docmill.values.outcome import CHECK_FAILED


@dataclass(frozen=True, slots=True)
class _Ending:
    row: JobRow
    end: JobEnd


def finish_jobs(ledger: Ledger, tenant: str, ends: Sequence[JobEnd]) -> list[str]:
    """End jobs, all in one transaction.

    A job takes its end only while it runs (or is being cancelled) under the fence that the end shows. Results become a new version of the
    document; it becomes the current one unless a later attempt at the document has published already.

    Returns:
        Ids of the jobs whose end was refused; nothing of them changed.

    Raises:
        Conflict: an end whose state is not final.
    """
    if any(not end.state.is_final for end in ends):
        raise Conflict("a job ends in a final state only")
    at = ledger.now()
    with ledger.transaction() as conn:
        rows = job_rows.locked(conn, tenant, [end.job_id for end in ends])
        taken: dict[str, _Ending] = {}
        refused = []
        for end in ends:
            row = rows.get(end.job_id)
            if row is None or row.state not in HELD_STATES or row.fence != end.fence or end.job_id in taken:
                refused.append(end.job_id)
            else:
                taken[end.job_id] = _Ending(row, end)
        _write(conn, tenant, list(taken.values()), at)
    return refused


def _write(conn: Connection, tenant: str, endings: Sequence[_Ending], at: datetime) -> None:
    endings = sorted(endings, key=lambda e: e.end.fence)
    made = [(e, a) for e in endings for a in (*e.end.published, *((e.end.results,) if e.end.results else ()))]
    artefacts.keep(conn, tenant, [(e.row.document_id, a) for e, a in made], at=at)
    artefacts.link(conn, tenant, [(e.row.job_id, a) for e, a in made])
    current = _publish(conn, tenant, endings, at)
    job_rows.change_states(conn, tenant, [e.row for e in endings], [_change(e, at) for e in endings])
    for reason, is_cancelled in (("cancelled", True), ("finished", False)):
        rows = [e.row for e in endings if (e.end.state is JobState.CANCELLED) is is_cancelled]
        attempts.end(conn, tenant, rows, reason=reason, at=at)
    events = [
        state_event(
            e.row.job_id, e.row.document_id, e.end.state, fence=e.end.fence, code=_code(e.end), problems=len(e.end.outcome.problems)
        )
        for e in endings
    ]
    audit_rows.append_events(conn, tenant, events, at=at)
    outbox.put_notices(conn, tenant, [_notice(e) for e in endings], at=at)
    for ending in endings:
        if ending.end.doubts is not None and ending.row.job_id in current:
            open_tasks(conn, tenant, ending.row.document_id, ending.row.job_id, ending.end.doubts, at=at)
        if ending.end.resolved and ending.row.job_id in current:
            cancel_resolved(conn, tenant, ending.row.document_id, ending.row.job_id, ending.end.resolved, at=at)


def _publish(conn: Connection, tenant: str, endings: Sequence[_Ending], at: datetime) -> set[str]:
    """Make result versions, oldest fence first, and move the current version forward; returns the jobs whose version is current now."""
    documents = document_rows.locked(conn, tenant, [e.row.document_id for e in endings])
    redacted = versions.redacted_now(conn, tenant, list(documents))
    new: list[Row] = []
    current: dict[str, str] = {}
    for ending, version_id in zip(endings, new_ids(len(endings), at), strict=True):
        document, end = documents[ending.row.document_id], ending.end
        document.media_type = end.media_type or document.media_type
        if end.results is None:
            continue
        document.versions += 1
        new.append(
            {
                "tenant_id": tenant,
                "version_id": version_id,
                "document_id": document.document_id,
                "number": document.versions,
                "job_id": end.job_id,
                "fence": end.fence,
                "outcome": end.outcome.name,
                "results_object": end.results.object_name,
                "created_at": at,
            },
        )
        if _move_current(document, version_id, end.fence):
            current[document.document_id] = end.job_id
    versions.insert(conn, new)
    document_rows.save(conn, tenant, documents.values())
    opened = redacted - versions.redacted_now(conn, tenant, list(redacted))
    events = [AuditEvent(document_id, "unredacted.current", {"job_id": current[document_id]}) for document_id in sorted(opened)]
    audit_rows.append_events(conn, tenant, events, at=at)
    return set(current.values())


def _move_current(document: DocumentRow, version_id: str, fence: int) -> bool:
    """Compare and set: a later attempt's version is never put back by an earlier one's."""
    if fence <= document.current_fence:
        return False
    document.current_version_id, document.current_fence = version_id, fence
    return True


def _change(ending: _Ending, at: datetime) -> Row:
    row, end = ending.row, ending.end
    return {
        "job_id": row.job_id,
        "state": end.state,
        "progress": 100 if end.results else row.progress,
        "message": end.state.value,
        "error_code": _code(end),
        "error_message": _message(end),
        "kind": end.kind,
        "page_count": end.page_count,
        "problems": len(end.outcome.problems),
        "results_object": end.results.object_name if end.results else None,
        "seconds": end.seconds,
        "stage_seconds": end.stage_seconds,
        "usage": end.usage.model_dump(mode="json") if end.usage else None,
        "finished_at": at,
    }


def _code(end: JobEnd) -> str | None:
    """Why there is no result: the first problem that is more than a doubt."""
    if end.state is JobState.CANCELLED:
        return Cancelled.code
    if end.state is not JobState.FAILED:
        return None
    return next((p.code for p in end.outcome.problems if p.code != CHECK_FAILED), "stage_failed")


def _message(end: JobEnd) -> str | None:
    code = _code(end)
    if code is None:
        return None
    return storable(next((p.message for p in end.outcome.problems if p.code == code), "")) or None


def _notice(ending: _Ending) -> outbox.Notice:
    results = ending.end.results
    return end_notice(ending.row, ending.end.state, error_code=_code(ending.end), results_object=results.object_name if results else None)
