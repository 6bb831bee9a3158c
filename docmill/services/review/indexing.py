"""The search index after a decision: what it keeps of a document beside its words is put in anew where a decision may have changed it."""

from collections.abc import Sequence
from datetime import date

from docmill.scratch import scratch_folder
from docmill.services.running.indexing import replace
from docmill.services.running.room import Room
from docmill.services.search_facts import facts_of
from docmill.storage.knowledge.ports import Source
from docmill.storage.ledger import cards
from docmill.values.evidence import Understanding
from docmill.values.jobs import Artefact, ClaimedJob


def index_again(room: Room, job: ClaimedJob, understanding: Understanding, chunks: Sequence[Artefact]) -> None:
    """Put a document's chunks in again under its decided date and kind; nothing is read or embedded anew.

    Args:
        room: the opened parts.
        job: the job that applies the decisions.
        understanding: as decided.
        chunks: the document's chunk file; empty when it is not indexed.

    Raises:
        StoreUnavailable: store or knowledge base did not answer; call again.
    """
    if not chunks:
        return
    with room.ledger.reading() as conn:
        card = cards.of_jobs(conn, room.tenant, [job.job_id])[job.document_id]
    facts = facts_of(card, kind=understanding.kind.name, document_date=_issued(understanding))
    with scratch_folder("review") as folder:
        replace(room, [Source(job.document_id, room.store.fetch(chunks[-1].object_name, folder), facts)])


def _issued(understanding: Understanding) -> date | None:
    value = next((one.value for one in understanding.fields if one.name == "issue_date" and one.value), None)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
