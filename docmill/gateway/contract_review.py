"""JSON shapes of `/api/v1/review`. A task's own shape is docmill.values.review.ReviewTask."""

from pydantic import BaseModel, ConfigDict, Field

from docmill.values.review import ReviewTask, Verdict


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TaskPage(BaseModel):
    """Tasks, urgent ones first, and how many there are in each state."""

    tasks: list[ReviewTask]
    by_state: dict[str, int]


class TaskShown(BaseModel):
    """A task with the value in question; `width_px` and `height_px` are the size of the page that the box counts in.

    `is_hidden`: the document is redacted and whoever asks lacks the scope originals:read.
    """

    task: ReviewTask
    field: str | None
    value: str | None
    text: str | None
    is_hidden: bool
    width_px: int | None
    height_px: int | None


class Assignment(_Body):
    """To whom; without a name and with `by_workload`, to whoever of those who may has the fewest."""

    to: str | None = Field(default=None, max_length=32)
    by_workload: bool = False


class DecisionBody(_Body):
    """What a reviewer says. `version` is the task's as they saw it; another one is a conflict."""

    verdict: Verdict
    value: str | None = Field(default=None, max_length=8000)
    field: str | None = Field(default=None, max_length=64)
    note: str = Field(default="", max_length=1000)
    version: int = Field(ge=1)


class DecisionTaken(BaseModel):
    """`is_final` is false for the first of two opinions; `is_being_applied` says that a run was started, else the next sweep applies it."""

    decision_id: str
    task_id: str
    verdict: Verdict
    is_final: bool
    is_being_applied: bool


class MarkBody(_Body):
    """What is personal data: a text as it was read, wherever it stands or on one page, or characters [start, end) of one page's text."""

    type: str = Field(max_length=64)
    text: str | None = Field(default=None, max_length=500)
    page: int | None = Field(default=None, ge=1)
    start: int | None = Field(default=None, ge=0)
    end: int | None = Field(default=None, ge=1)
    note: str = Field(default="", max_length=1000)


class KindBody(_Body):
    """What a document is."""

    kind: str = Field(max_length=32)
    note: str = Field(default="", max_length=1000)


class ConsentBody(_Body):
    """Whether a document may teach."""

    may_teach: bool


class ManyBody(_Body):
    """Tasks to accept or reject together, for one reason."""

    task_ids: list[str] = Field(min_length=1, max_length=500)
    verdict: Verdict = Verdict.ACCEPTED
    note: str = Field(min_length=1, max_length=1000)


class RefusedTask(BaseModel):
    """A task that could not be decided, and why."""

    task_id: str
    code: str
    message: str


class ManyTaken(BaseModel):
    """What became of each."""

    decided: list[DecisionTaken]
    refused: list[RefusedTask]
