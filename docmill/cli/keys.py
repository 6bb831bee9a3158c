"""`docmill keys create|list|revoke`: who may use the gateway beyond this machine."""

from datetime import timedelta
from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.api_keys import SCOPES, create_key, list_keys, revoke_key
from docmill.services.users import LOCAL_USER

keys = typer.Typer(help="Who may use the gateway beyond this machine.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(keys, name="keys")


@keys.callback()
def key_commands() -> None:
    """Who may use the gateway beyond this machine."""


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the list.")],
    *,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", help=f"One of {', '.join(SCOPES)}; may be repeated. Default: the first two, for a viewer the first."),
    ] = None,
    user: Annotated[str, typer.Option("--user", help="The user it speaks for, as `docmill users list` shows it.")] = LOCAL_USER,
    days: Annotated[int | None, typer.Option(min=1, help="Ends after so many days.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key and print it; it is not shown again."""
    with room() as opened:
        life = timedelta(days=days) if days else None
        key, row = create_key(opened.ledger, opened.tenant, name, scopes, life=life, user_id=user)
    if as_json:
        show_json({"key_id": row.key_id, "user": row.user_id, "key": key, "scopes": list(row.scopes)})
    else:
        typer.echo(key)


@keys.command("list")
def list_them(*, as_json: Json = False) -> None:
    """List the keys, without the keys themselves."""
    with room() as opened:
        now, found = opened.ledger.now(), list_keys(opened.ledger, opened.tenant)
    rows = [
        (k.key_id, k.user_id, k.name, " ".join(k.scopes), "good" if k.is_good(now) else "ended", str(k.last_used_at or "never")[:16])
        for k in found
    ]
    names = ("id", "user", "name", "scopes", "state", "last used")
    if as_json:
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show_table("API keys", names, rows)


@keys.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(help="As `docmill keys list` shows it.")]) -> None:
    """End a key at once, with all sessions that began with it."""
    with room() as opened:
        revoke_key(opened.ledger, opened.tenant, key_id)
    typer.echo("revoked")
