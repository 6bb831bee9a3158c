"""`GET /api/v1/results/export`: the newest results of many documents as one file. What is in it stands in services/exporting."""

import contextlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.gateway.uploads import Day, Text, end_of, midnight
from docmill.scratch import scratch_folder
from docmill.services.exporting import Form, export_results
from docmill.services.task_view import JobFilter
from docmill.values.jobs import JobState

MEDIA_TYPES: Final[Mapping[Form, str]] = MappingProxyType(
    {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "zip": "application/zip"}
)
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The file.", "content": dict.fromkeys(MEDIA_TYPES.values(), _BINARY)}
}


def exports_router(desk: Desk) -> APIRouter:
    """Exporting."""
    router = APIRouter(prefix="/api/v1/results", tags=["records"])

    @router.get("/export", summary="Export results", response_class=FileResponse, responses={**problems(422), **_ANSWER})
    def export(
        *,
        form: Annotated[Form, Query(alias="format", description="A table (csv, parquet) or the results JSON (zip).")] = "csv",
        kind: Text = None,
        outcome: Annotated[JobState | None, Query(description="Only tasks that ended so.")] = None,
        tag: Text = None,
        since: Day = None,
        until: Day = None,
    ) -> FileResponse:
        """The newest result of every document that fits; `since` and `until` are days on which tasks were accepted, both inclusive."""
        wanted = JobFilter(
            states=(outcome,) if outcome else (),
            accepted_from=midnight(since) if since else None,
            accepted_before=end_of(until),
            kind=kind,
            tag=tag,
        )
        with contextlib.ExitStack() as until_sent:
            path = until_sent.enter_context(scratch_folder("export")) / f"results.{form}"
            export_results(desk.room, wanted, path, form)
            gone = BackgroundTask(until_sent.pop_all().close)
        return FileResponse(path, media_type=MEDIA_TYPES[form], filename=path.name, background=gone)

    return router
