"""The shapes of the asynchronous OCR contract's answers. Names and nesting are the contract's; docmill's own additions are said so."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from docmill.values.enrichment import Enrichment
from docmill.values.jobs import JobState
from docmill.values.options import MillOptions
from docmill.values.results import TextBlock
from docmill.values.usage import Usage

Status = Literal["pending", "processing", "completed", "failed"]
TASK = "01m9zk3v4h8w6y2p5r7t0bqxcd"


class Part(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class PollingInstructions(Part):
    """Where and how often to ask."""

    check_url: str = Field(examples=[f"/api/v1/upload/status/{TASK}/"])
    recommended_interval_seconds: int = 5
    timeout_minutes: int = 30


class UploadedFile(Part):
    """The file as it was sent. `content_type` is what the client said."""

    name: str = Field(examples=["invoice.pdf"])
    size: int = Field(description="Bytes.", examples=[48213])
    content_type: str | None = Field(examples=["application/pdf"])


class AcceptedTask(Part):
    """One file of an upload with several. docmill's own."""

    task_id: str = Field(examples=[TASK])
    document_id: str
    status: Status
    file_info: UploadedFile
    status_url: str
    reused: bool = Field(description="The task was there already: same bytes, same options.")


class UploadAccepted(Part):
    """The upload is stored and waits, or has been processed before. The members of a single task are those of the first file."""

    success: Literal[True] = True
    message: str = Field(examples=["File uploaded, processing started"])
    task_id: str = Field(examples=[TASK])
    status: Literal["PENDING"] = "PENDING"
    file_info: UploadedFile
    processing_options: MillOptions
    status_url: str = Field(examples=[f"/api/v1/upload/status/{TASK}/"])
    polling_instructions: PollingInstructions
    batch_id: str = Field(description="All files of this request. docmill's own.")
    tasks: list[AcceptedTask] = Field(description="One per file, in their order. docmill's own.")


class TaskError(Part):
    """Why there is no result. docmill's own."""

    code: str = Field(examples=["encrypted"])
    message: str
    hint: str


class OriginalInfo(Part):
    """The document as it came."""

    original_name: str = Field(examples=["invoice.pdf"])
    size: int
    content_type: str | None


class OriginalFile(Part):
    """Where the original lies. All null where only the redacted copy may be seen; `gs_url` is null unless the store is a bucket."""

    gcs_path: str | None = Field(description="Opaque.")
    gs_url: str | None
    signed_url: str | None
    signed_url_expires_at: datetime | None


class ResultsFile(Part):
    """Where the results JSON lies."""

    gcs_path: str | None = Field(description="Opaque.")
    signed_url: str | None


class StorageInfo(Part):
    """Where things lie."""

    original_file: OriginalFile
    results_file: ResultsFile


class OcrResult(Part):
    """The text; redacted where redaction was asked for.

    When the results are over 1 MB `full_text` is null and no blocks are given: follow download_urls.results_file.
    """

    full_text: str | None
    processing_time: float = Field(description="Seconds of work.")
    language: str
    format: str
    text_blocks_count: int | None
    text_blocks_dropped: int | None = Field(description="Blocks below confidence_threshold.")
    text_blocks: list[TextBlock]


class TaskStatus(Part):
    """Where a task stands."""

    success: Literal[True] = True
    task_id: str = Field(examples=[TASK])
    status: Status = Field(description="Stop asking at completed and failed.")
    outcome: JobState = Field(description="The finer word: partial and needs_review are completed, cancelled is failed.")
    progress: int = Field(ge=0, le=100, description="Never falls.")
    message: str = Field(examples=["reading page 3/12"])
    updated_at: datetime
    polling_instructions: PollingInstructions
    document_id: str
    batch_id: str | None
    error: TaskError | None = None
    usage: Usage | None = Field(default=None, description="What it cost, once it is over. docmill's own.")
    processing_id: str | None = None
    file_info: OriginalInfo | None = None
    storage_info: StorageInfo | None = None
    ocr_result: OcrResult | None = None
    enrichment: Enrichment | None = Field(
        default=None,
        description="Languages, dates, keywords, entities, summary and tone; of the redacted pages where redaction was asked for.",
    )
    download_urls: dict[str, str | None] | None = Field(
        default=None, description="original_file, results_file and what else was published."
    )
    processing_completed_at: datetime | None = None


class TaskLine(Part):
    """A task in a list."""

    task_id: str
    document_id: str
    batch_id: str | None
    name: str
    status: Status
    outcome: JobState
    progress: int
    message: str
    kind: str | None
    page_count: int | None
    size: int
    tags: list[str]
    collection: str | None
    error_code: str | None
    accepted_at: datetime
    finished_at: datetime | None
    status_url: str


class TaskPage(Part):
    """Tasks, newest first. `next_cursor` asks for the next page; null on the last."""

    success: Literal[True] = True
    tasks: list[TaskLine]
    next_cursor: str | None


class BatchChecksAnswer(Part):
    """What the checks said of the whole batch when it ended."""

    documents: int = Field(description="Documents with a result.")
    failed: dict[str, int] = Field(
        description="Checks that do not hold, with how many documents fail; 0 where it is of the batch as a whole."
    )
    error_code: str | None = Field(description="Why they could not be asked.")
    page_url: str | None = Field(description="A page with the ids of the documents; path on this gateway.")


class BatchAnswer(Part):
    """The files of one request."""

    batch_id: str
    created_at: datetime
    finished_at: datetime | None = Field(description="When the last of its tasks ended.")
    total_files: int
    by_outcome: dict[str, int]
    tasks: list[TaskLine]
    checks: BatchChecksAnswer | None = Field(description="docmill's own. None until a run has ended the batch.")


class DocumentAnswer(Part):
    """A document: its newest task, and links to what its current result published."""

    document_id: str
    newest_task: TaskLine
    current_task: TaskLine | None
    download_urls: dict[str, str | None]


class RecoveryAnswer(Part):
    """What the last proven backup promises."""

    proven_at: datetime
    proof_age_s: float = Field(description="How long ago a backup was last proven.")
    rpo_s: float = Field(description="Work of so many seconds would be lost if everything were lost now.")
    rto_s: float = Field(description="So long did restoring that backup take.")
    restored: bool = Field(description="It was restored whole; else only its files were compared with their hashes.")


class Health(Part):
    """Whether the parts answer."""

    status: Literal["ready", "degraded", "unready"]
    checks: dict[str, Literal["ok", "away"]]
    recovery: RecoveryAnswer | None = Field(description="None while no backup was proven.")


class Problem(BaseModel):
    """RFC 9457 problem. `code` and `hint` are docmill's; `success` and `message` are there under /api/v1/upload."""

    type: str = Field(examples=["urn:docmill:error:invalid_options"])
    title: str
    status: int = Field(examples=[422])
    detail: str | None = None
    code: str | None = None
    hint: str | None = None
    success: Literal[False] | None = None
    message: str | None = None
