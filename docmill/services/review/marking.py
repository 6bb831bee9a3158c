"""What no search found: a person marks personal data, or says what kind a document is. Each mark is a task and a decision on it, like any other.

So it is counted, applied, audited and, where two people must agree, asked of a second one. Belongs here: making the mark. What it does is in
`remaking`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from docmill.errors import InvalidOptions, NotFound
from docmill.services.review.claiming import claim
from docmill.services.review.deciding import Answer, decide
from docmill.services.review.opening import open_review_task
from docmill.services.review.people import able
from docmill.services.review.records import KIND, VALUE_LIMIT, checked_note, checked_value
from docmill.services.review.rulings import MARKED
from docmill.services.review.seeing import current_artefacts, pages_of
from docmill.services.review.thresholds import eyes_of
from docmill.services.running.room import Room
from docmill.stages.privacy.literals import Haystack
from docmill.storage.ledger import versions
from docmill.values.geometry import union
from docmill.values.options import KNOWN_ENTITIES
from docmill.values.page import Page
from docmill.values.review import DecisionView, Doubt, Priority, Subject, Verdict

MOST_PLACES = 50
"""Places of one text that are marked one by one; hiding one value hides it everywhere, so a few would do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is personal: a text as it was read, wherever it stands (or on one page), or characters [start, end) of one page's text.

    `type` is one of docmill's entity types.
    """

    type: str
    text: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None


def mark(room: Room, document_id: str, user_id: str, wanted: Mark, *, note: str = "") -> list[DecisionView]:
    """Say that something is personal data that no search found; a decision for each place.

    Raises:
        NotFound: nothing is published of the document, or the text does not stand there.
        NotAllowed: the user may not review.
        InvalidOptions: the type is unknown, or the mark says neither a text nor a place of its page.
    """
    if wanted.type not in KNOWN_ENTITIES:
        raise InvalidOptions(f"unknown type; known are {', '.join(KNOWN_ENTITIES)}")
    with room.ledger.reading() as conn:
        able(conn, room.tenant, user_id)
    pages = pages_of(room, current_artefacts(room, document_id))
    places = _places(wanted, [page for page in pages if wanted.page in {None, page.number}])
    if not places:
        raise NotFound("this text does not stand on the pages as they were read")
    doubts = [
        Doubt(
            subject=Subject.SPAN,
            name=wanted.type,
            reason=MARKED,
            priority=Priority.HIGH,
            page=page.number,
            box=tuple(union([word.box for word in page.words_in(start, end)]).rounded()),
            start=start,
            end=end,
        )
        for page, start, end in places[:MOST_PLACES]
    ]
    return _decided(room, document_id, user_id, doubts, Answer(Verdict.ACCEPTED, note=note))


def say_kind(room: Room, document_id: str, user_id: str, kind: str, *, note: str = "") -> DecisionView:
    """Say what kind a document is.

    Raises:
        NotFound: nothing is published of the document.
        NotAllowed: the user may not review.
        InvalidOptions: there is no such kind.
    """
    with room.ledger.reading() as conn:
        able(conn, room.tenant, user_id)
    doubt = Doubt(subject=Subject.FIELD, name=KIND, reason=MARKED, page=1)
    checked_value(KIND, kind)  # before there is a task: nobody should find one that was begun and left
    return _decided(room, document_id, user_id, [doubt], Answer(Verdict.CORRECTED, kind, note=note))[0]


def _decided(room: Room, document_id: str, user_id: str, doubts: Sequence[Doubt], answer: Answer) -> list[DecisionView]:
    checked_note(answer.note)
    with room.ledger.transaction() as conn:
        job_id = versions.current_job(conn, room.tenant, document_id)
        if job_id is None:
            raise NotFound("nothing is published of this document")
        asked = [one.model_copy(update={"eyes": eyes_of(one, room.settings.review_four_eyes)}) for one in doubts]
        tasks = [
            open_review_task(conn, room.tenant, document_id, job_id, one, at=room.ledger.now(), is_new=one.name == KIND) for one in asked
        ]
    made = []
    for task_id in tasks:
        held = claim(room.ledger, room.tenant, task_id, user_id, lease_s=room.settings.review_lease_s)
        made.append(decide(room, task_id, user_id, answer, version=held.version))
    return made


def _places(wanted: Mark, pages: Sequence[Page]) -> list[tuple[Page, int, int]]:
    if wanted.text is not None:
        if not wanted.text.strip() or len(wanted.text) > VALUE_LIMIT:
            raise InvalidOptions(f"a text to hide is 1 to {VALUE_LIMIT} characters")
        return [(page, start, end) for page in pages for start, end in _standing(page, wanted.text.strip(), wanted.type)]
    if wanted.page is None or wanted.start is None or wanted.end is None:
        raise InvalidOptions("say the text to hide, or page, start and end")
    found = [(page, max(0, wanted.start), min(wanted.end, len(page.text))) for page in pages]
    if not found or found[0][1] >= found[0][2] or not found[0][0].words_in(*found[0][1:]):
        raise InvalidOptions("there are no characters at this place")
    return found


def _standing(page: Page, text: str, entity: str) -> list[tuple[int, int]]:
    found = list(Haystack(page.text).find(text, entity))
    if found:
        return found
    at = page.text.casefold().find(text.casefold())  # short ones, which the proof does not look for elsewhere
    return [(at, at + len(text))] if at >= 0 else []
