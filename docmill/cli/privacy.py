"""`docmill find-pii`, `redact`, `verify`, `check-redactions`: personal data in single files, without ledger, store or Prefect.

Belongs here: arguments and output. What touches a file's bytes runs in a cell; signing and verifying are services.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from docmill.cli.option_flags import options_from, with_mill_options
from docmill.cli.output import show_json, show_table
from docmill.cli.password import PasswordFile, read_password
from docmill.error_table import ERROR_TABLE
from docmill.errors import InvalidOptions, NotFound, RedactionUnproven
from docmill.services.certificate_keys import fingerprint, keys_of, raw_public, read_hash_key, read_public_key
from docmill.services.milling.shard import MillLimits
from docmill.services.single_files import FilePrivacy, FoundSpan, MadeCopy
from docmill.services.verifying import verify_copy
from docmill.settings import settings
from docmill.values.options import KNOWN_ENTITIES, MillOptions

_FOUND = ERROR_TABLE[RedactionUnproven.code].exit_code
_SOURCE = Annotated[Path, typer.Argument(help="The file.")]
_RULES = Annotated[Path | None, typer.Option("--rules", help="Rules for personal data, instead of those of DOCMILL_PII_RULES.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("find-pii")(with_mill_options(find_pii, only=("language", "engine")))
    app.command("redact")(with_mill_options(redact, only=("language", "entities", "engine", "thorough")))
    app.command("verify")(verify)
    app.command("check-redactions")(check_redactions)


def find_pii(
    file: Annotated[Path | None, typer.Argument(help="A document.")] = None,
    *,
    options: MillOptions,
    text: Annotated[Path | None, typer.Option("--text", help="A UTF-8 text file; `-` reads standard input.", allow_dash=True)] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", help='Lines {"id", "text"}; prints {"id", "spans"} line by line.', allow_dash=True)
    ] = None,
    entities: Annotated[
        list[str] | None, typer.Option("--entities", help="Types to look for; all when not given. Comma-separated or repeated.")
    ] = None,
    rules: _RULES = None,
    password_file: PasswordFile = None,
    as_json: _JSON = False,
) -> None:
    """Print the personal data in a document or in text, with its place and confidence."""
    if sum(one is not None for one in (file, text, jsonl)) != 1:
        raise InvalidOptions("name a file, or one of --text and --jsonl")
    wanted = options_from({"language": options.language, "engine": options.engine, "entities": entities or list(KNOWN_ENTITIES)})
    with FilePrivacy(settings(), wanted, rules, read_password(password_file)) as work:
        if jsonl is not None:
            typer.echo(work.find_in_lines(_content(jsonl)), nl=False)
            return
        spans = work.find_in_text(_content(text)) if text is not None else work.find(_existing(file))
    if as_json:
        show_json({"spans": [span.model_dump(mode="json", exclude_none=True) for span in spans]})
    else:
        show_table("Personal data", ("page", "start", "type", "confidence", "found by", "text"), [_row(span) for span in spans])


def redact(
    file: _SOURCE,
    out: Annotated[Path, typer.Option("--out", "-o", help="The redacted copy to write.")],
    *,
    options: MillOptions,
    style: Annotated[Literal["box", "label"], typer.Option("--style", help="Black boxes, or boxes with the type's name.")] = "box",
    certificate: Annotated[Path | None, typer.Option("--certificate", help="The certificate to write.")] = None,
    rules: _RULES = None,
    password_file: PasswordFile = None,
) -> None:
    """Write a redacted copy that was proven clean; on any doubt nothing is written."""
    with FilePrivacy(settings(), options, rules, read_password(password_file)) as work:
        made = work.redact(_existing(file), style)
        if out.suffix.lower() not in made.suffixes:
            raise InvalidOptions(f"the copy is {made.media_type}: let the name end in {' or '.join(made.suffixes)}")
        if certificate is not None:
            keys = keys_of(settings().home.absolute())
            certificate.write_bytes(made.certificate(keys))
            typer.echo(f"signed by {fingerprint(raw_public(keys.signing.public_key()))}", err=True)
        out.write_bytes(made.path.read_bytes())
    typer.echo(f"redacted: {_counts(made)}", err=True)


def verify(
    file: _SOURCE,
    certificate: Annotated[Path, typer.Argument(help="Its certificate.")],
    *,
    trusted_key: Annotated[Path | None, typer.Option("--trusted-key", help="Public key (PEM) that must have signed.")] = None,
    hash_key: Annotated[Path | None, typer.Option("--hash-key", help="The signer's hash key: look for the redacted values too.")] = None,
    thorough: Annotated[bool, typer.Option("--thorough", help="Look for them by OCR of whole pages, not only around the boxes.")] = False,
    as_json: _JSON = False,
) -> None:
    """Check a redacted copy against its certificate: signature, bytes, and the gates once more. Exit code 23 when anything is wrong."""
    with FilePrivacy(settings(), MillOptions()) as work:
        found = verify_copy(
            file,
            certificate,
            work.cell,
            MillLimits.from_settings(settings()),
            trusted_key=read_public_key(trusted_key) if trusted_key else None,
            hash_key=read_hash_key(hash_key) if hash_key else None,
            thorough=thorough,
        )
    if as_json:
        checks = [{"name": c.name, "passed": c.passed, "message": c.message} for c in found.checks]
        show_json({"passed": found.passed, "fingerprint": found.fingerprint, "checks": checks, "remarks": list(found.remarks)})
    else:
        for check in found.checks:
            typer.echo(f"{'ok  ' if check.passed else 'FAIL'} {check.name}: {check.message}")
        typer.echo(f"signer: {found.fingerprint or 'unknown'}")
        for remark in found.remarks:
            typer.echo(f"note: {remark}")
    if not found.passed:
        raise typer.Exit(_FOUND)


def check_redactions(file: _SOURCE, *, password_file: PasswordFile = None, as_json: _JSON = False) -> None:
    """Find text under boxes in a PDF that somebody redacted. Exit code 23 when there is any."""
    with FilePrivacy(settings(), MillOptions(), password=read_password(password_file)) as work:
        found = work.covered_text(_existing(file))
    if as_json:
        show_json({"found": [one.model_dump(mode="json") for one in found]})
    elif found:
        show_table("Text under boxes", ("page", "text"), [(str(one.page), one.text) for one in found])
    else:
        typer.echo("no text under boxes")
    if found:
        raise typer.Exit(_FOUND)


def _existing(file: Path | None) -> Path:
    if file is None or not file.is_file():
        raise NotFound("there is no such file")
    return file.absolute()


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return typer.get_binary_stream("stdin").read()
    return _existing(file).read_bytes()


def _counts(made: MadeCopy) -> str:
    boxes = sum(len(page.boxes) for page in made.evidence.pages)
    counts = ", ".join(f"{count} {kind}" for kind, count in made.by_type.items())
    if not counts and boxes:
        return f"{boxes} box(es) over what only a second reading of the pictures saw"
    return counts or "no personal data found: the copy shows everything"


def _row(span: FoundSpan) -> tuple[str, ...]:
    return (str(span.page or ""), str(span.start), span.type, f"{span.confidence:.2f}", ", ".join(map(str, span.votes)), span.text)
