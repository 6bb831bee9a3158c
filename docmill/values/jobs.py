"""Jobs, attempts, items and what they leave behind: the words that the ledger, the milling on workers and the flow process share."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from docmill.values.model import Value
from docmill.values.options import MillOptions
from docmill.values.outcome import Outcome, OutcomeName
from docmill.values.review import Doubt
from docmill.values.usage import Calls, Usage


class JobState(StrEnum):
    """accepted -> running -> [cancelling] -> one final state, which never changes."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    PARTIAL = "partial"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the state never changes any more."""
        return self not in {JobState.ACCEPTED, JobState.RUNNING, JobState.CANCELLING}


FINAL_STATES: tuple[JobState, ...] = tuple(s for s in JobState if s.is_final)
"""States a job ends in."""


class Artefact(Value):
    """One object that a stage made.

    Attributes:
        stage: which stage made it.
        name: what it is for people and links: page_words, text, redacted, results, ...
        key: its artefact key.
        object_name: where it lies in the object store; its first element is the prefix, which is its sensitivity.
        media_type, size_bytes, sha256: of its bytes.
        page: counted from 1, for an artefact of one page.
    """

    stage: str
    name: str
    key: str
    object_name: str
    media_type: str
    size_bytes: int
    sha256: str
    page: int | None = None

    @property
    def prefix(self) -> str:
        """originals, private or public."""
        return self.object_name.split("/", 1)[0]


class ItemStatus(StrEnum):
    """How one item of a shard ended."""

    DONE = "done"
    PRESENT = "present"  # the artefact was there already: nothing was run
    FAILED = "failed"
    RETRY = "retry"  # a retryable error; the task will come again


class ItemOutcome(Value):
    """What became of one item (a document, or one page of it) in one stage; written by workers as an outcome marker.

    Attributes:
        item: "document" or "page-<n>".
        artefacts: what was made or found.
        error_code, error_message: of docmill.errors when failed or retry.
        facts: numbers and type names the next stages need (page_count, media_type, source, confidence, ...), never document text.
        seconds: wall time of this item; 0 when present.
        cpu_s: processor time of worker and cell for it, in all tries of the job; 0 when another job had made it.
        calls: of services outside that answered for it, by service; as cpu_s.
        tries: how often the item was begun for this job.
    """

    job_id: str
    document_id: str
    stage: str
    item: str
    status: ItemStatus
    artefacts: tuple[Artefact, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    facts: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    seconds: float = 0.0
    cpu_s: float = 0.0
    calls: dict[str, Calls] = Field(default_factory=dict)
    tries: int = 1

    @property
    def page(self) -> int | None:
        """The page number of a page item."""
        return int(self.item.removeprefix("page-")) if self.item.startswith("page-") else None


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that arrives: a local path or an object of a source bucket, the name its sender gave it, and its size in bytes if known.

    `version` is what the listing says of its state: the same one means the same bytes. None where that cannot be said.
    """

    location: str
    name: str
    size_bytes: int | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this run holds under a lease. The fence grows with every attempt at the document; a late writer has a lower one."""

    job_id: str
    document_id: str
    tenant: str
    sha256: str
    size_bytes: int
    media_type: str
    options: MillOptions
    accepted_at: datetime
    fence: int
    count: int
    """How often this document was asked to start a new count of tries (retry, force); part of the journal markers' names."""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """Where a running job stands. `message` such as "reading page 3/12"; progress 0-100 never falls."""

    job_id: str
    fence: int
    stage: str
    progress: int
    message: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended. `results` is None when nothing was published (failed, cancelled); `doubts` is None where nobody has looked for any.

    `resolved`: messages of contradictions that are none any more with what people decided; tasks about them are over.
    """

    job_id: str
    document_id: str
    fence: int
    state: JobState
    outcome: Outcome
    results: Artefact | None = None
    published: tuple[Artefact, ...] = ()
    kind: str | None = None
    page_count: int | None = None
    media_type: str | None = None
    seconds: float = 0.0
    doubts: tuple[Doubt, ...] | None = None
    resolved: tuple[str, ...] = ()
    stage_seconds: dict[str, float] | None = None
    usage: Usage | None = None


def final_state(outcome: Outcome) -> JobState:
    """The job state that an outcome leads to."""
    return {
        OutcomeName.COMPLETED: JobState.COMPLETED,
        OutcomeName.PARTIAL: JobState.PARTIAL,
        OutcomeName.NEEDS_REVIEW: JobState.NEEDS_REVIEW,
        OutcomeName.FAILED: JobState.FAILED,
    }[outcome.name]


class JobView(Value):
    """A job as people and APIs see it. `name` is the file name, personal data: for the owner's eyes, never for logs."""

    job_id: str
    document_id: str
    batch_id: str | None
    parent_job_id: str | None
    name: str
    state: JobState
    stage: str | None
    progress: int
    message: str
    current: int
    total: int
    error_code: str | None
    error_message: str | None
    attempts: int
    options: MillOptions
    tags: tuple[str, ...] = ()
    collection: str | None = None
    kind: str | None = None
    page_count: int | None = None
    size_bytes: int = 0
    accepted_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    changed_at: datetime | None = None
    results_object: str | None = None
    problems: int = 0
    usage: Usage | None = None


class BatchView(Value):
    """A batch with the count of its jobs by state."""

    batch_id: str
    created_at: datetime
    finished_at: datetime | None
    total_files: int
    by_state: dict[str, int]
    report_object: str | None = None
