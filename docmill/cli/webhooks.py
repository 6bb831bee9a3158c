"""`docmill webhooks add|list|remove`: who is told when a task is over."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import make_home
from docmill.services.webhooks import KINDS, add_webhook, remove_webhook
from docmill.services.webhooks import webhooks as registered
from docmill.settings import settings

webhooks = typer.Typer(help="Who is told when a task is over.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(webhooks, name="webhooks")


@webhooks.callback()
def webhook_commands() -> None:
    """Who is told when a task is over."""


@webhooks.command("add")
def add(
    url: Annotated[str, typer.Argument(help="https://... that takes a POST.")],
    *,
    kinds: Annotated[list[str] | None, typer.Option("--kind", help=f"One of {', '.join(KINDS)}; may be repeated. Default: all.")] = None,
    as_json: Json = False,
) -> None:
    """Add a receiver and print its secret, which signs every message and is not shown again."""
    make_home(settings())
    made = add_webhook(settings().home, url, kinds or ())
    if as_json:
        show_json(made)
    else:
        typer.echo(f"{made.webhook_id}\n{made.secret.get_secret_value()}")


@webhooks.command("list")
def list_them(*, as_json: Json = False) -> None:
    """List the receivers, without their secrets."""
    found = registered(settings().home)
    if as_json:
        show_json([one.model_dump(mode="json", exclude={"secret"}) for one in found])
        return
    rows = [(one.webhook_id, one.url, ", ".join(one.kinds) or "all", f"{one.created_at:%Y-%m-%d %H:%M}") for one in found]
    show_table("Webhooks", ("id", "address", "events", "added (UTC)"), rows)


@webhooks.command("remove")
def remove(webhook_id: Annotated[str, typer.Argument(help="As `docmill webhooks list` shows it.")]) -> None:
    """Remove a receiver; what is on its way to it is dropped."""
    remove_webhook(settings().home, webhook_id)
    typer.echo("removed")
