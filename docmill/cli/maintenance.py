"""`docmill clean-up`, `sweep`, `reconcile`: housekeeping by hand. Deployments do the same by the clock.

Belongs here: arguments and output. What goes and what is mended is decided in services.
"""

from typing import Annotated

import typer

from docmill.cli.output import show_json
from docmill.cli.rooms import room
from docmill.services import cleaning, cleaning_ledger, purging, reconciling, upkeep

DIFFERS = 11
"""Exit code when ledger and store differ: that of `damaged`."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("clean-up")(clean_up)
    app.command("sweep")(sweep)
    app.command("reconcile")(reconcile)


def clean_up(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove what runs left and nobody needs: markers, journals, dangling notes, scratch folders, dead uploads, ended ledger rows, expired originals."""
    with room() as opened:
        report = cleaning.clean_up(opened, dry_run=dry_run)
        try:
            documents = len(purging.expired(opened)) if dry_run else purging.purge_expired(opened).documents
        finally:
            if not dry_run:
                cleaning_ledger.clean_up_ledger(opened)
    if as_json:
        show_json(report)
        return
    verb = "would remove" if dry_run else "removed"
    typer.echo(f"{verb} {len(report.cleaned_files)} object(s), {report.total_space_freed:,} bytes")
    for failure in report.failed_cleanups:
        typer.echo(f"- {failure.path}: {failure.error}")
    if documents:
        typer.echo(f"{verb} originals and private data of {documents} redacted document(s) whose time is over")


def sweep(*, as_json: Json = False) -> None:
    """Queue jobs of runs that are gone for a new attempt, or end them with a reason; finish what such runs left: batches, erasures, orders."""
    with room() as opened:
        done = upkeep.keep_up(opened)
    if as_json:
        show_json(done)
        return
    typer.echo(
        "{queued} job(s) queued for a new attempt, {failed} failed, {cancelled} cancelled, {closed} batch(es) closed, {erasures} erasure(s) finished, "
        "{withdrawn} object(s) withdrawn, {hidden} hidden, {orders} order(s) finished".format(**done)
    )


def reconcile(*, as_json: Json = False) -> None:
    """Compare the results that the ledger names with those in the store. Exit code 11 when they differ; nothing is changed."""
    with room() as opened:
        found = reconciling.reconcile(opened)
    if as_json:
        show_json(found)
    else:
        typer.echo(f"{found.results} results in the ledger, {found.objects} in the store")
        for name in found.unnamed_objects:
            typer.echo(f"- no job names {name}")
        for job_id, name in found.missing_objects.items():
            typer.echo(f"- {job_id}: {name} is gone")
    if not found.is_clean:
        raise typer.Exit(DIFFERS)
