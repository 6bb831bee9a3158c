"""What may teach the ranker: decided fields of documents whose owner agreed. Does not belong here: who agreed, and companies (lessons)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence

from docmill.cell import CellLimits, thread_cell
from docmill.errors import NotFound
from docmill.scratch import scratch_folder
from docmill.services.learning.lessons import AT_ONCE, companies_of, page_words
from docmill.services.review.records import read_record
from docmill.services.review.seeing import current_artefacts, understanding_of
from docmill.services.running.room import Room
from docmill.stages.understanding.ranking.candidates import RANKED
from docmill.stages.understanding.ranking.learning import RankLesson
from docmill.storage.ledger import decisions
from docmill.storage.ledger.bulk import chunks
from docmill.values.review import DecisionView, Verdict


def ranker_lessons(room: Room) -> list[RankLesson]:
    """Every field that a ranker may choose and a person decided, of documents that may teach; candidates are looked for anew.

    Raises:
        StoreUnavailable: the store did not answer.
        DocmillError: the cell could not read the pages.
    """
    with room.ledger.reading() as conn:
        by_name = {name: decisions.on_field(conn, room.tenant, name) for name in RANKED}
    said = defaultdict[str, dict[str, DecisionView]](dict)
    for name, decided in by_name.items():
        for document_id, one in decided.items():
            said[document_id][name] = one
    companies = companies_of(room, list(said))
    found: list[RankLesson] = []
    for part in chunks(list(companies), AT_ONCE):
        truths = [{name: truth for name, one in said[document].items() for truth in _truth(room, one)} for document in part]
        for document_id, lessons in zip(part, _seen(room, part, truths), strict=True):
            found += [one.model_copy(update={"company": companies[document_id]}) for one in lessons]
    return found


def _truth(room: Room, said: DecisionView) -> list[str | None]:
    """What a field is by a decision: its value, None where the document has no such field; nothing where the record is gone."""
    try:
        record = read_record(room.store, said.value_object)
    except NotFound:
        return []
    if said.verdict is Verdict.REJECTED:
        return [None]
    return [record.new if said.verdict is Verdict.CORRECTED else record.old]


def _seen(room: Room, document_ids: Sequence[str], truths: Sequence[dict[str, str | None]]) -> Iterator[list[RankLesson]]:
    """The candidates of each document with what people said of them: the cell reads pages, and no text comes out of it."""
    limits = CellLimits(memory_bytes=room.limits.cell_memory_bytes, items=room.limits.cell_items)
    kinds = [understood.kind.name if (understood := understanding_of(room, current_artefacts(room, one))) else "" for one in document_ids]
    with scratch_folder("lessons") as folder:
        paths = [[str(room.store.fetch(one.object_name, folder)) for one in page_words(room, document)] for document in document_ids]
        known, out = folder / "truths.json", folder / "lessons.json"
        known.write_text(json.dumps(truths), encoding="utf-8")
        verb = "docmill.stages.understanding.verbs:ranker_lessons"
        thread_cell(limits).call(verb, paths, kinds, str(known), str(out), deadline_s=room.limits.document_deadline_s)
        for lessons in json.loads(out.read_bytes()):
            yield [RankLesson.model_validate(one) for one in lessons]
