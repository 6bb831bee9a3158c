"""What a finished task's page shows beside its text: pictures of pages with boxes, fields, times; and everything in one ZIP.

Boxes are SVG over the picture: the page's policy allows no style from outside the style sheet, and SVG says places by attributes.
"""

import tempfile
import zipfile
from asyncio import get_running_loop
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from fastapi import APIRouter
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from docmill.errors import NotAllowed, NotFound
from docmill.gateway.access import may_see_original_of, may_see_originals
from docmill.gateway.desk import Desk
from docmill.services import task_view
from docmill.services.page_pictures import page_picture
from docmill.values.jobs import JobView
from docmill.values.results import PageFacts, Results

MOST_PICTURES: Final = 50
"""Pages that are shown; a longer document is downloaded."""
TaskId = Annotated[str, InPath(pattern=r"^[0-9a-z]{26}$")]
PICTURED: Final = ("application/pdf", "image/")


def document_pages_router(desk: Desk) -> APIRouter:
    """Pictures and the ZIP."""
    router = APIRouter(include_in_schema=False)
    drawing = ThreadPoolExecutor(1, thread_name_prefix="docmill-pictures")  # one cell draws for everybody

    @router.get("/tasks/{task_id}/{of}/{number}.png")
    async def picture(task_id: TaskId, of: Annotated[str, InPath(pattern="^(original|redacted)$")], number: int) -> Response:
        job = await run_in_threadpool(task_view.task, desk.room, task_id)
        if of == "original" and not may_see_original_of(redacted=job.options.redact):
            raise NotAllowed("the original of this task is not shown")
        made = await get_running_loop().run_in_executor(drawing, _draw, desk, job, number, of)
        return Response(made, media_type="image/png", headers={"Cache-Control": "private, max-age=600"})

    @router.get("/tasks/{task_id}/all.zip")
    def everything(task_id: TaskId) -> FileResponse:
        job = task_view.task(desk.room, task_id)
        links = task_view.links(desk.room, job, originals=may_see_originals())
        wanted = {name: link for name, link in (("original", links.original), ("results", links.results), *links.others.items()) if link}
        if not wanted:
            raise NotFound("there is nothing to download")
        with (
            tempfile.NamedTemporaryFile(prefix="docmill-zip-", delete=False) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out,
        ):
            for name, link in wanted.items():
                ending = PurePosixPath(link.object_name).suffix or PurePosixPath(job.name).suffix
                out.writestr(f"{name}{ending}", desk.room.store.read(link.object_name))
        gone = BackgroundTask(Path(file.name).unlink)
        return FileResponse(file.name, media_type="application/zip", filename=f"{PurePosixPath(job.name).stem}.zip", background=gone)

    return router


def _draw(desk: Desk, job: JobView, number: int, of: str) -> bytes:
    results = task_view.results_of(desk.room, job)
    if results is None:
        raise NotFound("there is no result")
    return page_picture(desk.room, job, results, number, redacted=of == "redacted")


def shown_document(job: JobView, results: Results) -> str:
    """HTML of pages, fields and times."""
    return "".join((_fields(results), _pages(job, results), _times(job, results)))


def sheets(job: JobView, results: Results, boxes: Mapping[int, str]) -> str:
    """HTML of pages with boxes of the caller's own (page -> SVG): the original where it may be seen, else the redacted copy."""
    if not results.document.media_type.startswith(PICTURED):
        return ""
    kind = "original" if may_see_original_of(redacted=job.options.redact) else "redacted"
    if kind == "redacted" and not job.options.redact:
        return ""
    return "".join(_sheet(job, p, kind, boxes.get(p.number, "")) for p in results.pages[:MOST_PICTURES])


def _fields(results: Results) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(f.name.replace("_", " "))}</th><td>{escape(f.value or f.text)}</td>'
        f'<td><a href="#page-{f.page}">{f.page}</a></td><td>{f.confidence:.0%}</td></tr>'
        for f in results.fields
    )
    head = '<thead><tr><th scope="col">Field</th><th scope="col">Value</th><th scope="col">Page</th><th scope="col">Confidence</th></tr></thead>'
    return f"<h3>Fields</h3><table>{head}<tbody>{rows}</tbody></table>" if rows else ""


def _pages(job: JobView, results: Results) -> str:
    if not results.document.media_type.startswith(PICTURED):
        return ""
    kinds = (["redacted"] if job.options.redact else []) + (["original"] if may_see_original_of(redacted=job.options.redact) else [])
    shown = "".join(
        f'<div class="sheets" id="page-{p.number}">{_sheets(job, results, p, kinds)}</div>' for p in results.pages[:MOST_PICTURES]
    )
    return f"<h3>Pages</h3>{shown}" if kinds and shown else ""


def _sheets(job: JobView, results: Results, page: PageFacts, kinds: Iterable[str]) -> str:
    boxes = _boxes(results, page.number)
    return "".join(_sheet(job, page, kind, boxes) for kind in kinds)


def _sheet(job: JobView, page: PageFacts, kind: str, boxes: str) -> str:
    return (
        f'<figure><figcaption>Page {page.number}, {kind}</figcaption><div class="sheet">'
        f'<img src="/tasks/{job.job_id}/{kind}/{page.number}.png" alt="Page {page.number}, {kind}" loading="lazy">'
        f'<svg viewBox="0 0 {page.width_px} {page.height_px}" aria-hidden="true">{boxes}</svg></div></figure>'
    )


def _boxes(results: Results, number: int) -> str:
    lines = [(b.bounding_box[0], b.bounding_box[2], "line", b.text) for b in results.text_blocks if b.page == number]
    fields = [((f.box[0], f.box[1]), (f.box[2], f.box[3]), "field", f.name) for f in results.fields if f.page == number and f.box]
    return "".join(
        f'<rect class="{kind}" x="{x0:.0f}" y="{y0:.0f}" width="{x1 - x0:.0f}" height="{y1 - y0:.0f}"><title>{escape(text)}</title></rect>'
        for (x0, y0), (x1, y1), kind, text in (*lines, *fields)
    )


def _times(job: JobView, results: Results) -> str:
    moments = (("Accepted", job.accepted_at), ("Work began", job.started_at), ("Ended", job.finished_at))
    rows = "".join(f'<tr><th scope="row">{name}</th><td>{at:%Y-%m-%d %H:%M:%S} UTC</td></tr>' for name, at in moments if at)
    rows += "".join(
        f'<tr><th scope="row">{escape(stage)}</th><td>{seconds:.2f} s</td></tr>' for stage, seconds in results.timings_s.items()
    )
    return f"<h3>Timeline</h3><table><tbody>{rows}</tbody></table>"
