"""`docmill back-up` and `docmill restore`. What a backup holds and what is proven stands in docmill/services/backup."""

from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer

from docmill.cli.output import show_json
from docmill.cli.rooms import room
from docmill.errors import DocmillError
from docmill.services.backup import restoring, taking
from docmill.settings import settings
from docmill.storage.document_keys import FILE

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


NEXT: Final = MappingProxyType(
    {
        "not_found": "Name the backup's own folder, the one that holds backup.json; without that file it was never finished.",
        "damaged": "Take an older backup, or another copy of this one: `sha256sum --check SHA256SUMS` in it names the files that were changed. "
        "Restore into an empty home.",
        "conflict": "Nothing was written. Let DOCMILL_HOME, DOCMILL_LEDGER_URL and DOCMILL_STORE_URL name places where nothing is yet, or move "
        "away what is there.",
        "store_unavailable": "Look at free space and rights of DOCMILL_HOME and DOCMILL_STORE_URL, empty what was written there, and restore "
        "again.",
        "ledger_unavailable": "Look at free space and rights of DOCMILL_HOME, or at the empty database of DOCMILL_LEDGER_URL, empty what was "
        "written, and restore again.",
        "engine_missing": "Install postgresql-client of the server's version.",
    }
)
"""Error code -> what to do where it ended a restore. The hints of the table are for those who mill."""


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
    """Copy the ledger and the tenant's objects of one point in time, with a SHA-256 of everything. Work may go on meanwhile."""
    with room() as opened:
        done = taking.back_up(opened, folder, keys=keys)
    if as_json:
        show_json(done)
        return
    typer.echo(f"{done.files} files, {done.size_bytes:,} bytes in {done.seconds} s")
    if keys is None:
        needed = ", ".join((*done.keys, *done.lists, FILE))
        typer.echo(f"docmill: keep these files of DOCMILL_HOME elsewhere, the backup needs them: {needed}", err=True)
    if done.other_tenants:
        others = ", ".join(done.other_tenants)
        typer.echo(f"docmill: the backup is of the tenant {done.tenant}; back up with the homes of the others: {others}", err=True)
    if done.lacking_originals or done.lacking_results:
        lacking = f"{done.lacking_originals} original(s) and {done.lacking_results} result(s)"
        typer.echo(f"docmill: {lacking} that the ledger names are not in the store; `docmill reconcile` names results", err=True)


def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.")],
    *,
    keys: Annotated[Path | None, typer.Option(help="Folder with the key files.")] = None,
    as_json: Json = False,
) -> None:
    """Restore a backup to where the settings point, where nothing may be yet, and prove that it is whole."""
    try:
        done = restoring.restore(folder, settings(), keys=keys)
    except DocmillError as error:
        error.advice = "" if error.facts.get("originals") is not None else NEXT.get(error.code, "")  # what is lacking says so itself
        raise
    if as_json:
        show_json(done)
        return
    typer.echo(f"{done.files} files hold, {done.audit_events} audit events hold, {done.chunks} chunks are searched ({done.seconds} s)")
    if done.missing_results or done.missing_originals:
        missing = f"{done.missing_originals} original(s) and {done.missing_results} result(s)"
        typer.echo(f"docmill: {missing} were erased, purged or taken back while the backup was taken", err=True)
