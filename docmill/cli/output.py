"""What commands print: JSON on stdout and nothing else with --json, tables for people."""

import json
from collections.abc import Iterable, Sequence

import typer
from pydantic import BaseModel

LEAST_PIPE_WIDTH = 200


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
    """Print a title and a table on stdout; in a pipe it is at least 200 characters wide."""
    from rich.console import Console  # noqa: PLC0415 - only where something is shown to people
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, LEAST_PIPE_WIDTH)
    # without names for its columns a table is a list of facts
    table = Table(show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text: file names and passages come from strangers and must not be taken for markup
        table.add_row(*(Text(printable(cell)) for cell in row))
    typer.echo(title)
    console.print(table)


def printable(text: str) -> str:
    """The text without what would steer the terminal or cannot be encoded."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
