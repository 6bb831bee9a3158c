"""What happened to a document, for people: its audit stream, told step by step. Ids, states and codes only, as the stream has them."""

from dataclasses import dataclass
from datetime import datetime

from docmill.services.running.room import Room
from docmill.storage.ledger import audit_reading
from docmill.values.jobs import JobView


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a task or of its whole document.

    Attributes:
        at: when, UTC.
        what: the event's kind, such as job.running.
        detail: an error code, a verdict, an attempt's number; may be empty.
        by: the user or part of docmill that did it, where the event says so.
        run_id: of the flow run that began an attempt.
    """

    at: datetime
    what: str
    detail: str
    by: str
    run_id: str


def timeline(room: Room, job: JobView) -> list[Step]:
    """The steps of a task in their order, with those of its document that belong to no other task.

    Raises:
        LedgerUnavailable: the ledger did not answer.
    """
    with room.ledger.reading() as conn:
        events = list(audit_reading.events(conn, room.tenant, job.document_id))
    mine = [event for event in events if event.facts.get("job_id", job.job_id) == job.job_id]
    return [Step(event.at, event.kind, _detail(event), _text(event.facts.get("by")), _text(event.facts.get("run_id"))) for event in mine]


def run_of(steps: list[Step]) -> str:
    """The flow run of the newest attempt; empty before the first."""
    return next((step.run_id for step in reversed(steps) if step.run_id), "")


def _detail(event: audit_reading.StoredEvent) -> str:
    attempt = event.facts.get("attempt")
    told = [_text(event.facts.get(name)) for name in ("code", "verdict", "field")]
    return ", ".join(part for part in (*told, f"attempt {attempt}" if attempt else "") if part)


def _text(fact: object) -> str:
    return "" if fact is None else str(fact)
