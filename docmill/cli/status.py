"""Looking at jobs: `docmill list` and `docmill status`. File names are shown to their owner only, here."""

import contextlib
from typing import Annotated

import typer

from docmill.cli.option_flags import one_of
from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.error_table import ERROR_TABLE
from docmill.errors import NotFound
from docmill.services import batches, jobs, lookups
from docmill.services.running.kept_report import stored_checks
from docmill.services.running.report import BatchReport, batch_report
from docmill.services.running.room import Room
from docmill.values.jobs import JobState, JobView
from docmill.values.result_fields import ResultProblem
from docmill.values.results import Results
from docmill.values.usage import Usage

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
NOTHING_YET = "There are no jobs. `docmill ingest PATH...` makes some."


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_documents)
    app.command()(status)


def list_documents(
    *,
    state: Annotated[str | None, one_of("--state", list(JobState), "Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    with room() as opened:
        found = jobs.list_jobs(opened.ledger, opened.tenant, state=JobState(state) if state else None, limit=limit)
    if as_json:
        show_json(found)
    elif not found:
        typer.echo(f"There are no jobs in state {state}." if state else NOTHING_YET)
    else:
        rows = [
            (j.job_id, j.document_id[:12], j.name, j.state, j.kind or "", str(j.page_count or ""), f"{j.accepted_at:%Y-%m-%d %H:%M:%S}")
            for j in found
        ]
        show_table("Jobs", ("job", "document", "file", "state", "kind", "pages", "accepted (UTC)"), rows)


def status(
    what: Annotated[
        str | None, typer.Argument(help="Job, batch or document id; without one, the counts of all jobs.", metavar="[JOB|BATCH|DOCUMENT]")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say where a job or a batch stands, and why a job failed."""
    with room() as opened:
        if what is None:
            _show_counts(lookups.count_jobs(opened.ledger, opened.tenant), as_json=as_json)
            return
        job = find_job(opened, what)
        if job is None:
            _show_batch(opened, what, as_json=as_json)
        elif as_json:
            show_json(job)
        else:
            show_table("Job", ("", ""), [*_facts(job), *_problems(opened, job)])


def find_job(opened: Room, what: str) -> JobView | None:
    """The job of a job id, or the newest one of a document; None for anything else.

    Raises:
        InvalidOptions: several documents begin so.
    """
    with contextlib.suppress(NotFound):
        return jobs.job_view(opened.ledger, opened.tenant, what)
    with contextlib.suppress(NotFound):
        return lookups.newest_job(opened.ledger, opened.tenant, what)
    return None


def _show_counts(counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        show_json(counts)
    elif not counts:
        typer.echo(NOTHING_YET)
    else:
        show_table("Jobs by state", ("state", "jobs"), [(state, str(n)) for state, n in counts.items()])


def _show_batch(opened: Room, batch_id: str, *, as_json: bool) -> None:
    try:
        view = batches.batch_view(opened.ledger, opened.tenant, batch_id)
    except NotFound:
        raise NotFound("no job or batch has this id, no document begins so") from None
    report = batch_report(opened, batch_id)
    report = report.model_copy(update={"checks": stored_checks(opened, batch_id)})
    if as_json:
        show_json(report)
        return
    show_table(f"Batch {batch_id}", ("state", "jobs"), [(state, str(n)) for state, n in view.by_state.items()])
    if report.failures:
        rows = [(line.document_id[:12], line.task_id, line.code or line.state, line.message or "") for line in report.failures]
        show_table("Failures", ("document", "job", "code", "what"), rows)
    show_checks(report)


def show_checks(report: BatchReport) -> None:
    """What does not hold over the whole batch; nothing where all does."""
    if report.checks and report.checks.error_code:
        typer.echo(f"The checks of the whole batch were not asked: {report.checks.error_code}.")
    elif report.checks and report.checks.failed:
        told = [
            (one.check, one.severity, str(len(one.document_ids)) if one.document_ids else "", one.title) for one in report.checks.failed
        ]
        show_table("Checks that do not hold", ("check", "severity", "documents", "what holds of a good one"), told)
        typer.echo(f"docmill suite page {report.batch_id} writes a page with the ids")


def _facts(job: JobView) -> list[tuple[str, str]]:
    error = ERROR_TABLE.get(job.error_code or "")
    known = {
        "job": job.job_id,
        "document": job.document_id,
        "batch": job.batch_id,
        "file": job.name,
        "state": job.state,
        "now": None if job.state.is_final else f"{job.message} ({job.progress} %)",
        "kind": job.kind,
        "pages": job.page_count and str(job.page_count),
        "attempts": str(job.attempts),
        "accepted": f"{job.accepted_at:%Y-%m-%d %H:%M:%S} UTC",
        "finished": job.finished_at and f"{job.finished_at:%Y-%m-%d %H:%M:%S} UTC",
        "used": _used(job.usage),
        "results": job.results_object,
        "error": job.error_code,
        "what": job.error_message,
        "next": error and error.hint,
    }
    return [(name, value) for name, value in known.items() if value]


def _used(usage: Usage | None) -> str | None:
    if usage is None or not (usage.cpu_s or usage.api_calls):
        return None
    stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in usage.cpu_s.items())
    calls = "".join(f"; {_calls(usage, service)}" for service in usage.api_calls)
    together = f"; cost {usage.cost:f}" if usage.cost else ""
    return f"{usage.total_cpu_s:.2f} s of processor time ({stages}){calls}{together}"


def _calls(usage: Usage, service: str) -> str:
    count, tokens, cost = usage.api_calls[service], usage.api_tokens.get(service), usage.api_costs.get(service)
    told = f"{count} call{'s' if count > 1 else ''} of {service.replace('_', ' ')}"
    return told + (f", {tokens} tokens" if tokens else "") + ("" if cost is None else f", for {cost:f}")


def _problems(opened: Room, job: JobView) -> list[tuple[str, str]]:
    """What keeps a published job from being completed, as its results say."""
    if not job.problems or not job.results_object:
        return []
    results = Results.model_validate_json(opened.store.read(job.results_object))
    return [("problem", _line(problem)) for problem in results.outcome.problems]


def _line(problem: ResultProblem) -> str:
    page = f", page {problem.page}" if problem.page else ""
    return f"{problem.message} [{problem.code} in {problem.stage}{page}]"
