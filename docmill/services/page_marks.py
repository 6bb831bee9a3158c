"""Where words and personal data stand on a document's pages, for people who look at its pictures: boxes and types, no text.

Words and findings are private artefacts; whoever may not see the picture may not see these either. That is decided by the caller.
"""

import json
from dataclasses import dataclass

from docmill.errors import NotFound
from docmill.services.milling.stage_work import PAGE_WORDS, REDACTED_PAGES, SPANS
from docmill.services.running.room import Room
from docmill.storage.ledger import artefacts
from docmill.values.geometry import Box
from docmill.values.jobs import JobView
from docmill.values.page import Page
from docmill.values.pages_file import find_page, read_spans


@dataclass(frozen=True, slots=True)
class PersonalMark:
    """A finding of personal data on a page: its type, how sure, and a box per word in pixels of the upright page image."""

    page: int
    type: str
    confidence: float
    boxes: tuple[Box, ...]


def personal_marks(room: Room, job: JobView) -> list[PersonalMark]:
    """All findings of a task; none where the stage did not run or its artefact is gone."""
    name = _object(room, job, SPANS)
    if name is None or not room.store.exists(name):
        return []
    spans = read_spans(json.loads(room.store.read(name))["spans"])
    return [PersonalMark(span.page, span.type, span.confidence, span.boxes) for span in spans]


def page_words(room: Room, job: JobView, number: int, *, redacted: bool) -> Page:
    """A page as read, or as it is after redaction.

    Raises:
        NotFound: there is no such page.
    """
    if redacted:
        name = _object(room, job, REDACTED_PAGES)
        found = find_page(room.store.read(name), number) if name else None
    else:
        name = _object(room, job, PAGE_WORDS, number)
        found = Page.model_validate_json(room.store.read(name)) if name else None
    if found is None:
        raise NotFound("no such page")
    return found


def _object(room: Room, job: JobView, name: str, page: int | None = None) -> str | None:
    with room.ledger.reading() as conn:
        made = artefacts.of_job(conn, room.tenant, job.job_id)
    return next((one.object_name for one in made if one.name == name and one.page == page), None)
