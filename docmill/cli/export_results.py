"""`docmill export-results`: results of many documents as one file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.option_flags import one_of
from docmill.cli.output import show_json
from docmill.cli.rooms import room
from docmill.errors import InvalidOptions
from docmill.services.exporting import FORMS, Form
from docmill.services.exporting import export_results as write
from docmill.storage.ledger.job_search import JobFilter
from docmill.values.jobs import FINAL_STATES, JobState

DAY = ["%Y-%m-%d"]


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export-results")(export_results)


def export_results(
    path: Annotated[Path, typer.Argument(help="A new file.")],
    *,
    form: Annotated[str, one_of("--format", FORMS, "A table (CSV, Parquet) or the results JSON (ZIP).")] = "csv",
    kind: Annotated[str | None, typer.Option(help="Only documents of this kind.")] = None,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only documents that ended so: completed, partial, needs_review; failed and cancelled ones have a row without results."
        ),
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only documents with this tag.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="Accepted on this day or later, UTC.", metavar="DAY")] = None,
    before: Annotated[datetime | None, typer.Option(formats=DAY, help="Accepted before this day, UTC.", metavar="DAY")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Write the newest result of every document that fits into one file."""
    if state is not None and state not in FINAL_STATES:
        raise InvalidOptions(f"--state: one of {', '.join(FINAL_STATES)}")
    wanted = JobFilter(
        states=[JobState(state)] if state else (),
        accepted_from=since.replace(tzinfo=UTC) if since else None,
        accepted_before=before.replace(tzinfo=UTC) if before else None,
        kind=kind,
        tag=tag,
    )
    found: dict[str, Form] = {one: one for one in FORMS}
    with room() as opened:
        count = write(opened, wanted, path, found[form])
    if as_json:
        show_json({"documents": count, "size_bytes": path.stat().st_size})
        return
    typer.echo(f"{count} document(s)")
