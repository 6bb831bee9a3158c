"""`docmill split FILE --out FOLDER`: each document of a PDF that holds several as a PDF of its own, without ledger, store or Prefect.

Where documents begin is decided as for `docmill extract`; pages are copied in the cell, and only whole sets of files are put into the folder.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docmill.cell import Cell, CellLimits
from docmill.cli.extract import look_at
from docmill.cli.option_flags import with_mill_options
from docmill.cli.output import show_json, show_table
from docmill.cli.password import PasswordFile, read_password
from docmill.errors import InvalidOptions, NotFound, StageFailed, UnsupportedType
from docmill.scratch import scratch_folder
from docmill.services.milling.shard import MillLimits
from docmill.services.unlocked_file import is_pdf, unlocked_file
from docmill.settings import settings
from docmill.shredding import shred_file
from docmill.values.evidence import DocumentPart, pages_named
from docmill.values.options import MillOptions
from docmill.values.outcome import Problem

if TYPE_CHECKING:
    from pydantic import JsonValue

ONE = "No second document was found in this file; nothing is written."


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("split")(with_mill_options(split, only=("language", "engine")))


def split(
    file: Annotated[Path, typer.Argument(help="A PDF that may hold several documents.", metavar="FILE")],
    *,
    options: MillOptions,
    out: Annotated[Path, typer.Option("--out", help="Write the parts into this folder.", metavar="FOLDER")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    password_file: PasswordFile = None,
) -> None:
    """Write each document of a PDF that holds several as a PDF of its own; what was one document stays as it is."""
    if not file.is_file():
        raise NotFound("there is no such file")
    with unlocked_file(file, read_password(password_file), settings()) as source:
        looked = look_at(source, options)
        parts = looked.understanding.parts
        _refuse_unread(looked.problems)
        if parts and not is_pdf(source):
            raise UnsupportedType("only PDFs are split: make one of it first with `docmill read FILE --format pdf --out FILE.pdf`")
        written = _written(source, parts, out) if parts else []
    _show(parts, written, as_json=as_json)


def _refuse_unread(problems: Sequence[Problem]) -> None:
    unread = [str(one.page) for one in problems if one.stage == "read" and one.page]
    if unread:
        raise StageFailed(f"page {', '.join(unread)} could not be read, so where documents begin is not known; nothing is written")


def _written(source: Path, parts: Sequence[DocumentPart], out: Path) -> list[Path]:
    """The parts as new files in the folder.

    Raises:
        InvalidOptions: a file of such a name is there, or none can be written.
        Damaged: pages cannot be copied.
    """
    wanted = [out / _name(number, part, len(parts)) for number, part in enumerate(parts, 1)]
    if any(path.exists() for path in wanted):
        raise InvalidOptions("the folder holds parts of a file already; name another with --out")
    limits = MillLimits.from_settings(settings())
    cell_limits = CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)
    with Cell(cell_limits) as cell, scratch_folder("split") as folder:
        made = [folder / path.name for path in wanted]
        spans: list[JsonValue] = [[part.first_page, part.last_page, str(path)] for part, path in zip(parts, made, strict=True)]
        cell.call("docmill.stages.reading.verbs:split", str(source.absolute()), spans, deadline_s=limits.document_deadline_s)
        _move_all(made, wanted)
    return wanted


def _move_all(made: Sequence[Path], wanted: Sequence[Path]) -> None:
    done: list[Path] = []
    try:
        wanted[0].parent.mkdir(parents=True, exist_ok=True)
        for source, path in zip(made, wanted, strict=True):
            with path.open("xb") as target:
                done.append(path)
                path.chmod(0o600)  # what documents say
                target.write(source.read_bytes())
    except OSError as error:
        for path in done:
            shred_file(path)
        raise InvalidOptions(f"new files cannot be written there ({error.strerror})") from None


def _name(number: int, part: DocumentPart, count: int) -> str:
    """Such as part-1_invoice_pages-1-2.pdf; numbers of equal width, so that names sort."""
    pages = pages_named(part.first_page, part.last_page).replace(" ", "-")
    return f"part-{number:0{len(str(count))}}_{part.kind.name}_{pages}.pdf"


def _show(parts: Sequence[DocumentPart], written: Sequence[Path], *, as_json: bool) -> None:
    pairs = list(zip(parts, written, strict=True))
    if as_json:
        told = [
            {"file": str(path), "kind": part.kind.name, "first_page": part.first_page, "last_page": part.last_page} for part, path in pairs
        ]
        show_json({"parts": told})
    elif not pairs:
        typer.echo(ONE)
    else:
        rows = [(pages_named(part.first_page, part.last_page), part.kind.name, str(path)) for part, path in pairs]
        show_table(f"{len(pairs)} documents", ("pages", "kind", "file"), rows)
