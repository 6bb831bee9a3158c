"""`docmill submit`, `docmill wait`, `docmill download`: work through a gateway, here or elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from docmill.cli.option_flags import with_mill_options
from docmill.cli.output import show_json
from docmill.cli.password import PasswordFile, read_password
from docmill.client import Client, Task
from docmill.errors import ClusterLost, error_from_code
from docmill.services.stack_note import running_stack
from docmill.settings import settings
from docmill.values.options import MillOptions

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Url = Annotated[str | None, typer.Option(help="Of the gateway; else DOCMILL_GATEWAY_URL, else the one that `docmill up` runs.")]
Tasks = Annotated[list[str], typer.Argument(help="Task ids, as `docmill submit` prints them.", metavar="TASK")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("submit")(with_mill_options(submit))
    app.command("wait")(wait)
    app.command("download")(download)


def submit(
    files: Annotated[list[Path], typer.Argument(help="Files to upload, one task each.", exists=True, dir_okay=False, metavar="FILE")],
    *,
    options: MillOptions,
    url: Url = None,
    tag: Annotated[list[str] | None, typer.Option(help="Tag every document; may be repeated.")] = None,
    collection: Annotated[str | None, typer.Option(help="Collection the documents belong to.")] = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
) -> None:
    """Upload files to a gateway and print their task ids. DOCMILL_API_KEY is sent where it is set."""
    asked: dict[str, Any] = options.model_dump(mode="json", exclude_defaults=True)
    password = read_password(password_file)
    taken: list[dict[str, object]] = []
    try:
        with _client(url) as client:
            for file in files:
                task = client.submit(file, tags=tag or (), collection=collection, password=password, **asked)
                taken.append({"task_id": task.task_id, "status": task.status})
                if not as_json:
                    typer.echo(task.task_id)
    finally:  # also when a later file is refused: what was taken has an id
        if as_json:
            show_json(taken)


def wait(
    tasks: Tasks,
    *,
    url: Url = None,
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds for each.")] = 1800.0,
    as_json: Json = False,
) -> None:
    """Wait until tasks are over. Exit code 0 when all have a result, else that of the first failure."""
    with _client(url) as client:
        ended = [client.wait(task_id, timeout_s=timeout_s, poll_s=1.0, on_progress=None) for task_id in tasks]
    if as_json:
        show_json([_shown(task) for task in ended])
    else:
        typer.echo("\n".join(f"{task.task_id} {task.outcome} {task.message}" for task in ended))
    failed = next((task for task in ended if task.status == "failed"), None)
    if failed:
        raise typer.Exit(error_from_code(failed.error_code or "").kind.exit_code)


def download(
    tasks: Tasks,
    *,
    to: Annotated[Path, typer.Option(help="Folder; made when missing.")] = Path(),
    names: Annotated[
        list[str] | None, typer.Option("--only", help="Such as results_file, text, redacted; may be repeated. Default: all.")
    ] = None,
    url: Url = None,
) -> None:
    """Fetch what completed tasks published and print the paths."""
    with _client(url) as client:
        for task_id in tasks:
            for path in client.download(client.status(task_id), to, names or ()):
                typer.echo(path)


def _shown(task: Task) -> dict[str, object]:
    return {"task_id": task.task_id, "status": task.status, "outcome": task.outcome, "message": task.message, "error_code": task.error_code}


@contextmanager
def _client(url: str | None) -> Iterator[Client]:
    found = settings()
    stack = running_stack(found)
    where = url or found.gateway_url or (stack.gateway_url if stack else None)
    if where is None:
        raise ClusterLost("no gateway is named and none runs for this home; give --url or start `docmill up`")
    with Client(where, key=found.api_key.get_secret_value() if found.api_key else None) as client:
        yield client
