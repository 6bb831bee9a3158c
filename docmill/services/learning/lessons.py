"""What may teach: decided documents whose owner agreed, each with the company it is from, so that lessons and tests never share one."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from docmill.cell import CellLimits, thread_cell
from docmill.errors import NotFound
from docmill.scratch import scratch_folder
from docmill.services.milling.stage_work import PAGE_WORDS
from docmill.services.review.people import able
from docmill.services.review.records import KIND, read_record
from docmill.services.review.seeing import current_artefacts, understanding_of
from docmill.services.running.room import Room
from docmill.stages.privacy.literals import folded
from docmill.stages.understanding.document import pages_looked_at
from docmill.stages.understanding.kind_evidence import OTHER
from docmill.stages.understanding.kind_learning import Lesson
from docmill.storage.ledger import decisions, models
from docmill.storage.ledger import documents as document_rows
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.bulk import chunks
from docmill.values.jobs import Artefact
from docmill.values.review import DecisionView, Verdict

AT_ONCE = 40
"""Documents of one call into the cell."""

_COMPANY_FIELDS = ("vendor_tax_id", "vendor_name")


def say_consent(room: Room, document_id: str, *, may_teach: bool, by: str) -> None:
    """Note whether a document may teach.

    Raises:
        NotFound: no such document.
        NotAllowed: the user may not review.
    """
    at = room.ledger.now()
    with room.ledger.transaction() as conn:
        able(conn, room.tenant, by)
        if not document_rows.locked(conn, room.tenant, [document_id]):
            raise NotFound("no such document")
        models.say_consent(conn, room.tenant, document_id, may_teach=may_teach, by=by, at=at)
        append_event(conn, room.tenant, document_id, "document.may_teach", {"may_teach": may_teach, "by": by}, at=at)


def companies_of(room: Room, document_ids: Sequence[str]) -> dict[str, str]:
    """Document id -> the company it is from, of those documents that may teach and are there. A document that names nobody stands alone.

    Papers of one company do not all print its tax number: those that share a number or a name are of one company, and so are those that a
    third one joins.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    with room.ledger.reading() as conn:
        said = models.consents(conn, room.tenant)
    found = {}
    for document_id in (one for one in dict.fromkeys(document_ids) if said.get(one, room.settings.review_teaching)):
        try:
            found[document_id] = _company_marks(room, document_id)
        except NotFound:  # erased, or withdrawn since
            continue
    return joined(found)


def joined(marks: Mapping[str, Collection[str]]) -> dict[str, str]:
    """What has a mark in common gets one name: the least of the marks that are joined, whatever the order. Each has one mark at least."""
    head: dict[str, str] = {}

    def of(mark: str) -> str:
        while head.setdefault(mark, mark) != mark:
            mark = head[mark]
        return mark

    for own in marks.values():
        heads = sorted({of(mark) for mark in own})
        head.update(dict.fromkeys(heads, heads[0]))
    return {one: of(next(iter(own))) for one, own in marks.items()}


def kind_lessons(room: Room) -> list[Lesson]:
    """Every document that may teach and whose kind a person decided.

    Raises:
        StoreUnavailable: the store did not answer.
        DocmillError: the cell could not read the pages.
    """
    with room.ledger.reading() as conn:
        said = decisions.on_field(conn, room.tenant, KIND)
    companies = companies_of(room, list(said))
    found: list[Lesson] = []
    for part in chunks(list(companies), AT_ONCE):
        seen = _seen(room, [page_words(room, one) for one in part])
        for document_id, facts in zip(part, seen, strict=True):
            if facts is not None:
                found.append(Lesson.model_validate({**facts, "kind": _kind(room, said[document_id]), "company": companies[document_id]}))
    return found


def _kind(room: Room, said: DecisionView) -> str:
    record = read_record(room.store, said.value_object)
    if said.verdict is Verdict.REJECTED:
        return OTHER
    return (record.new if said.verdict is Verdict.CORRECTED else record.old) or OTHER


def _company_marks(room: Room, document_id: str) -> list[str]:
    understood = understanding_of(room, current_artefacts(room, document_id))
    fields = {one.name: one.value for one in understood.fields} if understood else {}
    return [mark for name in _COMPANY_FIELDS if (mark := folded(fields.get(name) or ""))] or [document_id]


def page_words(room: Room, document_id: str) -> list[Artefact]:
    """The pages of a document that understanding looks at."""
    pages = sorted((a for a in current_artefacts(room, document_id) if a.name == PAGE_WORDS), key=lambda one: one.page or 0)
    return [pages[index] for index in pages_looked_at(len(pages))]


def _seen(room: Room, documents: Sequence[Sequence[Artefact]]) -> Iterator[Mapping[str, object] | None]:
    """What the model looks at in each document: the cell reads pages, as always."""
    limits = CellLimits(memory_bytes=room.limits.cell_memory_bytes, items=room.limits.cell_items)
    with scratch_folder("lessons") as folder:
        paths = [[str(room.store.fetch(one.object_name, folder)) for one in pages] for pages in documents]
        out = folder / "lessons.json"
        deadline_s = room.limits.document_deadline_s
        thread_cell(limits).call("docmill.stages.understanding.verbs:kind_lessons", paths, str(out), deadline_s=deadline_s)
        yield from json.loads(out.read_bytes())
