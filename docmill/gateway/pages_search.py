"""`/search`, `/documents/{id}` and `/documents/{id}/similar`: from a question to the page that answers it, and on to documents like it."""

import re
from html import escape
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from docmill.errors import DocmillError
from docmill.gateway.access import limited_as
from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import choices, framed
from docmill.gateway.search import MOST_LETTERS, NOBODY
from docmill.services import task_view
from docmill.services.search import Passage, search_documents
from docmill.services.search_similar import SimilarDocument, similar_documents
from docmill.storage.knowledge.ports import Filters, SearchMode
from docmill.storage.knowledge.ports import Query as Asked

SHOWN = 20
LEAST_MARKED = 3
"""Shorter words are in nearly every passage."""


def search_pages_router(desk: Desk) -> APIRouter:
    """The pages of the search."""
    router = APIRouter(include_in_schema=False)

    @router.get("/search")
    def search(
        q: Annotated[str, Query(max_length=MOST_LETTERS)] = "",
        mode: SearchMode = SearchMode.HYBRID,
        kind: Annotated[str, Query(max_length=255)] = "",
    ) -> HTMLResponse:
        heading, passages, status = _found(desk, Asked(q, mode, SHOWN, Filters(kind=kind or None)))
        modes = choices([m.value for m in (SearchMode.HYBRID, SearchMode.VECTOR, SearchMode.TEXT)], mode.value)
        return framed(
            "search.html",
            "Search",
            here="/search",
            status=status,
            q=escape(q),
            modes=modes,
            kind=escape(kind),
            heading=heading,
            passages=passages,
        )

    @router.get("/documents/{document_id}")
    def document(document_id: Annotated[str, Path(pattern=r"^[0-9a-f]{6,32}$")]) -> RedirectResponse:
        newest, current = task_view.document_tasks(desk.room, document_id)
        return RedirectResponse(f"/tasks/{(current or newest).job_id}", status_code=303)

    @router.get("/documents/{document_id}/similar")
    def similar(document_id: Annotated[str, Path(pattern=r"^[0-9a-f]{6,32}$")]) -> HTMLResponse:
        answer = similar_documents(desk.room, document_id, SHOWN, Filters())
        listed = "".join(f"<li>{_likeness(one)}</li>" for one in answer.results)
        heading = "Documents like this one" if listed else "No other document is in the search index"
        modes = choices([m.value for m in (SearchMode.HYBRID, SearchMode.VECTOR, SearchMode.TEXT)], SearchMode.HYBRID.value)
        shown = f'<ol class="passages">{listed}</ol>' if listed else ""
        return framed("search.html", "Similar documents", here="/search", q="", modes=modes, kind="", heading=heading, passages=shown)

    return router


def _found(desk: Desk, asked: Asked) -> tuple[str, str, int]:
    """(heading, passages as HTML, HTTP status)."""
    if not asked.text.strip():
        return "Ask something about the documents", "", 200
    try:
        answer = search_documents(desk.room, asked, user=limited_as(NOBODY))
    except DocmillError as error:
        return "The search cannot answer", f"<p>{escape(error.message)} {escape(error.hint)}</p>", error.kind.http_status
    words = [word for word in re.findall(r"\w+", asked.text) if len(word) >= LEAST_MARKED]
    shown = "".join(f"<li>{_passage(one, words)}</li>" for one in answer.results)
    heading = f"{len(answer.results)} passages in {answer.took_ms:.0f} ms" if answer.results else "Nothing was found"
    return heading, f'<ol class="passages">{shown}</ol>' if shown else "", 200


def _passage(one: Passage, words: list[str]) -> str:
    link = f'<a href="/documents/{one.document_id}#page-{one.page}">{escape(one.name)}</a>, page {one.page}'
    return f"<h3>{link}</h3><p>{marked(one.text, words)}</p>"


def _likeness(one: SimilarDocument) -> str:
    told = f"near-duplicate, {one.overlap:.0%} the same text" if one.is_near_duplicate else f"likeness {one.score:.2f}"
    return f'<h3><a href="/documents/{one.document_id}">{escape(one.name)}</a></h3><p>{told}</p>'


def marked(text: str, words: list[str]) -> str:
    """HTML of a text with words marked, whatever their case."""
    if not words:
        return escape(text)
    pattern = re.compile(f"({'|'.join(map(re.escape, sorted(set(words), key=len, reverse=True)))})", re.IGNORECASE)
    return "".join(f"<mark>{escape(part)}</mark>" if n % 2 else escape(part) for n, part in enumerate(pattern.split(text)))
