"""`docmill suite`: the checks of documents and batches as a file that one can edit, and whether such a file can be used."""

from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.output import show_table
from docmill.cli.rooms import room
from docmill.errors import DocmillError, InvalidOptions, SettingsInvalid
from docmill.services.running.kept_report import stored_page
from docmill.services.validation_suite import suite_in, suite_of
from docmill.settings import settings
from docmill.stages.validation.suite import DOCUMENT, SuiteData, suite_text

suite = typer.Typer(help="The checks of documents and batches.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(suite, name="suite")


@suite.callback()
def suite_commands() -> None:
    """The checks of documents and batches."""


@suite.command()
def show() -> None:
    """Print the suite in use, to begin one's own with: > FILE, edit it, `docmill suite check FILE`, set DOCMILL_VALIDATION_SUITE."""
    file = settings().validation_suite
    if file is not None:
        suite_in(file)
    typer.echo(file.read_text(encoding="utf-8").rstrip() if file else suite_text().rstrip())


@suite.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The suite, JSON or YAML; without one, that of DOCMILL_VALIDATION_SUITE.")] = None,
) -> None:
    """Say whether a suite can be used, and list its checks. Great Expectations is asked, too. Exit code 32 when it cannot."""
    found = suite_in(file, place="the suite") if file else suite_of(settings())
    _try(found)
    rows = [(e["meta"]["check"], e["severity"], e["meta"].get("scope", DOCUMENT), e["meta"]["title"]) for e in found["expectations"]]
    show_table("Checks", ("check", "severity", "scope", "title"), rows)


@suite.command()
def page(
    batch: Annotated[str, typer.Argument(help="Batch id, as `docmill ingest` prints it.", metavar="BATCH")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")] = Path("checks.html"),
) -> None:
    """Write the page of a batch's checks: which hold, and the ids of the documents that fail."""
    with room() as opened:
        found = stored_page(opened, batch)
    try:
        output.write_bytes(found)
    except OSError as error:
        raise InvalidOptions(f"--output: cannot write this file ({error.strerror})") from None
    typer.echo(str(output))


def _try(found: SuiteData) -> None:
    from docmill.stages.validation.gates import try_suite  # noqa: PLC0415 - runs Great Expectations, which loads in 3-12 s

    try:
        try_suite(found)
    except DocmillError as error:
        if isinstance(error, SettingsInvalid):
            raise SettingsInvalid(f"the suite: {error.message}") from None
        raise
