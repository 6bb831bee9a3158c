"""`docmill up`, `docmill down`, `docmill serve`, `docmill demo`: the servers and the newcomer's first run."""

import time
from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.embedded import holder
from docmill.settings import Settings, settings

DOWN_WAIT_S = 45.0
"""Longer than three parts may take to end one after the other."""

KILLED_WAIT_S = 10.0
LOOK_EVERY_S = 0.1


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, serve, demo):
        app.command()(command)


def up() -> None:
    """Start the embedded set: Prefect server with its UI, a worker, the gateway, deployments and blocks. Ctrl-C ends all of it."""
    from docmill.cli.embedded_set import run_embedded_set  # noqa: PLC0415 - loads storage and httpx, only where used

    run_embedded_set(settings())


def down() -> None:
    """End the embedded set of this home."""
    found = settings()
    process = holder(found)
    if process is None:
        typer.echo("No embedded set runs for this home.")
        return
    process.terminate()
    if not _is_over(found, within_s=DOWN_WAIT_S):
        process.kill()  # the keepers see it and end their parts
        _is_over(found, within_s=KILLED_WAIT_S)
    typer.echo("ended")


def _is_over(found: Settings, *, within_s: float) -> bool:
    """Wait until nobody holds the home. The process itself may be there for longer: as a zombie, until its parent asks for it."""
    end = time.monotonic() + within_s
    while holder(found) is not None:
        if time.monotonic() > end:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def serve(
    *,
    port: Annotated[int | None, typer.Option(help="First port to try; the next free one is taken.")] = None,
    host: Annotated[str, typer.Option(help="An IP address; beyond loopback only with API keys and DOCMILL_GATEWAY_URL.")] = "127.0.0.1",
) -> None:
    """Serve the HTTP API, the web pages and signed links, and turn uploads into flow runs."""
    from docmill.gateway.server import serve as serve_gateway  # noqa: PLC0415 - loads FastAPI (0.6 s), only where used

    found = settings()
    first = found.gateway_port if port is None else port
    serve_gateway(found, first, host=host, on_listening=lambda address: typer.echo(f"Gateway      {address}"))


def demo(
    folder: Annotated[Path, typer.Option(help="Where to write the sample documents.")] = Path("demo-output"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the batch report as JSON on stdout and nothing else.")] = False,
) -> None:
    """Write seven sample documents, two of them broken on purpose, and mill them."""
    from docmill.cli.ingest import ingest  # noqa: PLC0415 - loads the ledger, only where used
    from docmill.cli.option_flags import options_from  # noqa: PLC0415 - as above
    from docmill.services.samples import write_samples  # noqa: PLC0415 - loads reportlab and Pillow, only where used

    documents = write_samples(folder / "documents")
    ingest([str(path) for path in documents], options=options_from({}), as_json=as_json)
