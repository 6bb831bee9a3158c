"""`/api/v1/review`: tasks for people. List, look, claim, release, assign, decide, decide many."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from docmill.gateway import contract_review as shape
from docmill.gateway.access import asker, may_see_original_of
from docmill.gateway.acting import acting_user
from docmill.gateway.desk import Desk
from docmill.gateway.openapi import problems
from docmill.services.jobs import job_view
from docmill.services.looking import note_look
from docmill.services.review import claiming
from docmill.services.review.deciding import Answer, decide, decide_many
from docmill.services.review.seeing import show
from docmill.services.review.starting import start_application
from docmill.storage.ledger.review_tasks import TaskFilter
from docmill.values.review import OPEN_STATES, DecisionView, Priority, ReviewTask, Subject, TaskState

PREFIX: Final = "/api/v1/review"

TaskId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Name = Annotated[str | None, Query(max_length=32)]


def review_router(desk: Desk) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=PREFIX, tags=["review"])
    _add_looking(router, desk)
    _add_holding(router, desk)
    _add_deciding(router, desk)
    return router


def taken(desk: Desk, made: DecisionView) -> shape.DecisionTaken:
    """A decision as it is answered; the run that applies a final one is asked for here."""
    return shape.DecisionTaken(
        decision_id=made.decision_id,
        task_id=made.task_id,
        verdict=made.verdict,
        is_final=made.is_final,
        is_being_applied=made.is_final and start_application(desk.room.settings, made.decision_id),
    )


def _add_looking(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.get("/tasks", summary="List review tasks", responses=problems(422))
    def tasks(
        *,
        state: TaskState | None = None,
        priority: Priority | None = None,
        subject: Subject | None = None,
        document_id: Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$")] = None,
        assigned_to: Name = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> shape.TaskPage:
        """Tasks, urgent ones first, then those due first; open ones unless a state is asked for."""
        wanted = TaskFilter((state,) if state else OPEN_STATES, document_id, assigned_to, priority, subject)
        found = claiming.find_tasks(room.ledger, room.tenant, wanted, limit=limit)
        return shape.TaskPage(tasks=found, by_state=claiming.count_tasks(room.ledger, room.tenant))

    @router.get("/tasks/{task_id}", summary="Look at a review task", responses=problems(404, 422))
    def task(task_id: TaskId) -> shape.TaskShown:
        """A task with the value in question. Document text: for reviewers."""
        seen = show(room, claiming.task_view(room.ledger, room.tenant, task_id))
        # what redaction hides is shown to who may see originals only
        job = job_view(room.ledger, room.tenant, seen.task.job_id)
        is_open = may_see_original_of(redacted=job.options.redact)
        if is_open and (seen.value or seen.text):
            note_look(room, job, "review task", by=asker().id, task_id=seen.task.task_id)
        return shape.TaskShown(
            task=seen.task,
            field=seen.field,
            value=seen.value if is_open else None,
            text=seen.text if is_open else None,
            is_hidden=not is_open,
            width_px=seen.width_px,
            height_px=seen.height_px,
        )


def _add_holding(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/next", summary="Claim the next task", responses={204: {"description": "Nothing is free."}, **problems(403)})
    def claim_next(request: Request, response: Response) -> ReviewTask | None:
        """The most urgent task that is free for whoever asks, claimed."""
        held = claiming.claim_next(room.ledger, room.tenant, acting_user(request), lease_s=room.settings.review_lease_s)
        if held is None:
            response.status_code = 204
        return held

    @router.post("/tasks/{task_id}/claim", summary="Claim a task", responses=problems(404, 409, 422))
    def claim(task_id: TaskId, request: Request) -> ReviewTask:
        """Take a task for a while; who holds it renews the lease."""
        return claiming.claim(room.ledger, room.tenant, task_id, acting_user(request), lease_s=room.settings.review_lease_s)

    @router.post("/tasks/{task_id}/release", summary="Give a task back", responses=problems(404, 409, 422))
    def release(task_id: TaskId, request: Request) -> ReviewTask:
        """Free a task that whoever asks holds."""
        return claiming.release(room.ledger, room.tenant, task_id, acting_user(request))

    @router.post("/tasks/{task_id}/assign", summary="Assign a task", responses=problems(404, 409, 422))
    def assign(task_id: TaskId, body: shape.Assignment, request: Request) -> ReviewTask:
        """To a user, to whoever has the fewest tasks, or to nobody. For approvers; reviewers may take free tasks for themselves."""
        user = acting_user(request)
        return claiming.assign(room.ledger, room.tenant, task_id, by=user, to=body.to, to_whoever=body.by_workload and body.to is None)


def _add_deciding(router: APIRouter, desk: Desk) -> None:
    room = desk.room

    @router.post("/tasks/{task_id}/decide", summary="Decide a task", responses=problems(404, 409, 422))
    def decide_one(task_id: TaskId, body: shape.DecisionBody, request: Request) -> shape.DecisionTaken:
        """Accept, correct or reject what a claimed task asks about. A new result version of the document follows."""
        answer = Answer(body.verdict, body.value, body.field, body.note)
        return taken(desk, decide(room, task_id, acting_user(request), answer, version=body.version))

    @router.post("/decide", summary="Decide many tasks", responses=problems(422))
    def decide_together(body: shape.ManyBody, request: Request) -> shape.ManyTaken:
        """Accept or reject many tasks for one reason; what is refused holds up no other."""
        done, refused = decide_many(room, body.task_ids, acting_user(request), Answer(body.verdict, note=body.note))
        told = [shape.RefusedTask(task_id=one.task_id, code=one.code, message=one.message) for one in refused]
        return shape.ManyTaken(decided=[taken(desk, one) for one in done], refused=told)
