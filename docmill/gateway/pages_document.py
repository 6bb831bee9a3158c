"""What a finished task's page links to: pictures of pages, the boxes of their words, everything in one ZIP. Its HTML is in page_sheets, page_facts."""

import contextlib
import zipfile
from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from docmill.errors import NotAllowed, NotFound
from docmill.gateway.access import asker, may_see_original_of, may_see_originals
from docmill.gateway.desk import Desk
from docmill.gateway.page_sheets import words_picture
from docmill.scratch import scratch_folder
from docmill.services import task_view
from docmill.services.looking import note_look
from docmill.services.page_marks import page_words
from docmill.services.page_pictures import page_picture
from docmill.values.jobs import JobView

TaskId = Annotated[str, InPath(pattern=r"^[0-9a-z]{26}$")]
Of = Annotated[str, InPath(pattern="^(original|redacted)$")]
KEPT: Final = {"Cache-Control": "private, max-age=600"}


def document_pages_router(desk: Desk) -> APIRouter:
    """Pictures and the ZIP."""
    router = APIRouter(include_in_schema=False)
    _add_pictures(router, desk)
    _add_zip(router, desk)
    return router


def _add_pictures(router: APIRouter, desk: Desk) -> None:
    drawing = ThreadPoolExecutor(1, thread_name_prefix="docmill-pictures")  # one cell draws for everybody

    @router.get("/tasks/{task_id}/{of}/{number}.png")
    async def picture(task_id: TaskId, of: Of, number: int) -> Response:
        job = await run_in_threadpool(_shown_job, desk, task_id, of)
        if of == "original":
            await run_in_threadpool(note_look, desk.room, job, "page", by=asker().id, page=number)
        made = await get_running_loop().run_in_executor(drawing, _draw, desk, job, number, of)
        return Response(made, media_type="image/png", headers=KEPT)

    @router.get("/tasks/{task_id}/{of}/words-{number}.svg")
    def words(task_id: TaskId, of: Of, number: int) -> Response:
        job = _shown_job(desk, task_id, of)
        return Response(
            words_picture(page_words(desk.room, job, number, redacted=of == "redacted")), media_type="image/svg+xml", headers=KEPT
        )


def _add_zip(router: APIRouter, desk: Desk) -> None:
    @router.get("/tasks/{task_id}/all.zip")
    def everything(task_id: TaskId) -> FileResponse:
        job = task_view.task(desk.room, task_id)
        links = task_view.links(desk.room, job, originals=may_see_originals())
        wanted = {name: link for name, link in (("original", links.original), ("results", links.results), *links.others.items()) if link}
        if not wanted:
            raise NotFound("there is nothing to download")
        with contextlib.ExitStack() as until_sent:
            path = until_sent.enter_context(scratch_folder("zip")) / "all.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
                for name, link in wanted.items():
                    ending = PurePosixPath(link.object_name).suffix or PurePosixPath(job.name).suffix
                    out.writestr(f"{name}{ending}", desk.room.store.read(link.object_name))
            gone = BackgroundTask(until_sent.pop_all().close)
        return FileResponse(path, media_type="application/zip", filename=f"{PurePosixPath(job.name).stem}.zip", background=gone)


def _shown_job(desk: Desk, task_id: str, of: str) -> JobView:
    job = task_view.task(desk.room, task_id)
    if of == "original" and not may_see_original_of(redacted=job.options.redact):
        raise NotAllowed("the original of this task is not shown")
    return job


def _draw(desk: Desk, job: JobView, number: int, of: str) -> bytes:
    results = task_view.results_of(desk.room, job)
    if results is None:
        raise NotFound("there is no result")
    return page_picture(desk.room, job, results, number, redacted=of == "redacted")
