"""`docmill back-up` and `docmill restore`. What a backup holds and what is proven stands in docmill/services/backup."""

from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.output import show_json
from docmill.cli.rooms import room
from docmill.services.backup import restoring, taking
from docmill.settings import settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("back-up")(back_up)
    app.command("restore")(restore)


def back_up(
    folder: Annotated[Path, typer.Argument(help="An empty folder, or one that is not there yet; not below DOCMILL_HOME.")],
    *,
    keys: Annotated[Path | None, typer.Option(help="Folder that the key files are copied to: another place than the backup.")] = None,
    as_json: Json = False,
) -> None:
    """Copy ledger, store and search index of one point in time, with a SHA-256 of everything. Work may go on meanwhile."""
    with room() as opened:
        done = taking.back_up(opened, folder, keys=keys)
    if as_json:
        show_json(done)
        return
    typer.echo(f"{done.files} files, {done.size_bytes:,} bytes in {done.seconds} s")
    if done.keys and keys is None:
        typer.echo(f"docmill: keep these files of DOCMILL_HOME elsewhere, the backup needs them: {', '.join(done.keys)}", err=True)


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    keys: Annotated[Path | None, typer.Option(help="Folder with the key files.")] = None,
    as_json: Json = False,
) -> None:
    """Restore a backup to where the settings point, where nothing may be yet, and prove that it is whole."""
    done = restoring.restore(folder, settings(), keys=keys)
    if as_json:
        show_json(done)
        return
    typer.echo(f"{done.files} files hold, {done.audit_events} audit events hold, {done.chunks} chunks are searched ({done.seconds} s)")
    if done.missing_results:
        typer.echo(
            f"docmill: {done.missing_results} result(s) were erased while the backup was taken; `docmill reconcile` names them", err=True
        )
