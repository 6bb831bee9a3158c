"""`docmill quarantine list|release`: items that ended their workers and are run no more."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.quarantine import list_quarantine
from docmill.services.quarantine import release as let_go

quarantine = typer.Typer(help="Items that ended their workers and are run no more.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(quarantine, name="quarantine")


@quarantine.callback()
def quarantine_commands() -> None:
    """Items that ended their workers and are run no more."""


@quarantine.command("list")
def list_them(*, as_json: Json = False) -> None:
    """List what is in quarantine, newest first."""
    with room() as opened:
        found = list_quarantine(opened)
    if as_json:
        show_json(found)
        return
    rows = [(i.job_id, i.name, i.state, i.stage, i.item, str(i.tries), f"{i.found_at:%Y-%m-%d %H:%M}") for i in found]
    show_table("Quarantine", ("job", "file", "outcome", "stage", "item", "tries", "since (UTC)"), rows)


@quarantine.command("release")
def release(
    job_ids: Annotated[list[str], typer.Argument(help="As `docmill quarantine list` shows them.", metavar="JOB...")],
    *,
    as_json: Json = False,
) -> None:
    """Try what a job has in quarantine again, as a new job; it waits for the gateway's dispatcher (`docmill up`)."""
    with room() as opened:
        for job_id in job_ids:
            new = let_go(opened, job_id).job_ids[0]
            show_json({"job_id": job_id, "new_job_id": new}) if as_json else typer.echo(f"{job_id} waits again as {new}")
