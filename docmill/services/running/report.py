"""The report of a batch: counts, results and failures by id, stored as an object. It names no file and no person."""

import json
from datetime import UTC, datetime

from pydantic import ValidationError

from docmill.errors import NotFound
from docmill.services import batches
from docmill.services.running.checks_page import checks_page
from docmill.services.running.room import Room
from docmill.values.batch_checks import BatchChecks
from docmill.values.jobs import JobState, JobView
from docmill.values.keys import PRIVATE, PUBLIC
from docmill.values.model import Value


class ReportLine(Value):
    """One job in a report. `code` and `message` say why it failed or what the first problem is."""

    document_id: str
    task_id: str
    state: str
    kind: str | None
    pages: int | None
    results: str | None
    code: str | None = None
    message: str | None = None
    attempts: int = 1


class BatchReport(Value):
    """What became of a batch; `completed` counts jobs without any problem, `partial` and `needs_review` stand beside it.

    `checks` says what the checks found over the whole batch; None where nobody asked them.
    """

    batch_id: str
    total_files: int
    completed: int
    partial: int
    needs_review: int
    failed: int
    cancelled: int
    unfinished: int
    results: tuple[ReportLine, ...]
    failures: tuple[ReportLine, ...]
    checks: BatchChecks | None = None


def _line(job: JobView) -> ReportLine:
    return ReportLine(
        document_id=job.document_id,
        task_id=job.job_id,
        state=job.state,
        kind=job.kind,
        pages=job.page_count,
        results=job.results_object,
        code=job.error_code,
        message=job.error_message,
        attempts=job.attempts,
    )


def batch_report(room: Room, batch_id: str) -> BatchReport:
    """The report of a batch as the ledger sees it now."""
    jobs = batches.batch_jobs(room.ledger, room.tenant, batch_id)
    by_state = {state: sum(1 for j in jobs if j.state is state) for state in JobState}
    final = {JobState.COMPLETED, JobState.PARTIAL, JobState.NEEDS_REVIEW, JobState.FAILED, JobState.CANCELLED}
    bad = {JobState.FAILED, JobState.CANCELLED}
    return BatchReport(
        batch_id=batch_id,
        total_files=len(jobs),
        completed=by_state[JobState.COMPLETED],
        partial=by_state[JobState.PARTIAL],
        needs_review=by_state[JobState.NEEDS_REVIEW],
        failed=by_state[JobState.FAILED],
        cancelled=by_state[JobState.CANCELLED],
        unfinished=sum(n for state, n in by_state.items() if state not in final),
        results=tuple(_line(j) for j in jobs if j.state in final - bad),
        failures=tuple(_line(j) for j in jobs if j.state in bad),
    )


def store_report(room: Room, report: BatchReport) -> str:
    """Keep the report, with the page of its checks beside it, and close the batch; returns the object's name."""
    at = datetime.now(UTC)
    place = f"{room.tenant}/reports/{report.batch_id}/{at:%Y%m%dT%H%M%S%f}"
    if report.checks and report.checks.lines:
        page = f"{PRIVATE}/{place}.checks.html"
        room.store.create(page, checks_page(report.batch_id, report.checks, made_at=at), media_type="text/html")
        report = report.model_copy(update={"checks": report.checks.model_copy(update={"page": page})})
    name = f"{PUBLIC}/{place}.json"
    room.store.create(name, json.dumps(report.model_dump(mode="json"), indent=1).encode(), media_type="application/json")
    batches.finish_batch(
        room.ledger, room.tenant, report.batch_id, report_object=name, failed_checks=report.checks.grave if report.checks else 0
    )
    return name


def stored_checks(room: Room, batch_id: str) -> BatchChecks | None:
    """What the checks said when the batch ended; None before, or where its report is of an older version.

    Raises:
        NotFound: no such batch.
        StoreUnavailable: the store did not answer.
    """
    name = batches.batch_view(room.ledger, room.tenant, batch_id).report_object
    if name is None:
        return None
    try:
        return BatchReport.model_validate_json(room.store.read(name)).checks
    except (NotFound, ValidationError):
        return None


def stored_page(room: Room, batch_id: str) -> bytes:
    """The page of a batch's checks.

    Raises:
        NotFound: no such batch, or it has none: it is not over, or fewer than two documents have a result.
        StoreUnavailable: the store did not answer.
    """
    found = stored_checks(room, batch_id)
    if found is None or found.page is None:
        raise NotFound("no checks were asked over this batch: it is not over, or fewer than two documents have a result")
    return room.store.read(found.page)
