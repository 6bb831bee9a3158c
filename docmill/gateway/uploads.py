"""`/api/v1/upload/...`: the asynchronous OCR contract. Upload, ask, list, cancel, retry."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool

from docmill.errors import InvalidOptions
from docmill.gateway import answers
from docmill.gateway import contract as shape
from docmill.gateway.access import asker, limited_as
from docmill.gateway.desk import Desk
from docmill.gateway.multipart import MOST_FILES, Form, read_form
from docmill.gateway.openapi import problems, upload_body
from docmill.gateway.upload_form import Asked, read_fields
from docmill.scratch import held
from docmill.services import jobs, task_view, uploads
from docmill.services.fetching import fetched
from docmill.services.task_view import JobFilter
from docmill.values.jobs import JobState

PREFIX: Final = "/api/v1/upload"
TaskId = Annotated[str, InPath(description="Given by the upload.", pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
Text = Annotated[str | None, Query(max_length=255)]
Day = Annotated[date | None, Query(description="YYYY-MM-DD, in UTC.")]


def uploads_router(desk: Desk) -> APIRouter:
    """The contract's routes."""
    router = APIRouter(prefix=PREFIX, tags=["upload"])
    _add_upload(router, desk)
    _add_status(router, desk)
    _add_list(router, desk)
    _add_changes(router, desk)
    return router


def _add_upload(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/async/",
        status_code=202,
        summary="Upload files",
        responses=problems(400, 403, 404, 409, 413, 415, 422, 429),
        openapi_extra=upload_body(),
    )
    async def upload(
        request: Request,
        response: Response,
        idempotency_key: Annotated[str | None, Header(description="The same key gives the same answer for a day.")] = None,
    ) -> shape.UploadAccepted:
        """Store files, sent or named by `uri`, and queue them.

        The same bytes with the same options give the same task, unless `force` is set or it failed.
        """
        desk.limits.take(limited_as(request.client.host if request.client else ""))
        await run_in_threadpool(desk.limits.check_queue)
        async with desk.incoming() as folder:
            form = await read_form(request, folder, max_file_bytes=desk.room.settings.max_bytes)
            asked = read_fields(form.fields)
            if not form.files and not asked.uris:
                raise InvalidOptions("the field `file` is missing (or `uri`, for an object of a bucket)")
            await run_in_threadpool(_fetch, desk, form, asked.uris, folder)
            answer = await run_in_threadpool(_submit, desk, form, asked, idempotency_key, folder)
        response.headers["Location"] = answer.status_url
        response.headers["Retry-After"] = str(answers.POLL_S)
        return answer


def _fetch(desk: Desk, form: Form, uris: Sequence[str], folder: Path) -> None:
    if len(form.files) + len(uris) > MOST_FILES:
        raise InvalidOptions(f"more than {MOST_FILES} files in one request")
    with held(folder):
        form.files += fetched(desk.room, uris, folder)
    form.media_types += [None] * len(uris)


def _submit(desk: Desk, form: Form, asked: Asked, key: str | None, folder: Path) -> shape.UploadAccepted:
    room = desk.room
    with held(folder):
        submission = uploads.submit(room, form.files, asked.options, asked.said, idempotency_key=key, asker=asker())
    desk.wake()
    found = [task_view.task(room, job_id) for job_id in submission.job_ids]
    named = [job.model_copy(update={"name": name}) for job, (_, name) in zip(found, submission.sources, strict=True)]
    # what the client said of an archive is not true of its members
    said = [form.media_types[at] if name == form.files[at].name else None for at, name in submission.sources]
    return answers.accepted(named, submission, said)


def _add_status(router: APIRouter, desk: Desk) -> None:
    @router.get("/status/{task_id}/", summary="Ask for a task", responses=problems(404, 422))
    def status(task_id: TaskId) -> shape.TaskStatus:
        """Where a task stands; with text, links and storage when it is completed. Links last an hour and are fresh with each answer."""
        return answers.task_status(desk.room, task_view.task(desk.room, task_id))


def _add_list(router: APIRouter, desk: Desk) -> None:
    @router.get("/tasks/", summary="List tasks", responses=problems(422))
    def tasks(
        *,
        status: shape.Status | None = None,
        outcome: Annotated[JobState | None, Query(description="The finer word.")] = None,
        since: Day = None,
        until: Annotated[date | None, Query(description="YYYY-MM-DD, in UTC, inclusive.")] = None,
        kind: Text = None,
        tag: Text = None,
        text: Annotated[str | None, Query(max_length=255, description="A part of the file name.")] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str | None, Query(description="next_cursor of the page before.", pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")] = None,
    ) -> shape.TaskPage:
        """Tasks, newest first; filters add up."""
        states = tuple(s for s in JobState if (outcome in {None, s}) and (status is None or s in task_view.states_of(status)))
        wanted = JobFilter(
            states=states if (status or outcome) else (),
            accepted_from=midnight(since) if since else None,
            accepted_before=end_of(until),
            kind=kind,
            tag=tag,
            name_part=text,
        )
        if (status or outcome) and not states:
            return shape.TaskPage(tasks=[], next_cursor=None)
        found = task_view.search_tasks(desk.room, wanted, limit=limit + 1, before=cursor)
        page = found[:limit]
        return shape.TaskPage(tasks=[answers.task_line(job) for job in page], next_cursor=page[-1].job_id if len(found) > limit else None)


def end_of(day: date | None) -> datetime | None:
    """The end of a day, UTC; None for no day, and for the last one that there is."""
    return midnight(day + timedelta(days=1)) if day is not None and day < date.max else None


def midnight(day: date) -> datetime:
    """The beginning of a day, UTC."""
    return datetime.combine(day, time(), UTC)


def _add_changes(router: APIRouter, desk: Desk) -> None:
    @router.post("/{task_id}/cancel/", summary="Cancel a task", responses=problems(404, 409, 422))
    def cancel(task_id: TaskId, response: Response) -> shape.TaskStatus:
        """Ask a task to stop. One that waits is cancelled at once (200); one that runs is being cancelled (202)."""
        state = jobs.request_cancel(desk.room.ledger, desk.room.tenant, task_id, by=asker().id)
        desk.wake()
        response.status_code = 202 if state is JobState.CANCELLING else 200
        return answers.task_status(desk.room, task_view.task(desk.room, task_id))

    @router.post("/{task_id}/retry/", status_code=202, summary="Try a task again", responses=problems(403, 404, 409, 422, 429))
    def retry(
        task_id: TaskId,
        response: Response,
        *,
        force: Annotated[bool, Query(description="Make again what is there.")] = False,
    ) -> shape.UploadAccepted:
        """A new task for the same document and options, with this one as its parent."""
        desk.limits.check_queue()
        submission = uploads.retry(desk.room, task_id, force=force, asker=asker())
        desk.wake()
        found = [task_view.task(desk.room, job_id) for job_id in submission.job_ids]
        answer = answers.accepted(found, submission, [None] * len(found))
        response.headers["Location"] = answer.status_url
        response.headers["Retry-After"] = str(answers.POLL_S)
        return answer
