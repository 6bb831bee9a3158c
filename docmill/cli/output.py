"""What commands print: JSON on stdout and nothing else with --json, tables for people, complaints on stderr."""

import json
from collections.abc import Iterable, Sequence

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from docmill.errors import DocmillError


def show_json(body: object) -> None:
    """Print a value as JSON on stdout."""
    typer.echo(json.dumps(_plain(body), ensure_ascii=False, indent=2))


def _plain(body: object) -> object:
    if isinstance(body, BaseModel):
        return body.model_dump(mode="json")
    if isinstance(body, list | tuple):
        return [_plain(part) for part in body]
    return body


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on stdout; in a pipe it is as wide as it needs."""
    console = Console()
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    if not console.is_terminal:
        console.width = max(console.width, 200)
    console.print(table)


def complain(error: DocmillError) -> None:
    """Say on stderr what is wrong and what to do next."""
    typer.echo(f"docmill: {error.message} [{error.code}]\n{error.hint}", err=True)
