"""`docmill db upgrade`, `deploy` and `doctor`: is everything there, and how to mend what is not."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.checks import CHECKS, Finding
from docmill.cli.output import show_json, show_table
from docmill.cli.prefect_settings import prefect_environment
from docmill.cli.rooms import make_home
from docmill.errors import SettingsInvalid
from docmill.services.ledger_key import seal_of
from docmill.settings import settings
from docmill.storage.ledger import upgrade_ledger

db = typer.Typer(help="The ledger's schema.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(db, name="db")
    app.command()(doctor)
    app.command()(deploy)


@db.callback()
def ledger_commands() -> None:
    """The ledger's schema."""


@db.command()
def upgrade() -> None:
    """Bring the ledger to the schema of this version; makes it when it is not there."""
    found = settings()
    make_home(found)
    upgrade_ledger(found.resolved_ledger_url, seal_of(found))
    typer.echo("the ledger is up to date")


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False) -> None:
    """Check programs, languages, store, ledger, Prefect and disk, and say how to mend each. Exit code 30 when something is broken."""
    found: list[Finding] = [check(settings()) for check in CHECKS]
    if as_json:
        show_json(found)
    else:
        rows = [("ok" if f.ok else "BROKEN" if f.needed else "missing", f.name, f.detail, "" if f.ok else f.mend) for f in found]
        show_table("docmill doctor", ("", "part", "what was found", "how to mend it"), rows)
    if any(f.needed and not f.ok for f in found):
        raise typer.Exit(30)


def deploy() -> None:
    """Tell the Prefect server of DOCMILL_PREFECT_API_URL of docmill: work pool, queues, blocks, deployments. Again after each upgrade."""
    from docmill.cli.prefect_setup import set_up_prefect  # noqa: PLC0415 - loads httpx, only where used

    found = settings()
    if found.prefect_api_url is None:
        raise SettingsInvalid("set DOCMILL_PREFECT_API_URL; `docmill up` deploys by itself")
    make_home(found)
    logs = found.home.absolute() / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    extra = {"PREFECT_API_URL": found.prefect_api_url, "DOCMILL_WORKDIR": str(Path.cwd())}
    set_up_prefect(prefect_environment(found, **extra), logs, threading.Event(), nightly_sources=found.nightly_sources)
    typer.echo("the Prefect server knows docmill's deployments")
