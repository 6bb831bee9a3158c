"""`docmill users create|list|role|disable|enable`: who works here, and as what."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services import users as accounts

users = typer.Typer(help="Who works here, and as what.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user's id, as decisions are signed with.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(users, name="users")


@users.callback()
def user_commands() -> None:
    """Who works here, and as what."""


@users.command("create")
def create(
    user_id: User,
    *,
    role: Annotated[str, typer.Option("--role", help=f"One of {', '.join(accounts.ROLES)}, from least to most.")] = "viewer",
    name: Annotated[str, typer.Option("--name", help="For people; the id when left out.")] = "",
) -> None:
    """Add a user. A key for it: `docmill keys create NAME --user USER`."""
    with room() as opened:
        accounts.create_user(opened.ledger, opened.tenant, user_id, role, name=name)
    typer.echo(f"{user_id} is a {role}")


@users.command("list")
def list_them(*, as_json: Json = False) -> None:
    """List the users, disabled ones too."""
    with room() as opened:
        found = accounts.list_users(opened.ledger, opened.tenant)
    names = ("user", "name", "role", "state")
    rows = [(u.user_id, u.name, u.role, "disabled" if u.disabled_at else "good") for u in found]
    if as_json:
        show_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        show_table("Users", names, rows)


@users.command("role")
def role(user_id: User, new_role: Annotated[str, typer.Argument(metavar="ROLE", help=f"One of {', '.join(accounts.ROLES)}.")]) -> None:
    """Give a user another role; it counts from the next request on."""
    with room() as opened:
        accounts.change_role(opened.ledger, opened.tenant, user_id, new_role)
    typer.echo(f"{user_id} is a {new_role}")


@users.command("disable")
def disable(user_id: User) -> None:
    """Shut a user out at once, with its keys and sessions."""
    with room() as opened:
        accounts.disable_user(opened.ledger, opened.tenant, user_id)
    typer.echo("disabled")


@users.command("enable")
def enable(user_id: User) -> None:
    """Let a disabled user in again."""
    with room() as opened:
        accounts.enable_user(opened.ledger, opened.tenant, user_id)
    typer.echo("enabled")
