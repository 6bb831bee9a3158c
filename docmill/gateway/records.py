"""`/api/v1/batches` and `/api/v1/documents`."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from docmill.errors import NotFound
from docmill.gateway import answers
from docmill.gateway import contract as shape
from docmill.gateway.access import may_see_originals
from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services import task_view
from docmill.services.erase import erase
from docmill.services.running.kept_report import stored_checks, stored_page

BatchId = Annotated[str, Path(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
DocumentId = Annotated[str, Path(description="At least 6 characters of it.", pattern=r"^[0-9a-f]{6,32}$")]
WholeDocumentId = Annotated[str, Path(description="All 32 characters.", pattern=r"^[0-9a-f]{32}$")]

POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The page holds no script and no link."""


def records_router(desk: Desk) -> APIRouter:
    """Batches and documents."""
    router = APIRouter(prefix="/api/v1", tags=["records"])

    @router.get("/batches/{batch_id}", summary="Look at a batch", responses=problems(404, 422))
    def batch(batch_id: BatchId) -> shape.BatchAnswer:
        """The files of one upload, each with its task."""
        return answers.batch_answer(*task_view.batch_tasks(desk.room, batch_id), stored_checks(desk.room, batch_id))

    @router.get("/batches/{batch_id}/checks", summary="The checks of a batch", response_class=HTMLResponse, responses=problems(404, 422))
    def checks(batch_id: BatchId) -> HTMLResponse:
        """A page that needs nothing else: each check over the whole batch, and the ids of the documents that fail it."""
        return HTMLResponse(stored_page(desk.room, batch_id), headers={"Content-Security-Policy": POLICY})

    @router.get("/documents/{document_id}", summary="Look at a document", responses=problems(404, 422))
    def document(document_id: DocumentId) -> shape.DocumentAnswer:
        """Its newest task, the task whose result is current, and links to what that one published."""
        newest, current = task_view.document_tasks(desk.room, document_id)
        urls = answers.download_urls(task_view.links(desk.room, current, originals=may_see_originals())) if current else {}
        return shape.DocumentAnswer(
            document_id=newest.document_id,
            newest_task=answers.task_line(newest),
            current_task=answers.task_line(current) if current else None,
            download_urls=urls,
        )

    @router.delete("/documents/{document_id}", status_code=204, summary="Delete a document", responses=problems(404, 409, 422))
    def delete(document_id: WholeDocumentId, request: Request) -> None:
        """The document with everything made from it: objects, search index, tasks. The audit trail keeps that it happened."""
        newest, _ = task_view.document_tasks(desk.room, document_id)
        if newest.document_id != document_id:
            raise NotFound("no such document")
        erase(desk.room, document_id, by=acting_user(request))

    return router
