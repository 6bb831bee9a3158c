"""Small values that go into the ledger or come out of it and that docmill.values does not have."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docmill.errors import DocmillError
from docmill.values.jobs import JobState


@dataclass(frozen=True, slots=True)
class NewJob:
    """A file to register.

    Attributes:
        sha256: of its bytes, hexadecimal.
        size_bytes, media_type: of its bytes.
        name: as its sender calls it; personal data.
        stored: whether its bytes lie under originals/.
        error: why it cannot be milled; such a job fails at once.
    """

    sha256: str
    size_bytes: int
    media_type: str
    name: str
    stored: bool
    error: DocmillError | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """What became of a registered file: its document and the job that mills it; `reused` when that job was there already."""

    document_id: str
    job_id: str
    reused: bool


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt at a job. `end_reason` is finished, cancelled or lease_lost; None while it runs."""

    number: int
    fence: int
    flow_run_id: str
    started_at: datetime
    lease_until: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """What deciding about a locked job needs."""

    job_id: str
    document_id: str
    batch_id: str
    state: JobState
    attempt: int
    fence: int
    progress: int
    started_at: datetime | None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What was asked for with a job, so that it can be asked for again. `options` are those of MillOptions."""

    job_id: str
    document_id: str
    sha256: str
    size_bytes: int
    media_type: str
    file_name: str
    tags: list[str]
    collection: str | None
    client_metadata: dict[str, Any] | None
    options: dict[str, Any]
