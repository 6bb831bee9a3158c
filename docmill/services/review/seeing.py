"""What a reviewer is shown of a task: the value in question as the document's current result has it, and the page it stands on."""

from dataclasses import dataclass

from docmill.errors import NotFound
from docmill.services.milling.stage_work import PAGE_WORDS, REDACTED_PAGES, understanding_in
from docmill.services.review.aligning import moved
from docmill.services.review.records import KIND
from docmill.services.review.rules import CHECK_FIELDS
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts, versions
from docmill.values.evidence import Evidence, Field, Understanding
from docmill.values.jobs import Artefact
from docmill.values.page import Page
from docmill.values.pages_file import find_page
from docmill.values.review import ReviewTask, Subject


@dataclass(frozen=True, slots=True)
class Shown:
    """A task with what it asks about. `text` is as printed, `value` normalised; both are document text, for reviewers' eyes only."""

    task: ReviewTask
    field: str | None
    value: str | None
    text: str | None
    width_px: int | None
    height_px: int | None


def show(room: Room, task: ReviewTask) -> Shown:
    """The task with its value and the size of its page.

    Raises:
        NotFound: nothing is published of the document any more.
    """
    made = current_artefacts(room, task.document_id)
    name = target_field(task)
    found = field_in(understanding_of(room, made), name)
    page = _page(room, made, task.page)
    text = _passage(room, made, task, page) if task.subject in {Subject.SPAN, Subject.CHUNK} else (found.text if found else None)
    return Shown(task, name, found.value if found else None, text, page.width_px if page else None, page.height_px if page else None)


def _passage(room: Room, made: list[Artefact], task: ReviewTask, page: Page | None) -> str | None:
    if page is None or task.start is None or task.end is None:
        return None
    start, end = task.start, task.end
    masked = _masked_page(room, made, page.number) if task.subject is Subject.CHUNK else None
    if masked is not None:  # search has the masked words, and counts in them; people are shown what was read
        start, end = moved(masked, page, start, end) or (0, 0)
    return page.text[start:end] or None


def target_field(task: ReviewTask) -> str | None:
    """The field that a task's decision is about, as far as the task says."""
    if task.subject is Subject.FIELD:
        return task.name
    return CHECK_FIELDS.get(task.name) if task.subject is Subject.CHECK else None


def current_artefacts(room: Room, document_id: str) -> list[Artefact]:
    """What the job of the document's current version made or found.

    Raises:
        NotFound: nothing is published of the document.
    """
    with room.ledger.reading() as conn:
        job_id = versions.current_job(conn, room.tenant, document_id)
        if job_id is None:
            raise NotFound("nothing is published of this document")
        return artefacts.of_job(conn, room.tenant, job_id)


def understanding_of(room: Room, made: list[Artefact]) -> Understanding | None:
    """The understanding among artefacts; None where the stage failed.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    found = understanding_in(made)
    return Understanding.model_validate_json(room.store.read(found.object_name)) if found else None


def field_in(understanding: Understanding | None, name: str | None) -> Field | None:
    """A field by name; the kind of the document is asked about as one."""
    if understanding is not None and name == KIND:
        kind = understanding.kind
        return Field(name=KIND, value=kind.name, text=kind.name, evidence=Evidence(page=1, confidence=kind.confidence, source=kind.reason))
    return next((one for one in understanding.fields if one.name == name), None) if understanding and name else None


def pages_of(room: Room, made: list[Artefact]) -> list[Page]:
    """The pages as read, in order.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    found = sorted((one for one in made if one.name == PAGE_WORDS), key=lambda one: one.page or 0)
    return [Page.model_validate_json(room.store.read(one.object_name)) for one in found]


def _page(room: Room, made: list[Artefact], number: int | None) -> Page | None:
    found = next((one for one in made if one.name == PAGE_WORDS and one.page == number), None)
    return Page.model_validate_json(room.store.read(found.object_name)) if found else None


def _masked_page(room: Room, made: list[Artefact], number: int) -> Page | None:
    found = next((one for one in made if one.name == REDACTED_PAGES), None)
    return find_page(room.store.read(found.object_name), number) if found else None
