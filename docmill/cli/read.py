"""`docmill read FILE`: the text of one file on stdout, without ledger, store or Prefect."""

import hashlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from docmill.cell import Cell, CellLimits
from docmill.cli.option_flags import one_of, with_mill_options
from docmill.cli.password import PasswordFile, read_password
from docmill.errors import DocmillError, InvalidOptions, NotFound, TimedOut
from docmill.scratch import scratch_folder
from docmill.services.milling.shard import MillLimits
from docmill.services.milling.stages_reading import engine_name
from docmill.services.running.plan import document_cost_s
from docmill.services.unlocked_file import unlocked_file
from docmill.settings import settings
from docmill.stages.reading.formats import SEARCHABLE_PDF, Rendered, render, rendered_pdf
from docmill.stages.reading.sniff import refuse_lie
from docmill.values.keys import document_id
from docmill.values.options import MillOptions
from docmill.values.outcome import Problem, problem_from
from docmill.values.page import Page
from docmill.values.pages_file import write_pages

if TYPE_CHECKING:
    from pydantic import JsonValue

FORMS = ("text", "json", "hocr", "alto", "markdown", "pdf")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("read")(with_mill_options(read, only=("language", "engine")))


def read(
    file: Annotated[Path, typer.Argument(help="The file to read.", metavar="FILE")],
    *,
    options: MillOptions,
    form: Annotated[str, one_of("--format", FORMS, "Form of the output; pdf is a searchable PDF.")] = "text",
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file instead of printing.", metavar="FILE")] = None,
    password_file: PasswordFile = None,
) -> None:
    """Read one file and print what it says; pages that cannot be read are reported, the others are printed."""
    if form == SEARCHABLE_PDF and out is None and sys.stdout.isatty():
        raise InvalidOptions("a PDF is not for the terminal: name a file with --out")
    if not file.is_file():
        raise NotFound("there is no such file; a folder is for `docmill ingest`")
    with unlocked_file(file, read_password(password_file), settings()) as source:
        pages, problems, first = read_file(source, options)
        if not pages and first is not None:
            raise first
        made = searchable_pdf(source, pages) if form == SEARCHABLE_PDF else None
    if made is not None:
        rendered = made
    else:
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        rendered = render(pages, form, document_id=document_id(settings().tenant, digest), problems=problems)
    if out is None:
        typer.echo(rendered.data, nl=False)
    else:
        out.write_bytes(rendered.data)
    for problem in problems:
        typer.echo(f"docmill: page {problem.page}: {problem.message} [{problem.code}]", err=True)


def read_file(file: Path, options: MillOptions) -> tuple[list[Page], list[Problem], DocmillError | None]:
    """The pages of a file, the problems of pages that could not be read, and the first error.

    Raises:
        DocmillError: the file as a whole cannot be read.
    """
    limits = MillLimits.from_settings(settings())
    reading: JsonValue = dict(limits.for_reading())
    engine = engine_name(options.engine, limits.vision_endpoint)
    pages: list[Page] = []
    problems: list[Problem] = []
    first: DocmillError | None = None
    with (
        Cell(CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)) as cell,
        scratch_folder("read") as folder,
    ):
        path, out = str(file.absolute()), folder / "page.json"
        found = cell.call("docmill.stages.reading.verbs:inspect", path, reading, deadline_s=limits.page_deadline_s)
        if not isinstance(found, dict):
            return pages, problems, first
        refuse_lie(str(found["media_type"]), file.name)
        page_count = int(str(found["page_count"]))
        limit_s = limits.soft_limit_s(document_cost_s(str(found["media_type"]), page_count))
        end = time.monotonic() + limit_s
        for number in range(1, page_count + 1):
            args: list[JsonValue] = [path, found["media_type"], number, options.language, engine, str(folder), str(out), reading]
            try:
                if time.monotonic() > end:
                    raise TimedOut(f"no time left after {limit_s:g} s (job_soft_limit_s)")
                cell.call("docmill.stages.reading.verbs:read_page", *args, deadline_s=limits.page_deadline_s)
                pages.append(Page.model_validate_json(out.read_bytes()))
            except DocmillError as error:
                first = first or error
                problems.append(problem_from(error, "read", number))
    return pages, problems, first


def searchable_pdf(file: Path, pages: list[Page]) -> Rendered:
    """The file as a searchable PDF of its pages.

    Raises:
        DocmillError: a page cannot be drawn.
    """
    limits = MillLimits.from_settings(settings())
    cell_limits = CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)
    with Cell(cell_limits) as cell, scratch_folder("read") as folder:
        listed, out = folder / "pages.json", folder / "out.pdf"
        write_pages(listed, pages)
        args: list[JsonValue] = [str(file.absolute()), str(listed), str(out), str(folder), dict(limits.for_reading())]
        cell.call("docmill.stages.reading.verbs:searchable_pdf", *args, deadline_s=limits.document_deadline_s)
        return rendered_pdf(out.read_bytes())
