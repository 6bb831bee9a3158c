"""`docmill ingest` and `docmill remill`: register files and carry them through the flow in this process."""

from typing import Annotated

import typer

from docmill.cli.milling import mill
from docmill.cli.option_flags import with_mill_options
from docmill.cli.output import show_json, show_table
from docmill.cli.password import PasswordFile, read_password
from docmill.cli.rooms import room
from docmill.cli.status import show_checks
from docmill.errors import FileUnreadable, error_from_code
from docmill.services.batches import batch_jobs
from docmill.services.documents import remill as remill_documents
from docmill.services.intake import Sender, take_in
from docmill.services.pii_rules import kept_rules
from docmill.services.running.report import BatchReport
from docmill.services.running.room import Room
from docmill.services.sources import files_of
from docmill.services.unread import Unread
from docmill.values.jobs import JobState, JobView
from docmill.values.options import MillOptions

Json = Annotated[bool, typer.Option("--json", help="Print the batch report as JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("ingest")(with_mill_options(ingest))
    app.command("remill")(remill)


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or gs://bucket/prefix.", metavar="PATH")],
    *,
    options: MillOptions,
    as_json: Json = False,
    tag: Annotated[list[str] | None, typer.Option(help="Tag every document; may be repeated.")] = None,
    collection: Annotated[str | None, typer.Option(help="Collection the documents belong to.")] = None,
    password_file: PasswordFile = None,
) -> None:
    """Mill documents: read, understand, find personal data, redact, index, validate, publish.

    Exit code 0 when a result was published for at least one document; else the code of the first failure.
    """
    with room() as opened:
        sender = Sender(tags=tuple(tag or ()), collection=collection, password=read_password(password_file))
        unread = Unread()
        found = list(files_of(paths, opened.settings, unread))
        if not found and not unread.files:
            typer.echo("docmill: there are no files in these folders; hidden ones are left out", err=True)
        batch_id, registered = take_in(opened, found, options, sender, unread=unread)
        _show_unread(unread)
        reused = {r.job_id for r in registered if r.reused}
        _mill_and_show(opened, batch_id, reused, as_json=as_json)


def remill(
    what: Annotated[str, typer.Argument(help="Document, job or batch id.", metavar="DOCUMENT|JOB|BATCH")],
    *,
    force: Annotated[bool, typer.Option("--force", help="Mill again even what is there, and start a new count of tries.")] = False,
    as_json: Json = False,
) -> None:
    """Mill a document again as a new job; without --force only what is missing or was made by another version is done."""
    with room() as opened:
        batch_id = remill_documents(opened.ledger, opened.tenant, what, force=force, pii_rules=kept_rules(opened))
        _mill_and_show(opened, batch_id, set(), as_json=as_json)


def _mill_and_show(opened: Room, batch_id: str, reused: set[str], *, as_json: bool) -> None:
    report = mill(opened, batch_id, quiet=as_json)
    if as_json:
        show_json(report)
    elif report.total_files:
        show_outcomes(opened, batch_jobs(opened.ledger, opened.tenant, batch_id), reused)
        show_checks(report)
    _end_with(report)


def _show_unread(unread: Unread) -> None:
    for place, error in unread.files:
        typer.echo(f"docmill: not taken in: {place}: {error.message} [{error.code}]", err=True)
    if unread.files:
        typer.echo(f"docmill: {len(unread.files)} could not be read ({unread.told}). {unread.files[0][1].hint}", err=True)


def _end_with(report: BatchReport) -> None:
    if report.failures and not report.results:
        raise typer.Exit(error_from_code(report.failures[0].code or "").kind.exit_code)
    if report.unreadable and not report.results:
        raise typer.Exit(FileUnreadable().kind.exit_code)


def show_outcomes(opened: Room, jobs: list[JobView], reused: set[str]) -> None:
    """A table of outcomes with where to look; file names are shown to their owner only, here."""
    rows = [
        (
            job.name,
            job.state + (" (already milled)" if job.job_id in reused else ""),
            job.kind or "",
            str(job.page_count or ""),
            job.error_code or (f"{job.problems} problem(s)" if job.problems else ""),
            job.document_id[:12],
        )
        for job in jobs
    ]
    show_table("Outcomes", ("file", "outcome", "kind", "pages", "why", "document"), rows)
    links = [(job.document_id[:12], _link(opened, job)) for job in jobs if job.results_object]
    if links:
        typer.echo("Results:")
        for document, link in links:
            typer.echo(f"  {document}  {link}")
    if any(job.state is not JobState.COMPLETED for job in jobs):
        typer.echo("`docmill status DOCUMENT` says what is wrong with a document and what to do next.")


def _link(opened: Room, job: JobView) -> str:
    return f"{opened.store_spec.url.rstrip('/')}/{job.results_object}"
