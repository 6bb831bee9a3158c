"""`/review`: the open tasks, many decided together; and one at a time, by keyboard: the place, the value; accept, correct in place, reject, next."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from docmill.gateway.desk import Desk
from docmill.gateway.page_frame import choices, framed
from docmill.services.review import claiming
from docmill.values.options import KNOWN_ENTITIES
from docmill.values.review import OPEN_STATES, Subject


def review_pages_router(desk: Desk) -> APIRouter:
    """The page; all it does goes through `/api/v1/review`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/review")
    def review() -> HTMLResponse:
        counts = claiming.count_tasks(desk.room.ledger, desk.room.tenant)
        waiting = sum(counts.get(state, 0) for state in OPEN_STATES)
        subjects, entities = choices(["", *Subject], ""), choices(KNOWN_ENTITIES, "PERSON")
        return framed("review.html", "Review", here="/review", waiting=f"{waiting} tasks are open.", subjects=subjects, entities=entities)

    return router
