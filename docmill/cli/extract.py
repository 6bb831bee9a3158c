"""`docmill extract FILE...` and `docmill classify FILE...`: what files are and what they say, without ledger, store or Prefect.

Every file is read and understood in the cell, like in a run. A file that fails is reported and the others go on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from docmill.cell import Cell, CellLimits
from docmill.cli.option_flags import with_mill_options
from docmill.cli.output import show_json, show_table
from docmill.cli.password import PasswordFile, read_password
from docmill.cli.read import read_file
from docmill.errors import DocmillError, NotFound
from docmill.scratch import scratch_folder
from docmill.services.language_model.single_file import consult_about_file
from docmill.services.milling.shard import MillLimits
from docmill.services.unlocked_file import unlocked_file
from docmill.settings import settings
from docmill.values.evidence import DocumentPart, Evidence, Understanding, pages_named
from docmill.values.options import MillOptions
from docmill.values.outcome import Problem, problem_from
from docmill.values.page import Page

if TYPE_CHECKING:
    from pydantic import JsonValue

Files = Annotated[list[Path], typer.Argument(help="The files to look at.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else: one object for one file, a list for several.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    only = ("language", "engine", "kind", "ask_model")
    app.command("extract")(with_mill_options(extract, only=only))
    app.command("classify")(with_mill_options(classify, only=only[:2]))


@dataclass(frozen=True)
class Looked:
    """What one file is and says, with the problems of its pages and of its sense."""

    understanding: Understanding
    problems: tuple[Problem, ...]


def extract(files: Files, *, options: MillOptions, as_json: AsJson = False, password_file: PasswordFile = None) -> None:
    """Kind, fields, line items and contradictions of files."""
    _each(files, options, read_password(password_file), as_json=as_json, body=extracted, show=_show_fields)


def classify(files: Files, *, options: MillOptions, as_json: AsJson = False, password_file: PasswordFile = None) -> None:
    """The kind of files, how sure it is, and which rules said so."""
    _each(files, options, read_password(password_file), as_json=as_json, body=classified, show=_show_kind)


def _each(
    files: Iterable[Path],
    options: MillOptions,
    password: SecretStr | None,
    *,
    as_json: bool,
    body: "Callable[[Looked], dict[str, JsonValue]]",
    show: Callable[[str, Looked], None],
) -> None:
    """Look at every file.

    Raises:
        DocmillError: of the first file that failed, after all were looked at.
    """
    bodies: list[dict[str, JsonValue]] = []
    first: DocmillError | None = None
    paths = list(files)
    for path in paths:
        try:
            looked = look_at(path, options, password)
        except DocmillError as error:
            first = first or error
            if len(paths) > 1:
                bodies.append({"file": str(path), "error": {"code": error.code, "message": error.message}})
                typer.echo(f"docmill: {path}: {error.message} [{error.code}]", err=True)
            continue
        bodies.append({"file": str(path), **body(looked)} if len(paths) > 1 else body(looked))
        if not as_json:
            show(str(path), looked)
    if as_json and (bodies or first is None):
        show_json(bodies if len(paths) > 1 else bodies[0])
    if first is not None:
        raise first


def look_at(path: Path, options: MillOptions, password: SecretStr | None = None) -> Looked:
    """Read and understand one file in the cell; the password is tried where it is a PDF that asks for one.

    Raises:
        NotFound: there is no such file.
        DocmillError: nothing of it can be read.
    """
    if not path.is_file():
        raise NotFound("there is no such file")
    with unlocked_file(path, password, settings()) as source:
        return _look_at(source, options)


def _look_at(path: Path, options: MillOptions) -> Looked:
    pages, problems, first = read_file(path, options)
    if not pages and first is not None:
        raise first
    limits = MillLimits.from_settings(settings())
    cell_limits = CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)
    with Cell(cell_limits) as cell, scratch_folder("extract") as folder:
        page_paths: list[JsonValue] = []
        for page in pages:
            page_path = folder / f"page-{page.number}.json"
            page_path.write_text(page.model_dump_json(), encoding="utf-8")
            page_paths.append(str(page_path))
        out, original = folder / "understanding.json", str(path.absolute())
        found = cell.call("docmill.stages.reading.verbs:inspect", original, dict(limits.for_reading()), deadline_s=limits.page_deadline_s)
        attachment = found.get("einvoice") if isinstance(found, dict) else None
        args: list[JsonValue] = [page_paths, options.kind, str(out), *([original, attachment] if attachment else [])]
        cell.call("docmill.stages.understanding.verbs:understand", *args, deadline_s=limits.document_deadline_s)
        asked = _ask_model(cell, options, pages, out) if options.ask_model else []
        understood = Understanding.model_validate_json(out.read_bytes())
    return Looked(understood, (*problems, *understood.problems, *asked))


def _ask_model(cell: Cell, options: MillOptions, pages: list[Page], out: Path) -> list[Problem]:
    """Add what the language model says; without an answer of it the rules' fields stand, and the reason is a problem."""
    try:
        consult_about_file(cell, settings(), options, pages, out)
    except DocmillError as error:
        return [problem_from(error, "consult")]
    return []


def extracted(looked: Looked) -> "dict[str, JsonValue]":
    """The JSON of `extract` for one file."""
    found = looked.understanding
    return {
        **_said(found),
        "problems": [problem.model_dump(mode="json") for problem in looked.problems],
        **({"model_use": found.model_use.model_dump(mode="json")} if found.model_use else {}),
        "parts": [_part(part) for part in found.parts],
    }


def _said(found: Understanding | DocumentPart) -> "dict[str, JsonValue]":
    return {
        "kind": found.kind.name,
        "kind_confidence": found.kind.confidence,
        "fields": {f.name: {"value": f.value, "text": f.text, **_place(f.evidence)} for f in found.fields},
        "line_items": [{**item.model_dump(exclude={"evidence"}), **_place(item.evidence)} for item in found.line_items],
        "taxes": [{**share.model_dump(exclude={"evidence"}), **_place(share.evidence)} for share in found.taxes],
    }


def _part(part: DocumentPart) -> "dict[str, JsonValue]":
    where: dict[str, JsonValue] = {"first_page": part.first_page, "last_page": part.last_page, "is_main": part.is_main}
    return {**where, **_said(part), "problems": [problem.model_dump(mode="json") for problem in part.problems]}


def classified(looked: Looked) -> "dict[str, JsonValue]":
    """The JSON of `classify` for one file."""
    kind = looked.understanding.kind
    return {
        "kind": kind.name,
        "kind_confidence": kind.confidence,
        "reason": kind.reason,
        "problems": [p.model_dump(mode="json") for p in looked.problems],
    }


def _place(seen: Evidence) -> "dict[str, JsonValue]":
    return {"confidence": seen.confidence, "page": seen.page, "box": list(seen.box) if seen.box else None, "rule": seen.source}


def _show_kind(name: str, looked: Looked) -> None:
    kind = looked.understanding.kind
    typer.echo(f"{name}: {kind.name} ({kind.confidence:.2f}; {kind.reason})")


def _show_fields(name: str, looked: Looked) -> None:
    found = looked.understanding
    if not found.parts:
        _show_document(name, found)
    for part in found.parts:
        _show_document(f"{name}, {pages_named(part.first_page, part.last_page)}", part)
    for problem in looked.problems:
        typer.echo(f"docmill: {problem.message} [{problem.code}]", err=True)


def _show_document(name: str, found: Understanding | DocumentPart) -> None:
    rows = [(f.name, f.value or "", f"{f.evidence.confidence:.2f}", str(f.evidence.page), f.evidence.source) for f in found.fields]
    show_table(f"{name}: {found.kind.name} ({found.kind.confidence:.2f})", ("field", "value", "confidence", "page", "rule"), rows)
    if found.line_items:
        lines = [
            tuple(part or "" for part in (i.quantity, i.unit, i.description, i.unit_price, i.tax_rate, i.amount)) for i in found.line_items
        ]
        show_table("line items", ("quantity", "unit", "description", "unit price", "tax %", "amount"), lines)
