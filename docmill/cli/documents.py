"""Looking at documents and jobs: list, status, result, url, export, delete. File names are shown to their owner only, here."""

import contextlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.errors import ERROR_TABLE, InvalidOptions, NotFound
from docmill.services import batches, documents, jobs, lookups
from docmill.services.erase import erase
from docmill.services.running.report import batch_report
from docmill.services.running.room import Room
from docmill.values.jobs import Artefact, JobState, JobView
from docmill.values.keys import PUBLIC, original_name

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
DOCUMENT = typer.Argument(help="Document or job id; the first characters are enough.")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list")(list_documents)
    for command in (status, result, url, export, delete):
        app.command()(command)


def list_documents(
    *,
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    with room() as opened:
        found = jobs.list_jobs(opened.ledger, opened.tenant, state=state, limit=limit)
    if as_json:
        show_json(found)
    else:
        rows = [
            (j.job_id, j.document_id[:12], j.name, j.state, j.kind or "", str(j.page_count or ""), f"{j.accepted_at:%Y-%m-%d %H:%M:%S}")
            for j in found
        ]
        show_table("Jobs", ("job", "document", "file", "state", "kind", "pages", "accepted (UTC)"), rows)


def status(
    what: Annotated[str | None, typer.Argument(help="Job, batch or document id; without one, the counts of all jobs.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say where a job or a batch stands, and why a job failed."""
    with room() as opened:
        if what is None:
            counts = lookups.count_jobs(opened.ledger, opened.tenant)
            show_json(counts) if as_json else show_table("Jobs by state", ("state", "jobs"), [(s, str(n)) for s, n in counts.items()])
            return
        job = _job(opened, what)
        if job is None:
            _batch_status(opened, what, as_json=as_json)
            return
    show_json(job) if as_json else _show_job(job)


def _job(opened: Room, what: str) -> JobView | None:
    """The job of a job id, or the newest one of a document; None for anything else."""
    with contextlib.suppress(NotFound):
        return jobs.job_view(opened.ledger, opened.tenant, what)
    with contextlib.suppress(NotFound):
        return lookups.newest_job(opened.ledger, opened.tenant, what)
    return None


def _published(opened: Room, document: str) -> JobView:
    """The job of a document's current version.

    Raises:
        NotFound: no such document, or nothing was published of it.
    """
    job = documents.current_result(opened.ledger, opened.tenant, document)
    if job is None or job.results_object is None:
        raise NotFound("nothing was published for this document; `docmill status` says why")
    return job


def _batch_status(opened: Room, batch_id: str, *, as_json: bool) -> None:
    view = batches.batch_view(opened.ledger, opened.tenant, batch_id)
    if as_json:
        show_json(batch_report(opened, batch_id))
    else:
        show_table(f"Batch {batch_id}", ("state", "jobs"), [(s, str(n)) for s, n in view.by_state.items()])


def _show_job(job: JobView) -> None:
    lines = [
        ("job", job.job_id),
        ("document", job.document_id),
        ("file", job.name),
        ("state", job.state),
        ("progress", f"{job.progress} %"),
    ]
    lines += [("message", job.message), ("attempts", str(job.attempts)), ("accepted", f"{job.accepted_at:%Y-%m-%d %H:%M:%S} UTC")]
    if job.error_code:
        kind = ERROR_TABLE.get(job.error_code)
        lines += [("error", job.error_code), ("what", job.error_message or ""), ("next", kind.hint if kind else "")]
    show_table("Job", ("", ""), lines)


def result(what: Annotated[str, DOCUMENT]) -> None:
    """Print the current results JSON of a document."""
    with room() as opened:
        typer.echo(opened.store.read(str(_published(opened, what).results_object)).decode())


def url(
    document: Annotated[str, DOCUMENT],
    artefact: Annotated[str, typer.Argument(help="results, text, redacted or original.")] = "results",
    *,
    expires: Annotated[str, typer.Option(help="How long the link works: 90s, 30m, 1h, 7d.")] = "1h",
) -> None:
    """Print a signed link to one artefact that anybody can open until it expires."""
    with room() as opened:
        found = _artefact(opened, document, artefact)
        typer.echo(opened.store.signed_url(found.object_name, expires=_duration(expires)))


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([smhd])", text.strip())
    if not match or not int(match[1]):
        raise InvalidOptions("--expires is a number with s, m, h or d, such as 1h")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def _artefact(opened: Room, document: str, name: str) -> Artefact:
    job = _published(opened, document)
    made = documents.artefacts_of(opened.ledger, opened.tenant, job.document_id)
    known = {a.name: a for a in made if a.prefix == PUBLIC}
    known["original"] = _original(opened, job)
    if name not in known:
        raise NotFound(f"no artefact of this name; there are {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _original(opened: Room, job: JobView) -> Artefact:
    """The bytes as they came; the command line is run by their owner."""
    name = original_name(opened.tenant, lookups.sha256_of(opened.ledger, opened.tenant, job.document_id))
    info = opened.store.info(name)
    return Artefact(
        stage="intake",
        name="original",
        key=job.document_id,
        object_name=name,
        media_type="",
        size_bytes=info.size_bytes,
        sha256=info.sha256 or "",
    )


def export(
    document: Annotated[str, DOCUMENT],
    folder: Annotated[Path, typer.Option("--to", help="Folder to write into.")] = Path("docmill-export"),
) -> None:
    """Copy everything published of a document (results, text, redacted copy) into a folder."""
    with room() as opened:
        job = _published(opened, document)
        published = [a for a in documents.artefacts_of(opened.ledger, opened.tenant, job.document_id) if a.prefix == "public"]
        if not published:
            raise NotFound("nothing was published for this document; `docmill status` says why")
        target = folder / job.document_id
        target.mkdir(parents=True, exist_ok=True)
        for artefact in published:
            path = target / f"{artefact.name}.{artefact.object_name.rsplit('.', 1)[-1]}"
            path.write_bytes(opened.store.read(artefact.object_name))
            typer.echo(str(path))


def delete(
    document: Annotated[str, DOCUMENT],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a document with everything made from it: objects, chunks, ledger rows. The audit trail keeps that it happened."""
    if not yes:
        typer.confirm("Delete this document and everything made from it?", abort=True, err=True)
    with room() as opened:
        job = _job(opened, document)
        if job is None:
            raise NotFound("there is no such document")
        removed = erase(opened, job.document_id)
    typer.echo(f"deleted {job.document_id}: {removed} objects")
