"""The command line's entry: one Typer app, errors turned into exit codes, `--json` keeping stdout to JSON alone.

Belongs here: the app and its border. Which module holds which command stands in `lazy`; what commands do stands in services.
"""

import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

import docmill
from docmill.cli.lazy import LazyCommands
from docmill.errors import DocmillError

UNEXPECTED = 70
"""Exit code of what docmill did not expect (EX_SOFTWARE of sysexits.h); expected errors have theirs in docmill.errors."""

app = typer.Typer(name="docmill", cls=LazyCommands, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag
    if asked:
        typer.echo(docmill.__version__)
        raise typer.Exit


@app.callback()
def docmill_app(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Mill documents into data: text, fields, redacted copies, a search index and results JSON."""
    del version
    from docmill.logs import log_ids, start_logging  # noqa: PLC0415 - settings load pydantic; `--version` and `--help` need neither
    from docmill.settings import settings  # noqa: PLC0415 - as above

    found = settings()
    start_logging(found)
    if context.invoked_subcommand:  # a name that was looked up, not what was typed
        context.with_resource(log_ids(tenant=found.tenant, command=context.invoked_subcommand))


def main() -> None:
    """Run the command line; ends the process with an exit code: 0, 2 for wrong usage, 130 for Ctrl-C, else that of the error table or 70."""
    try:
        # without Typer's own handler of surprises: it would print a traceback with what variables and messages hold
        typer.main.get_command(app)(prog_name="docmill")
    except DocmillError as error:
        typer.echo(f"docmill: {error.message} [{error.code}]\n{error.hint}", err=True)
        sys.exit(error.kind.exit_code)
    except Exception as error:  # noqa: BLE001 - the border: nobody must see a traceback, which may hold names and text
        # an OSError's strerror names no file; "No space left on device" says more than where it was met
        what = error.strerror if isinstance(error, OSError) and error.strerror else "this is a defect of docmill"
        typer.echo(f"docmill: unexpected {type(error).__name__} at {_place(error)}: {what}", err=True)
        sys.exit(UNEXPECTED)


def _place(error: Exception) -> str:
    """Module file and line of docmill's own innermost frame. The error's text may hold anything and stays out."""
    home = Path(docmill.__file__).parents[1]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(home)]
    own = [f for f in frames if Path(f.filename).relative_to(home).parts[0] in {"docmill", "flows", "tasks", "blocks"}]
    return f"{Path(own[-1].filename).relative_to(home)}:{own[-1].lineno}" if own else "an unknown place"


if __name__ == "__main__":
    main()
