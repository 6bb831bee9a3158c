"""How a document's milling ended. A result is never `completed` while it carries problems."""

from enum import StrEnum

from docmill.errors import DocmillError
from docmill.values.model import Value


class OutcomeName(StrEnum):
    """The four ways a result can be."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"


class Problem(Value):
    """One thing that went wrong or is doubtful.

    Attributes:
        code: of docmill.errors, or `check_failed` for a doubt that a person should settle.
        stage: where.
        message: one sentence without document text.
        page: counted from 1, when it concerns one page.
    """

    code: str
    stage: str
    message: str
    page: int | None = None


CHECK_FAILED = "check_failed"
"""The code of a doubt: the work was done, a person should look."""


class Outcome(Value):
    """The way a document's milling ended, with the problems that made it so."""

    name: OutcomeName
    problems: tuple[Problem, ...] = ()


def problem_from(error: DocmillError, stage: str, page: int | None = None) -> Problem:
    """The problem that an error leaves on a document."""
    return Problem(code=error.code, stage=stage, message=error.message, page=page)


def judge(problems: tuple[Problem, ...], *, something_done: bool) -> Outcome:
    """The outcome of a document: failed when nothing was done, partial when something is missing, needs_review when only doubts remain."""
    if not something_done:
        return Outcome(name=OutcomeName.FAILED, problems=problems)
    if not problems:
        return Outcome(name=OutcomeName.COMPLETED)
    only_doubts = all(p.code == CHECK_FAILED for p in problems)
    return Outcome(name=OutcomeName.NEEDS_REVIEW if only_doubts else OutcomeName.PARTIAL, problems=problems)
