"""What a change of a job's state leaves in the audit chain and in the outbox. Ids, states and codes only."""

from collections.abc import Sequence

from docmill.storage.ledger.audit import AuditEvent, Fact
from docmill.storage.ledger.outbox import Notice
from docmill.storage.ledger.records import JobRow
from docmill.values.jobs import JobState


def state_event(job_id: str, document_id: str, state: JobState, **facts: Fact) -> AuditEvent:
    """The audit event of a job that came into a state; the stream is the document."""
    return AuditEvent(document_id, f"job.{state}", {"job_id": job_id, **facts})


def end_notice(row: JobRow, state: JobState, *, error_code: str | None = None, results_object: str | None = None) -> Notice:
    """What receivers are told when a job came into a final state."""
    payload = {
        "job_id": row.job_id,
        "document_id": row.document_id,
        "batch_id": row.batch_id,
        "state": state.value,
        "error_code": error_code,
        "results_object": results_object,
    }
    return Notice(f"job.{state}", payload)


def cancelled_events(rows: Sequence[JobRow], **facts: Fact) -> list[AuditEvent]:
    """The audit events of jobs that were cancelled."""
    return [state_event(row.job_id, row.document_id, JobState.CANCELLED, fence=row.fence, **facts) for row in rows]
