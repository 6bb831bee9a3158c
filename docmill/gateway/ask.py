"""`POST /api/v1/ask`: an answer from the tenant's documents, each sentence with the passages that bear it out."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from docmill.errors import NotFound, TooManyRequests
from docmill.gateway.access import limited_as
from docmill.gateway.desk import Desk
from docmill.gateway.limits import Buckets
from docmill.gateway.openapi import problems
from docmill.gateway.search import NOBODY
from docmill.services.answering.answer import MOST_LETTERS, MOST_PASSAGES, Answer, answer_question
from docmill.services.search_filters import filters_from
from docmill.values.model import Value

ASKED_PER_S, ASKED_BURST = 0.5, 10.0
"""Questions cost money: one key may ask so often."""


class Question(Value):
    """What is asked, from how many passages, and filters such as `kind=invoice` or `from=2026-01-01`."""

    question: str = Field(min_length=1, max_length=MOST_LETTERS, examples=["When must the flat be handed over?"])
    limit: int = Field(default=8, ge=1, le=MOST_PASSAGES)
    filters: tuple[Annotated[str, Field(max_length=300)], ...] = Field(default=(), max_length=20)


def ask_router(desk: Desk) -> APIRouter:
    """The route."""
    router, buckets = APIRouter(prefix="/api/v1", tags=["search"]), Buckets(ASKED_PER_S, ASKED_BURST)

    @router.post("/ask", summary="Ask the documents", responses=problems(404, 413, 422))
    def ask(asked: Question) -> Answer:
        """Each sentence names the passages that bear it out, by their place in `passages`, counted from 1. Without any, `refused` says why.

        404 where no language model is set.
        """
        if desk.room.settings.language_model is None:
            raise NotFound("this gateway has no language model to ask: OPENAI_MODEL names one")
        user = limited_as(NOBODY)
        if wait_s := buckets.take(user):
            raise TooManyRequests("too many questions at once", retry_after_s=wait_s)
        return answer_question(desk.room, asked.question, limit=asked.limit, filters=filters_from(asked.filters), user=user)

    return router
