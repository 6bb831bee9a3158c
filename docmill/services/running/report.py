"""What a batch's report says: counts, results and failures by id. It names no file and no person. How it is kept: kept_report."""

from collections.abc import Iterable, Iterator
from typing import Final

from docmill.services import batches
from docmill.services.running.room import Room
from docmill.values.batch_checks import BatchChecks
from docmill.values.jobs import JobState, JobView
from docmill.values.model import Value

FAILED_STATES: Final = frozenset({JobState.FAILED, JobState.CANCELLED})
RESULT_STATES: Final = frozenset({JobState.COMPLETED, JobState.PARTIAL, JobState.NEEDS_REVIEW})


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


class ReportCounts(Value):
    """A batch's files by what became of them; `completed` counts jobs without any problem, `partial` and `needs_review` stand beside it.

    `unreadable` files could not be read when the batch was taken in (gone, not allowed, changing); they have no job and no line, and are not
    among `total_files`.
    """

    batch_id: str
    total_files: int
    completed: int
    partial: int
    needs_review: int
    failed: int
    cancelled: int
    unfinished: int
    unreadable: int = 0


class BatchReport(ReportCounts):
    """What became of a batch, whole: a line for each file with a result, and for each that failed or was cancelled.

    `checks` says what the checks found over the whole batch; None where nobody asked them.
    """

    results: tuple[ReportLine, ...]
    failures: tuple[ReportLine, ...]
    checks: BatchChecks | None = None


def lines_of(room: Room, batch_id: str) -> Iterator[ReportLine]:
    """A line for each file of a batch, as the ledger sees it now."""
    return map(_line, batches.each_job(room.ledger, room.tenant, batch_id))


def results_among(lines: Iterable[ReportLine]) -> Iterator[ReportLine]:
    """Those that have a result."""
    return (line for line in lines if line.state in RESULT_STATES)


def counted(room: Room, batch_id: str, by_state: dict[str, int]) -> ReportCounts:
    """Counts for a report from counts by state, with the files that have no job because they could not be read."""
    ended = {state.value: by_state.get(state, 0) for state in sorted(RESULT_STATES | FAILED_STATES)}
    total = sum(by_state.values())
    unreadable = batches.unreadable_files(room.ledger, room.tenant, batch_id)
    return ReportCounts(batch_id=batch_id, total_files=total, unfinished=total - sum(ended.values()), unreadable=unreadable, **ended)


def batch_report(room: Room, batch_id: str) -> BatchReport:
    """The report of a batch as the ledger sees it now, whole in memory."""
    lines = tuple(lines_of(room, batch_id))
    by_state = {state.value: sum(1 for line in lines if line.state == state) for state in JobState}
    return BatchReport(
        **counted(room, batch_id, by_state).model_dump(),
        results=tuple(results_among(lines)),
        failures=tuple(line for line in lines if line.state in FAILED_STATES),
    )


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
