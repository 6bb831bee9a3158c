"""`/api/v1/quarantine`: items that ended their workers and are run no more, and their release."""

from fastapi import APIRouter, Response

from docmill.gateway import answers
from docmill.gateway import contract as shape
from docmill.gateway.access import asker
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.gateway.uploads import TaskId
from docmill.services import task_view
from docmill.services.quarantine import QuarantinedItem, list_quarantine, release


def quarantine_router(desk: Desk) -> APIRouter:
    """Looking and releasing."""
    router = APIRouter(prefix="/api/v1/quarantine", tags=["quarantine"])

    @router.get("", summary="What is in quarantine", responses=problems())
    def listed() -> list[QuarantinedItem]:
        """Items that were begun several times without an end, newest first."""
        return list_quarantine(desk.room)

    @router.post("/{task_id}/release", status_code=202, summary="Release a task", responses=problems(404, 409, 422, 429))
    def let_go(task_id: TaskId, response: Response) -> shape.UploadAccepted:
        """Try what a task has in quarantine again: a new task with this one as its parent."""
        desk.limits.check_queue()
        submission = release(desk.room, task_id, asker=asker())
        desk.wake()
        found = [task_view.task(desk.room, job_id) for job_id in submission.job_ids]
        answer = answers.accepted(found, submission, [None] * len(found))
        response.headers["Location"] = answer.status_url
        response.headers["Retry-After"] = str(answers.POLL_S)
        return answer

    return router
