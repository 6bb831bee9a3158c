"""`docmill tenants create|list`: who shares this ledger. A program works for the tenant that DOCMILL_TENANT names."""

from typing import Annotated

import typer

from docmill.cli.output import show_json
from docmill.cli.rooms import room
from docmill.services.tenants import create_tenant, list_tenants

tenants = typer.Typer(help="Who shares this ledger.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(tenants, name="tenants")


@tenants.callback()
def tenant_commands() -> None:
    """Who shares this ledger."""


@tenants.command("create")
def create(tenant: Annotated[str, typer.Argument(metavar="TENANT", help="a-z, 0-9, _ and -.")]) -> None:
    """Add a tenant. It needs a home of its own; DOCMILL_TENANT says which one a program works for."""
    with room() as opened:
        create_tenant(opened.ledger, tenant)
    typer.echo("created")


@tenants.command("list")
def list_them(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")] = False) -> None:
    """List the tenants' ids."""
    with room() as opened:
        found = list_tenants(opened.ledger)
    if as_json:
        show_json(found)
    else:
        typer.echo("\n".join(found))
