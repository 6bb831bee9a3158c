"""Review: what is doubted, the task that asks a person, and what the person decided. None of these values holds what a document says."""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from pydantic import Field

from docmill.values.model import Value


class Subject(StrEnum):
    """What is doubted."""

    FIELD = "field"
    SPAN = "span"
    CHUNK = "chunk"
    CONTRADICTION = "contradiction"
    FRAUD = "fraud"
    CHECK = "check"
    PROBLEM = "problem"
    MATCH = "match"


class Priority(StrEnum):
    """How soon a person should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


PRIORITY_RANK: MappingProxyType[str, int] = MappingProxyType({p.value: rank for rank, p in enumerate(Priority)})
"""Priority -> 0 for low up to 3 for urgent."""


class TaskState(StrEnum):
    """pending -> claimed -> decided; an overdue task is escalated until somebody claims it; cancelled when a newer result takes its place."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DECIDED = "decided"
    ESCALATED = "escalated"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether somebody has still to decide."""
        return self not in {TaskState.DECIDED, TaskState.CANCELLED}


OPEN_STATES: tuple[TaskState, ...] = tuple(state for state in TaskState if state.is_open)
"""States in which a task waits for a decision."""


class Verdict(StrEnum):
    """accepted: it is right as it is; corrected: another value stands in its place; rejected: it is wrong and nothing stands in its place."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


class Doubt(Value):
    """One thing that a person should look at.

    Attributes:
        subject: what it is.
        name: the field, the entity type, the check or the match of a receipt with an order; empty for chunks and contradictions.
        reason: one sentence without document text; for contradictions and checks the message of the problem it settles.
        priority: how soon.
        page: counted from 1.
        box: (x0, y0, x1, y1) in pixels of the upright page image, origin top-left.
        start, end: characters [start, end) of the page's canonical text.
        confidence: 0.0-1.0; None where there is none.
        eyes: how many people must decide alike; None for what its subject asks for: 2 for fraud, else 1.
    """

    subject: Subject
    name: str = ""
    reason: str
    priority: Priority = Priority.MEDIUM
    page: int | None = None
    box: tuple[float, float, float, float] | None = None
    start: int | None = None
    end: int | None = None
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    eyes: int | None = Field(default=None, ge=1, le=2)


class ReviewTask(Value):
    """A task as people and APIs see it.

    Attributes:
        role: the least role that may decide it.
        eyes: how many people must decide alike, 1 or 2.
        opinions: how many have decided.
        version: grows with every change; a decision shows the one it was made on.
    """

    task_id: str
    document_id: str
    job_id: str
    subject: Subject
    name: str
    reason: str
    page: int | None
    box: tuple[float, float, float, float] | None
    start: int | None
    end: int | None
    confidence: float | None
    priority: Priority
    state: TaskState
    role: str
    eyes: int
    opinions: int
    assigned_to: str | None
    lease_until: datetime | None
    due_at: datetime
    escalated_at: datetime | None
    version: int
    created_at: datetime
    closed_at: datetime | None


class DecisionView(Value):
    """A decision. `value_object` names the private object with the old and the new value; the digests are keyed.

    Attributes:
        field: the field that takes a corrected value.
        is_final: whether it closed its task; the first of two opinions does not.
        job_id: the job that applies it; None until one was made.
    """

    decision_id: str
    task_id: str
    user_id: str
    verdict: Verdict
    field: str | None
    value_object: str
    old_digest: str | None
    new_digest: str | None
    is_final: bool
    job_id: str | None
    created_at: datetime
