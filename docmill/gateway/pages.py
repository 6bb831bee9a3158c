"""The web pages of tasks: rendered here, kept up to date by one small script. Their frame is in page_frame."""

from collections.abc import Iterable
from html import escape
from types import MappingProxyType
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Path, Query
from fastapi.responses import HTMLResponse, Response

from docmill.errors import NotFound
from docmill.gateway import answers, page_facts
from docmill.gateway import contract as shape
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import DESCRIPTION
from docmill.gateway.page_frame import ASSETS, choices, framed, text_of
from docmill.gateway.page_sheets import page_sheets
from docmill.gateway.pages_enrichment import shown_enrichment
from docmill.services import task_view
from docmill.services.page_marks import personal_marks
from docmill.services.stack_note import prefect_ui
from docmill.services.task_view import JobFilter
from docmill.services.timeline import timeline
from docmill.settings import MIB
from docmill.values.jobs import JobView
from docmill.values.languages import TESSERACT_NAMES
from docmill.values.options import MillOptions
from docmill.values.results import Results

SHOWN = 50
Part = Annotated[str, Query(max_length=255)]
Cursor = Annotated[str | None, Query(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
STATUSES: Final = ("", *get_args(shape.Status))


def pages_router(desk: Desk, app: FastAPI) -> APIRouter:
    """`/`, `/tasks/{id}`, `/docs` and their assets."""
    router = APIRouter(include_in_schema=False)

    _add_home(router, desk)

    @router.get("/tasks/{task_id}")
    def task(task_id: Annotated[str, Path(pattern=r"^[0-9a-z]{26}$")]) -> HTMLResponse:
        return _task_page(desk, task_view.task(desk.room, task_id))

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return framed("docs.html", "HTTP API", here="/docs", description=escape(DESCRIPTION), routes="\n".join(_routes(app.openapi())))

    @router.get("/web/{name}")
    def asset(name: str) -> Response:
        if name not in ASSETS:
            raise NotFound("no such asset")
        return Response(text_of(name), media_type=ASSETS[name])

    return router


def _add_home(router: APIRouter, desk: Desk) -> None:
    @router.get("/")
    def home(
        status: Annotated[str, Query(max_length=20)] = "", kind: Part = "", tag: Part = "", text: Part = "", cursor: Cursor = None
    ) -> HTMLResponse:
        wanted = JobFilter(states=task_view.states_of(status), kind=kind or None, tag=tag or None, name_part=text or None)
        found = task_view.search_tasks(desk.room, wanted, limit=SHOWN + 1, before=cursor)
        asked = {name: value for name, value in (("status", status), ("kind", kind), ("tag", tag), ("text", text)) if value}
        return framed(
            "home.html",
            "Tasks",
            here="/",
            data=MappingProxyType({"page": "home", "live": "" if cursor else urlencode(asked | {"limit": str(SHOWN)})}),
            rows="\n".join(_row(answers.task_line(job)) for job in found[:SHOWN]),
            more=_more(asked, found[SHOWN - 1].job_id) if len(found) > SHOWN else "",
            statuses=choices(STATUSES, status),
            kind=escape(kind),
            tag=escape(tag),
            text=escape(text),
            max_mib=str(desk.room.settings.max_bytes // MIB),
            languages=choices(TESSERACT_NAMES, desk.room.settings.language),
            formats=choices(get_args(MillOptions.model_fields["extract_format"].annotation), "text"),
        )


def _more(asked: dict[str, str], last: str) -> str:
    return f'<p><a href="/?{escape(urlencode(asked | {"cursor": last}))}" rel="next">Older tasks</a></p>'


def _row(task: shape.TaskLine) -> str:
    name = escape(task.name)
    failed = ' class="failed"' if task.status == "failed" else ""
    return (
        f'<tr><td><a href="/tasks/{task.task_id}">{name}</a></td><td{failed}>{task.outcome}</td>'
        f'<td><progress max="100" value="{task.progress}" aria-label="Progress of {name}"></progress> {escape(task.message)}</td>'
        f"<td>{escape(task.kind or '')}</td><td>{task.accepted_at:%Y-%m-%d %H:%M:%S}</td></tr>"
    )


def _task_page(desk: Desk, job: JobView) -> HTMLResponse:
    task, ui = answers.task_status(desk.room, job), prefect_ui(desk.room.settings)
    results, steps = task_view.results_of(desk.room, job), timeline(desk.room, job)
    action = "retry" if task.status in {"completed", "failed"} else "cancel"
    message = f"{task.message} {task.error.hint}" if task.error else task.message
    return framed(
        "task.html",
        job.name,
        here="/",
        data=MappingProxyType({"page": "task", "task": task.task_id, "status": task.status}),
        name=escape(job.name),
        outcome=task.outcome.value,
        message=escape(message),
        progress=str(task.progress),
        buttons=f'<button type="button" data-ask="{action}">{action.capitalize()}</button>',
        facts=page_facts.task_facts(job, steps, ui),
        downloads=_downloads(task.task_id, task.download_urls or {}),
        document=_document(desk, job, results) if results else "",
        text=_full_text(task.ocr_result),
        history=page_facts.timeline_table(steps, ui) + (page_facts.stage_seconds(results) if results else ""),
    )


def _document(desk: Desk, job: JobView, results: Results) -> str:
    marks = personal_marks(desk.room, job)
    said = page_facts.fields_table(results) + page_facts.parts_table(results)
    return said + shown_enrichment(results) + page_facts.personal_data(results) + page_sheets(job, results, marks)


def _downloads(task_id: str, urls: dict[str, str | None]) -> str:
    links = [f'<li><a href="{escape(url)}">{escape(name.replace("_", " "))}</a></li>' for name, url in urls.items() if url]
    whole = f'<li><a href="/tasks/{task_id}/all.zip">all of it as ZIP</a></li>'
    return f"<h3>Downloads</h3><ul>{''.join(links)}{whole}</ul>" if links else ""


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
