"""The command line's entry: one Typer app, errors turned into exit codes, `--json` keeping stdout to JSON alone.

Belongs here: the app and its border. Each group of commands has a module of its own; what commands do stands in services.
"""

import sys
from typing import Annotated

import typer

import docmill
from docmill.cli import documents, ingest, installation, read, stack
from docmill.cli.output import complain
from docmill.errors import DocmillError
from docmill.logs import start_logging
from docmill.settings import settings

app = typer.Typer(name="docmill", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag
    if asked:
        typer.echo(docmill.__version__)
        raise typer.Exit


@app.callback()
def docmill_app(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Mill documents into data: text, fields, redacted copies, a search index and results JSON."""
    del version
    start_logging(settings())


for room in (ingest, read, documents, installation, stack):
    room.add_to(app)


def main() -> None:
    """Run the command line; ends the process with the exit code of the error table."""
    try:
        app()
    except DocmillError as error:
        complain(error)
        sys.exit(error.kind.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
