"""The audit trail: `docmill audit verify|export|sign`, and receipts of erasures: `docmill audit check-receipt`."""

from pathlib import Path
from typing import Annotated

import typer

from docmill.cli.option_flags import one_of
from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.errors import InvalidOptions
from docmill.services import audit as trail
from docmill.services.audit_signing import PUBLIC_FILE, sign_heads
from docmill.services.certificate_keys import read_public_key
from docmill.services.erasure_receipts import check_receipt

BROKEN = 11
"""Exit code when something does not hold: that of `damaged`."""

audit = typer.Typer(help="The audit trail: check it, sign it, hand it out.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(audit, name="audit")


@audit.command()
def verify(
    *,
    key: Annotated[Path | None, typer.Option(help=f"The signer's {PUBLIC_FILE}, kept elsewhere; else any one key is believed.")] = None,
    as_json: Json = False,
) -> None:
    """Check every event and every signature. Exit code 11 when one was changed, removed or reordered."""
    trusted = read_public_key(key) if key else None
    with room() as opened:
        found = trail.verify(opened.ledger, opened.tenant, trusted_key=trusted)
    if as_json:
        show_json({**{name: getattr(found, name) for name in ("streams", "events", "signatures", "unsigned_events")},
                   "signed_at": found.signed_at.isoformat() if found.signed_at else None,
                   "broken": [{"stream": b.stream, "seq": b.seq, "what": b.what} for b in found.broken]})  # fmt: skip
    else:
        signed = f"{found.signed_at:%Y-%m-%d %H:%M:%S} UTC" if found.signed_at else "never"
        typer.echo(f"{found.events} events in {found.streams} streams; {found.signatures} signatures, the last {signed}; "
                   f"{found.unsigned_events} events since")  # fmt: skip
        if found.broken:
            show_table("BROKEN", ("stream", "event", "what"), [(b.stream or "(signatures)", str(b.seq), b.what) for b in found.broken])
        else:
            typer.echo("all of them hold")
    if found.broken:
        raise typer.Exit(BROKEN)


@audit.command()
def export(
    to: Annotated[Path | None, typer.Option("--to", help="File to write; stdout without it.")] = None,
    *,
    form: Annotated[str, one_of("--format", ("jsonl", "csv"), "JSON Lines or CSV.")] = "jsonl",
    stream: Annotated[str | None, typer.Option(help="A document or batch id; all without it.")] = None,
) -> None:
    """Print all events, each with what its hash is over, so that others can check the chain."""
    with room() as opened:
        lines = trail.export_lines(opened.ledger, opened.tenant, stream=stream, as_csv=form == "csv")
        if to is None:
            for line in lines:
                typer.echo(line)
            return
        try:
            with to.open("x", encoding="utf-8", newline="") as out:
                out.writelines(f"{line}\r\n" if form == "csv" else f"{line}\n" for line in lines)
        except OSError as error:
            raise InvalidOptions(f"--to: cannot write a new file there ({error.strerror})") from None


@audit.command("check-receipt")
def check_erasure(
    file: Annotated[Path, typer.Argument(help="A receipt that `docmill delete --receipt` wrote.", exists=True, dir_okay=False)],
    *,
    key: Annotated[Path, typer.Option(help=f"The signer's {PUBLIC_FILE}.")],
) -> None:
    """Check the receipt of an erasure. Exit code 11 when it was changed or somebody else signed it."""
    found = check_receipt(file.read_bytes(), read_public_key(key))
    typer.echo(f"document {found.document_id} was erased at {found.erased_at:%Y-%m-%d %H:%M:%S} UTC from {', '.join(found.places)}")


@audit.command()
def sign() -> None:
    """Sign what changed since the last signature; the deployment sign-audit does it hourly."""
    with room() as opened:
        made = sign_heads(opened.ledger, opened.tenant, opened.settings.home.absolute())
    typer.echo(f"signature {made.number} over {made.streams} streams" if made else "nothing has changed since the last signature")
