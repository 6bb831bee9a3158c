"""`GET /api/v1/upload/{task_id}/events/`: a task's progress as Server-Sent Events, for pages that would otherwise ask again and again."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from docmill.errors import DocmillError, TooManyRequests
from docmill.gateway import answers
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services import task_view

LOOK_S: Final = 0.5
ALIVE_S: Final = 15.0
LONGEST_S: Final = 30 * 60.0
"""Then the connection is closed; a browser opens it again by itself."""
MOST_STREAMS: Final = 100
AGAIN_MS: Final = 2000

_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`progress` events with a task line as JSON whenever it changes, the first at once; then one `end` and nothing more.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
}


def events_router(desk: Desk) -> APIRouter:
    """The stream of one task."""
    router = APIRouter(prefix="/api/v1/upload", tags=["upload"])
    open_now: set[object] = set()

    @router.get(
        "/{task_id}/events/", summary="Watch a task", response_class=StreamingResponse, responses={**problems(404, 422, 429), **_STREAM}
    )
    async def events(task_id: Annotated[str, Path(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]) -> StreamingResponse:
        """Progress as it happens. Polling the status URL tells the same."""
        if len(open_now) >= MOST_STREAMS:
            raise TooManyRequests("too many tasks are watched at once; ask the status URL instead")
        await run_in_threadpool(task_view.task, desk.room, task_id)  # unknown ones are a 404 and no stream
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_counted(_lines(desk, task_id), open_now), media_type="text/event-stream", headers=headers)

    return router


async def _counted(lines: AsyncIterator[str], open_now: set[object]) -> AsyncIterator[str]:
    mark = object()
    open_now.add(mark)
    try:
        async for line in lines:
            yield line
    finally:
        open_now.discard(mark)


async def _lines(desk: Desk, task_id: str) -> AsyncIterator[str]:
    yield f"retry: {AGAIN_MS}\n\n"
    told, spoke_s, end_s = "", time.monotonic(), time.monotonic() + LONGEST_S
    while time.monotonic() < end_s:
        try:
            job = await run_in_threadpool(task_view.task, desk.room, task_id)
        except DocmillError:  # deleted meanwhile, or the ledger is away: who asks again is told which
            return
        line = answers.task_line(job).model_dump_json()
        if line != told:
            told, spoke_s = line, time.monotonic()
            yield f"event: progress\ndata: {line}\n\n"
        elif time.monotonic() - spoke_s > ALIVE_S:
            spoke_s = time.monotonic()
            yield ": still there\n\n"
        if job.state.is_final:
            yield f"event: end\ndata: {line}\n\n"
            return
        await asyncio.sleep(LOOK_S)
