"""`docmill up`, `docmill down`, `docmill serve`, `docmill demo`: the servers and the newcomer's first run."""

from pathlib import Path
from typing import Annotated

import psutil
import typer

from docmill.cli.embedded import running_stack
from docmill.cli.embedded_set import run_embedded_set
from docmill.cli.ingest import ingest
from docmill.cli.option_flags import options_from
from docmill.errors import NotFound
from docmill.gateway.server import serve as serve_gateway
from docmill.settings import settings

DOWN_WAIT_S = 30


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, serve, demo):
        app.command()(command)


def up() -> None:
    """Start the embedded set: Prefect server with its UI, a worker, the gateway, deployments and blocks. Ctrl-C ends all of it."""
    run_embedded_set(settings())


def down() -> None:
    """End the embedded set of this home."""
    stack = running_stack(settings())
    if stack is None:
        raise NotFound("no embedded set runs for this home")
    process = psutil.Process(stack.pid)
    process.terminate()
    process.wait(timeout=DOWN_WAIT_S)
    typer.echo("ended")


def serve(*, port: Annotated[int | None, typer.Option(help="First port to try; the next free one is taken.")] = None) -> None:
    """Serve signed links to local files on 127.0.0.1."""
    found = settings()
    serve_gateway(found, port or found.gateway_port)


def demo(
    folder: Annotated[Path, typer.Option(help="Where to write the sample documents.")] = Path("demo-output"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the batch report as JSON on stdout and nothing else.")] = False,
) -> None:
    """Write seven sample documents, two of them broken on purpose, and mill them."""
    from docmill.services.samples import write_samples  # noqa: PLC0415 - loads reportlab and Pillow, only where used

    documents = write_samples(folder / "documents")
    ingest([str(path) for path in documents], options=options_from({}), as_json=as_json)
