"""What decisions are applied to: the document's current version with all that was made for it, and what people said of it so far."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from docmill.errors import NotFound
from docmill.services.milling.stage_work import JSON
from docmill.services.review.records import read_record
from docmill.services.review.rewriting import Decided
from docmill.services.review.seeing import understanding_of
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts, decisions, review_tasks, versions, views
from docmill.values.evidence import Understanding
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.results import Results, read_results
from docmill.values.review import DecisionView

REVIEW = "review"
"""Who asks for the jobs that apply decisions, and the stage of what they write themselves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The version before: its results, what was understood, its artefacts; and the decisions that the job now applies."""

    results: Results
    understanding: Understanding
    made: tuple[Artefact, ...]
    decided: tuple[Decided, ...]


def standing_of(room: Room, job: ClaimedJob) -> Standing:
    """What a job that applies decisions begins with.

    Raises:
        NotFound: nothing is published of the document any more.
        StoreUnavailable: the store did not answer.
    """
    with room.ledger.reading() as conn:
        parent = versions.current_job(conn, room.tenant, job.document_id)
        if parent is None:
            raise NotFound("nothing is published of this document any more")
        before, made = views.job(conn, room.tenant, parent), artefacts.of_job(conn, room.tenant, parent)
        given = decisions.of_job(conn, room.tenant, job.job_id)
    results = read_results(room.store.read(str(before.results_object)))
    understood = understanding_of(room, made) or Understanding.model_validate({"kind": results.kind.model_dump()})
    return Standing(results, understood, tuple(made), tuple(_with_tasks(room, given)))


def decided_before(room: Room, job: ClaimedJob) -> list[Decided]:
    """All that earlier versions since the last milling carry already, first to last."""
    found: list[DecisionView] = []
    with room.ledger.reading() as conn:
        job_id = views.job(conn, room.tenant, job.job_id).parent_job_id
        while job_id is not None and (given := decisions.of_job(conn, room.tenant, job_id)):
            found = [*given, *found]
            job_id = views.job(conn, room.tenant, job_id).parent_job_id
    return _with_tasks(room, found)


def keep_artefact(room: Room, name: str, key: str, object_name: str, data: bytes, *, stage: str = REVIEW, media_type: str = JSON,
                  page: int | None = None) -> Artefact:  # fmt: skip
    """Put bytes into the store at a name that is the job's own; what an attempt before this one wrote there counts."""
    if not room.store.create(object_name, data, media_type=media_type):
        data = room.store.read(object_name)
    sha256, size_bytes = hashlib.sha256(data).hexdigest(), len(data)
    return Artefact(
        stage=stage, name=name, key=key, object_name=object_name, media_type=media_type, size_bytes=size_bytes, sha256=sha256, page=page
    )


def _with_tasks(room: Room, given: Sequence[DecisionView]) -> list[Decided]:
    with room.ledger.reading() as conn:
        tasks = {one.task_id: review_tasks.task(conn, room.tenant, one.task_id) for one in given}
    return [Decided(one, tasks[one.task_id], read_record(room.store, one.value_object)) for one in given]
