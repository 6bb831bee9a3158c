"""`GET /api/v1/search`: passages of the tenant's documents; `GET /api/v1/documents/{id}/similar`: documents like one."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from docmill.gateway.access import limited_as
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services.search import SearchAnswer, search_documents
from docmill.services.search_similar import SimilarAnswer, similar_documents
from docmill.storage.knowledge.ports import Filters, SearchMode
from docmill.storage.knowledge.ports import Query as Asked
from docmill.values.languages import language_code

MOST_PASSAGES: Final = 100
MOST_LETTERS: Final = 1000
NOBODY: Final = "gateway"
"""Who searches where keys are off."""
Label = Annotated[str | None, Query(max_length=255)]
Day = Annotated[date | None, Query(description="YYYY-MM-DD, of the document's date, else of the day it was handed in.")]


def search_router(desk: Desk) -> APIRouter:
    """The search route."""
    router = APIRouter(prefix="/api/v1", tags=["search"])

    @router.get("/search", summary="Search documents", responses=problems(422))
    def search(
        *,
        q: Annotated[
            str, Query(min_length=1, max_length=MOST_LETTERS, description="A question, words, or an identifier.", examples=["dog food"])
        ],
        mode: Annotated[SearchMode, Query(description="By meaning, by words, or both.")] = SearchMode.HYBRID,
        limit: Annotated[int, Query(ge=1, le=MOST_PASSAGES)] = 10,
        kind: Label = None,
        since: Day = None,
        until: Day = None,
        language: Annotated[str | None, Query(max_length=8, description="ISO 639-1.")] = None,
        tag: Annotated[list[str] | None, Query(max_length=20, description="All of them.")] = None,
        collection: Label = None,
    ) -> SearchAnswer:
        """Passages, best first, with their page and boxes in pixels of the upright page image. Redacted documents are found by redacted text only."""
        filters = Filters(
            kind=kind,
            date_from=since,
            date_to=until,
            language=language_code(language) if language else None,
            tags=tuple(tag or ()),
            collection=collection,
        )
        return search_documents(desk.room, Asked(q, mode, limit, filters), user=limited_as(NOBODY))

    _add_similar(router, desk)
    return router


def _add_similar(router: APIRouter, desk: Desk) -> None:
    @router.get("/documents/{document_id}/similar", summary="Find similar documents", responses=problems(404, 422))
    def similar(
        *,
        document_id: Annotated[
            str, Path(pattern=r"^[0-9a-f]{6,32}$", description="Document id, or at least 6 characters of its beginning.")
        ],
        limit: Annotated[int, Query(ge=1, le=MOST_PASSAGES)] = 10,
        kind: Label = None,
        collection: Label = None,
    ) -> SimilarAnswer:
        """Documents like a given one: near-duplicates first, then by what they are about. `overlap` is the share of text that both have."""
        return similar_documents(desk.room, document_id, limit, Filters(kind=kind, collection=collection))
