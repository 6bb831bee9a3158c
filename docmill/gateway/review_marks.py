"""`/api/v1/review/documents/{id}`: what a person saw that no search found: personal data to hide, and the kind of the document."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from docmill.errors import NotAllowed
from docmill.gateway import contract_review as shape
from docmill.gateway.access import may_see_original_of
from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.gateway.review import PREFIX, taken
from docmill.services.learning.lessons import say_consent
from docmill.services.review.marking import Mark, mark, say_kind
from docmill.storage.ledger import versions, views

DocumentId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


def review_marks_router(desk: Desk) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=f"{PREFIX}/documents", tags=["review"])

    @router.post("/{document_id}/marks", summary="Hide what no search found", responses=problems(403, 404, 409, 422))
    def hide(document_id: DocumentId, body: shape.MarkBody, request: Request) -> list[shape.DecisionTaken]:
        """Say that a text, or a place of a page, is personal data: a decision for each place. A new redacted copy follows."""
        _must_see(desk, document_id)
        wanted = Mark(body.type, body.text, body.page, body.start, body.end)
        return [taken(desk, made) for made in mark(desk.room, document_id, acting_user(request), wanted, note=body.note)]

    @router.post("/{document_id}/kind", summary="Say what kind a document is", responses=problems(403, 404, 409, 422))
    def kind(document_id: DocumentId, body: shape.KindBody, request: Request) -> shape.DecisionTaken:
        """Put the kind right that docmill took the document for. A new result version follows."""
        return taken(desk, say_kind(desk.room, document_id, acting_user(request), body.kind, note=body.note))

    @router.put("/{document_id}/consent", summary="Say whether a document may teach", status_code=204, responses=problems(403, 404, 422))
    def consent(document_id: DocumentId, body: shape.ConsentBody, request: Request) -> None:
        """Decisions on it train models only where it may teach; what was said last counts."""
        say_consent(desk.room, document_id, may_teach=body.may_teach, by=acting_user(request))

    return router


def _must_see(desk: Desk, document_id: str) -> None:
    room = desk.room
    with room.ledger.reading() as conn:
        job_id = versions.current_job(conn, room.tenant, document_id)
        is_redacted = job_id is not None and views.job(conn, room.tenant, job_id).options.redact
    if not may_see_original_of(redacted=is_redacted):  # else it would tell what stands under a box
        raise NotAllowed("this document is redacted; marking asks for a key with the scope originals:read")
