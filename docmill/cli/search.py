"""`docmill search`, `docmill similar` and `docmill reindex`. File names are shown to their owner only, here."""

from typing import Annotated

import typer

from docmill.cli.output import show_json, show_table
from docmill.cli.rooms import room
from docmill.services.reindex import rebuild_tenant
from docmill.services.search import MAX_LIMIT, SearchAnswer, search_documents
from docmill.services.search_filters import KEYS, filters_from
from docmill.services.search_similar import similar_documents
from docmill.storage.knowledge.ports import Query, SearchMode

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
FILTER = typer.Option("--filter", help=f"key=value with a key of {', '.join(KEYS)}; may be repeated. from and to are days (YYYY-MM-DD).")
SHOWN_CHARACTERS = 240


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(search)
    app.command()(similar)
    app.command()(reindex)


def search(
    query: Annotated[str, typer.Argument(help="A question, words, or an identifier.")],
    *,
    mode: Annotated[SearchMode, typer.Option(help="vector: by meaning; text: by words; hybrid: both.")] = SearchMode.HYBRID,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many passages.")] = 10,
    filters: Annotated[list[str] | None, FILTER] = None,
    as_json: Json = False,
) -> None:
    """Find passages in the documents that were milled."""
    asked = Query(query, mode, limit, filters_from(filters or ()))
    with room() as opened:
        answer = search_documents(opened, asked)
        is_empty = not answer.results and not opened.knowledge.count(opened.tenant)
    if as_json:
        show_json(answer)
    elif answer.results:
        _show(answer)
    if is_empty:
        typer.echo("The search index is empty: mill documents first with `docmill ingest PATH`.", err=True)
    elif not answer.results:
        typer.echo("Nothing was found.", err=True)


def _show(answer: SearchAnswer) -> None:
    rows = [(f"{r.score:.3f}", r.document_id[:12], r.name, str(r.page), _short(r.text)) for r in answer.results]
    show_table(f"Found in {answer.took_ms:.0f} ms", ("score", "document", "file", "page", "passage"), rows)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN_CHARACTERS else f"{flat[:SHOWN_CHARACTERS]}..."


def similar(
    document: Annotated[str, typer.Argument(help="Document id, or at least 6 characters of its beginning.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many documents.")] = 10,
    filters: Annotated[list[str] | None, FILTER] = None,
    as_json: Json = False,
) -> None:
    """Find documents like a given one: near-duplicates first, then what is about the same."""
    asked = filters_from(filters or ())
    with room() as opened:
        answer = similar_documents(opened, document, limit, asked)
    if as_json:
        show_json(answer)
    elif answer.results:
        rows = [
            (f"{r.score:.3f}", f"{r.overlap:.0%}", "near-duplicate" if r.is_near_duplicate else "", r.document_id[:12], r.name)
            for r in answer.results
        ]
        show_table(f"Found in {answer.took_ms:.0f} ms", ("score", "same text", "", "document", "file"), rows)
    else:
        typer.echo("There is no other document in the search index.", err=True)


def reindex(*, as_json: Json = False) -> None:
    """Write the search index anew from the kept chunks; nothing is read again, and the old index serves until then."""
    with room() as opened:
        done = rebuild_tenant(opened)
    if as_json:
        show_json({"documents": done.documents, "chunks": done.chunks, "left_out": list(done.left_out)})
        return
    typer.echo(f"{done.chunks} chunks of {done.documents} documents")
    if done.left_out:
        typer.echo(f"{len(done.left_out)} documents have no readable chunks; `docmill remill` them: {', '.join(done.left_out)}", err=True)
