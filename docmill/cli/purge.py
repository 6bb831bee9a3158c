"""`docmill purge-originals`, `privacy-report`: what redaction left behind, and what was found in a batch.

Belongs here: arguments, the question, output. What goes and what is counted is decided in services.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.errors import InvalidOptions
from docmill.services.privacy_report import batch_privacy, privacy_page
from docmill.services.purging import purge, purgeable

_JSON = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("purge-originals")(purge_originals)
    app.command("privacy-report")(privacy_report)


def purge_originals(
    documents: Annotated[
        list[str] | None, typer.Argument(help="Ids or their beginnings; all redacted documents when none is named.")
    ] = None,
    *,
    older_than: Annotated[int, typer.Option("--older-than", min=0, help="Age of the redacted version in days.", metavar="DAYS")] = 0,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only documents of this kind; may be repeated.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: _JSON = False,
) -> None:
    """Remove originals, page words, fields and spans of documents whose current version is redacted. The redacted copies and results stay."""
    with room() as opened:
        found = purgeable(opened, older_than=timedelta(days=older_than), kinds=kind or (), document_ids=documents or ())
        if found and not yes:
            typer.confirm(
                f"Remove originals and private data of {len(found)} document(s)? They cannot be milled again.", abort=True, err=True
            )
        done = purge(opened, found)
    if as_json:
        show_json({"documents": done.documents, "objects": done.objects, "busy": done.busy})
        return
    waiting = f"; {done.busy} left alone, a job is not over" if done.busy else ""
    typer.echo(f"purged {done.documents} document(s), {done.objects} objects{waiting}")


def privacy_report(
    batch: Annotated[str, typer.Argument(help="The batch id.")],
    *,
    out: Annotated[Path | None, typer.Option("--html", help="Write the report as an HTML page, too.")] = None,
    as_json: _JSON = False,
) -> None:
    """Print what personal data was found in a batch: types and numbers by document, confidence, and what to do; never a value."""
    with room() as opened:
        report = batch_privacy(opened, batch)
    if out is not None:
        try:
            out.write_bytes(privacy_page(report))
        except OSError as error:
            raise InvalidOptions(f"--html: cannot be written ({error.strerror})") from None
    if as_json:
        show_json(report)
        return
    show_table("Personal data", ("type", "found"), [(kind, str(count)) for kind, count in report.by_type.items()])
    typer.echo(f"{report.documents} document(s), {report.pages} page(s), {report.total} finding(s); {len(report.missing)} without a report")
    for line in report.recommendations:
        typer.echo(f"- {line}")
