"""Building the contract's answers from tasks. What may be shown is decided in docmill/services/task_view.py."""

from collections.abc import Sequence

from docmill.error_table import ERROR_TABLE
from docmill.errors import error_from_code
from docmill.gateway import contract as shape
from docmill.gateway.access import may_see_originals
from docmill.services import task_view
from docmill.services.running.room import Room
from docmill.services.uploads import Submission
from docmill.values.batch_checks import BatchChecks
from docmill.values.jobs import BatchView, JobState, JobView
from docmill.values.results import Results, TextBlock

POLL_S = 5


def status_url(task_id: str) -> str:
    """Where to ask for a task."""
    return f"/api/v1/upload/status/{task_id}/"


def _polling(task_id: str) -> shape.PollingInstructions:
    return shape.PollingInstructions(check_url=status_url(task_id), recommended_interval_seconds=POLL_S)


def _status(job: JobView) -> shape.Status:
    found: shape.Status = task_view.contract_status(job.state)  # type: ignore[assignment] # the table there holds these four words only
    return found


def accepted(jobs: Sequence[JobView], submission: Submission, media_types: Sequence[str | None]) -> shape.UploadAccepted:
    """The answer to an upload.

    Args:
        jobs: one per file, named as in this upload.
        submission: what became of it.
        media_types: as the client said, one per file.
    """
    tasks = [
        shape.AcceptedTask(
            task_id=job.job_id,
            document_id=job.document_id,
            status=_status(job),
            file_info=shape.UploadedFile(name=job.name, size=job.size_bytes, content_type=media_type),
            status_url=status_url(job.job_id),
            reused=job.batch_id != submission.batch_id,
        )
        for job, media_type in zip(jobs, media_types, strict=True)
    ]
    first = tasks[0]
    return shape.UploadAccepted(
        message="This file is known; its task is given" if first.reused else "File uploaded, processing started",
        task_id=first.task_id,
        file_info=first.file_info,
        processing_options=jobs[0].options,
        status_url=first.status_url,
        polling_instructions=_polling(first.task_id),
        batch_id=submission.batch_id,
        tasks=tasks,
    )


def message_of(job: JobView) -> str:
    """One sentence about where a task stands."""
    if job.state is JobState.ACCEPTED:
        return "stored, waiting to be processed"
    if job.state is JobState.CANCELLING:
        return "being cancelled"
    if job.state is JobState.CANCELLED:
        return "cancelled"
    if job.state is JobState.FAILED:
        return job.error_message or (ERROR_TABLE[job.error_code].title if job.error_code and job.error_code in ERROR_TABLE else "failed")
    return job.message or job.state.value


def task_line(job: JobView) -> shape.TaskLine:
    """A task in a list."""
    return shape.TaskLine(
        task_id=job.job_id,
        document_id=job.document_id,
        batch_id=job.batch_id,
        name=job.name,
        status=_status(job),
        outcome=job.state,
        progress=task_view.progress(job),
        message=message_of(job),
        kind=job.kind,
        page_count=job.page_count,
        size=job.size_bytes,
        tags=list(job.tags),
        collection=job.collection,
        error_code=job.error_code,
        accepted_at=job.accepted_at,
        finished_at=job.finished_at,
        status_url=status_url(job.job_id),
    )


def task_status(room: Room, job: JobView) -> shape.TaskStatus:
    """Where a task stands, with its result when it is completed."""
    base = shape.TaskStatus(
        task_id=job.job_id,
        status=_status(job),
        outcome=job.state,
        progress=task_view.progress(job),
        message=message_of(job),
        updated_at=max(at for at in (job.accepted_at, job.changed_at, job.finished_at) if at),
        polling_instructions=_polling(job.job_id),
        document_id=job.document_id,
        batch_id=job.batch_id,
        error=_error(job),
        usage=job.usage,
    )
    if base.status != "completed" or job.finished_at is None:
        return base
    results, links = task_view.results_of(room, job), task_view.links(room, job, originals=may_see_originals())
    return base.model_copy(
        update={
            "processing_id": f"task_{job.job_id}_{int(job.finished_at.timestamp() * 1000)}",
            "file_info": shape.OriginalInfo(
                original_name=job.name, size=job.size_bytes, content_type=results.document.media_type if results else None
            ),
            "storage_info": _storage(links),
            "ocr_result": _ocr_result(job, results),
            "enrichment": results.enrichment if results else None,
            "download_urls": download_urls(links),
            "processing_completed_at": job.finished_at,
        }
    )


def download_urls(links: task_view.Links) -> dict[str, str | None]:
    """Signed links by name; the original's is null where only the redacted copy may be seen."""
    first = {
        "original_file": links.original.url if links.original else None,
        "results_file": links.results.url if links.results else None,
    }
    return first | {name: link.url for name, link in links.others.items()}


def batch_answer(view: BatchView, jobs: Sequence[JobView], checks: BatchChecks | None) -> shape.BatchAnswer:
    """A batch; it is over when the last of its tasks is, whichever run milled them."""
    ends = [job.finished_at for job in jobs if job.finished_at is not None]
    return shape.BatchAnswer(
        batch_id=view.batch_id,
        created_at=view.created_at,
        finished_at=max(ends) if jobs and len(ends) == len(jobs) else None,
        total_files=view.total_files,
        by_outcome=view.by_state,
        tasks=[task_line(job) for job in jobs],
        checks=_checks(view.batch_id, checks) if checks else None,
    )


def _checks(batch_id: str, found: BatchChecks) -> shape.BatchChecksAnswer:
    return shape.BatchChecksAnswer(
        documents=found.documents,
        failed={one.check: len(one.document_ids) for one in found.failed},
        error_code=found.error_code,
        page_url=f"/api/v1/batches/{batch_id}/checks" if found.page else None,
    )


def _error(job: JobView) -> shape.TaskError | None:
    if job.error_code is None:
        return None
    hint = error_from_code(job.error_code, job.error_message or "").hint if job.error_code in ERROR_TABLE else ""
    return shape.TaskError(code=job.error_code, message=message_of(job), hint=hint)


def _storage(links: task_view.Links) -> shape.StorageInfo:
    original, results = links.original, links.results
    return shape.StorageInfo(
        original_file=shape.OriginalFile(
            gcs_path=original.object_name if original else None,
            gs_url=original.gs_url if original else None,
            signed_url=original.url if original else None,
            signed_url_expires_at=original.expires_at if original else None,
        ),
        results_file=shape.ResultsFile(gcs_path=results.object_name if results else None, signed_url=results.url if results else None),
    )


def _ocr_result(job: JobView, results: Results | None) -> shape.OcrResult:
    begun, ended = job.started_at or job.accepted_at, job.finished_at or job.accepted_at
    if results is None:
        return shape.OcrResult(
            full_text=None,
            processing_time=round((ended - begun).total_seconds(), 3),
            language=job.options.language,
            format=job.options.extract_format,
            text_blocks_count=None,
            text_blocks_dropped=None,
            text_blocks=[],
        )
    return shape.OcrResult(
        full_text=results.full_text,
        processing_time=round((ended - begun).total_seconds(), 3),
        language=results.language,
        format=results.format,
        text_blocks_count=results.text_blocks_count,
        text_blocks_dropped=results.text_blocks_dropped,
        text_blocks=_text_blocks(results),
    )


def _text_blocks(results: Results) -> list[TextBlock]:
    """The blocks, each with the size of its page, which results before 1.5.0 say of pages only."""
    sizes = {page.number: {"width_px": page.width_px, "height_px": page.height_px} for page in results.pages}
    return [block if block.width_px is not None else block.model_copy(update=sizes.get(block.page)) for block in results.text_blocks]
