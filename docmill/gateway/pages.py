"""The web page: rendered here, kept up to date by one small script. No build step, nothing from outside, no inline script or style."""

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Annotated, Any, get_args

from fastapi import APIRouter, FastAPI, Path
from fastapi.responses import HTMLResponse, Response

from docmill.errors import NotFound
from docmill.gateway import answers
from docmill.gateway import contract as shape
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import DESCRIPTION
from docmill.services import task_view
from docmill.services.task_view import JobFilter
from docmill.settings import MIB
from docmill.values.languages import TESSERACT_NAMES
from docmill.values.options import MillOptions

SHOWN = 50
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
ASSETS: MappingProxyType[str, str] = MappingProxyType({"app.js": "text/javascript; charset=utf-8", "style.css": "text/css; charset=utf-8"})


def pages_router(desk: Desk, app: FastAPI) -> APIRouter:
    """`/`, `/tasks/{id}`, `/docs` and their assets."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def home() -> HTMLResponse:
        tasks = [answers.task_line(job) for job in task_view.search_tasks(desk.room, JobFilter(), limit=SHOWN, before=None)]
        formats = get_args(MillOptions.model_fields["extract_format"].annotation)
        return _page(
            "home.html",
            rows="\n".join(map(_row, tasks)),
            max_mib=str(desk.room.settings.max_bytes // MIB),
            languages=_choices(TESSERACT_NAMES, desk.room.settings.language),
            formats=_choices(formats, "text"),
        )

    @router.get("/tasks/{task_id}")
    def task(task_id: Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]) -> HTMLResponse:
        job = task_view.task(desk.room, task_id)
        return _task_page(answers.task_status(desk.room, job), job.name)

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return _page("docs.html", description=escape(DESCRIPTION), routes="\n".join(_routes(app.openapi())))

    @router.get("/web/{name}")
    def asset(name: str) -> Response:
        if name not in ASSETS:
            raise NotFound("no such asset")
        return Response(_text(name), media_type=ASSETS[name])

    return router


@lru_cache
def _text(name: str) -> str:
    return files("docmill.gateway").joinpath("web", name).read_text(encoding="utf-8")


def _page(page: str, **parts: str) -> HTMLResponse:
    return HTMLResponse(Template(_text(page)).substitute(parts), headers={"Content-Security-Policy": PAGE_POLICY})


def _choices(values: Iterable[str], chosen: str) -> str:
    return "".join(f'<option value="{escape(v)}"{" selected" if v == chosen else ""}>{escape(v)}</option>' for v in values)


def _row(task: shape.TaskLine) -> str:
    name = escape(task.name)
    failed = ' class="failed"' if task.status == "failed" else ""
    return (
        f'<tr><td><a href="/tasks/{task.task_id}">{name}</a></td><td{failed}>{task.outcome}</td>'
        f'<td><progress max="100" value="{task.progress}" aria-label="Progress of {name}"></progress> {escape(task.message)}</td>'
        f"<td>{escape(task.kind or '')}</td><td>{task.accepted_at:%Y-%m-%d %H:%M:%S}</td></tr>"
    )


def _task_page(task: shape.TaskStatus, name: str) -> HTMLResponse:
    is_over = task.status in {"completed", "failed"}
    action = "retry" if is_over else "cancel"
    message = f"{task.message} {task.error.hint}" if task.error else task.message
    return _page(
        "task.html",
        name=escape(name),
        task_id=task.task_id,
        status=task.status,
        outcome=task.outcome.value,
        message=escape(message),
        progress=str(task.progress),
        buttons=f'<button type="button" data-ask="{action}">{action.capitalize()}</button>',
        downloads=_downloads(task.download_urls or {}),
        text=_full_text(task.ocr_result),
    )


def _downloads(urls: dict[str, str | None]) -> str:
    links = [f'<li><a href="{escape(url)}">{escape(name.replace("_", " "))}</a></li>' for name, url in urls.items() if url]
    return f"<h3>Downloads</h3><ul>{''.join(links)}</ul>" if links else ""


def _full_text(result: shape.OcrResult | None) -> str:
    if result is None:
        return ""
    if result.full_text is None:
        return "<h3>Text</h3><p>It is long: download the results or the text.</p>"
    return f'<h3>Text</h3><pre tabindex="0" role="region" aria-label="Extracted text">{escape(result.full_text)}</pre>'


def _routes(description: dict[str, Any]) -> Iterable[str]:
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            given = [f"<code>{escape(p['name'])}</code>" for p in route.get("parameters", [])]
            told = escape(route.get("description", route.get("summary", "")))
            codes = ", ".join(route["responses"])
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{told}</p>"
            yield f"<p>{'Parameters: ' + ', '.join(given) + '. ' if given else ''}Answers: {codes}.</p>"
