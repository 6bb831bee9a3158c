"""`docmill search-stats`: what was searched for, what in vain, how quickly, and how the index stands."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.search_statistics import QueryFigures, search_statistics


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search-stats")(search_stats)


def search_stats(
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Today and so many days before it, less one.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False,
) -> None:
    """Show what was searched for and in vain, how quickly, and how the index stands."""
    with room() as opened:
        found = search_statistics(opened, days)
    if as_json:
        show_json(found)
        return
    typer.echo(f"{found.searches} searches of {found.users} people in {found.days} days, {found.in_vain} in vain")
    if found.searches:
        typer.echo(f"p50 {found.latency_ms.p50:.0f} ms, p95 {found.latency_ms.p95:.0f} ms, p99 {found.latency_ms.p99:.0f} ms")
        _show("Most frequent", found.top_queries)
        _show("Found nothing", found.zero_result_queries)
    typer.echo(f"{found.index.chunks} chunks in {found.index.fragments} files, {found.index.unindexed} not in the full text index yet")


def _show(title: str, queries: tuple[QueryFigures, ...]) -> None:
    if queries:
        rows = [(str(one.count), f"{one.results:g}", f"{one.took_ms:.0f}", one.text or one.query) for one in queries]
        show_table(title, ("searches", "passages", "ms", "query"), rows)
