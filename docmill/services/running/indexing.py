"""Putting the chunks of a shard's documents into the knowledge base: one commit, in the flow process, because small commits of many workers collide."""

import logging
from collections.abc import Sequence

from docmill.errors import DocmillError, StageFailed, VersionMismatch
from docmill.scratch import scratch_folder
from docmill.services.milling.stage_work import CHUNKS, understanding_in
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.running.tracked import Tracked
from docmill.services.search_facts import date_in, facts_of
from docmill.storage.knowledge.ports import DocumentFacts, Source
from docmill.storage.ledger import cards
from docmill.values.jobs import Artefact
from docmill.values.outcome import problem_from

log = logging.getLogger(__name__)


def index_documents(room: Room, documents: Sequence[Tracked]) -> None:
    """Replace the documents' chunks; those of a document whose indexing failed are forgotten: they may say what is redacted now.

    If the knowledge base refuses, every document concerned carries the problem and goes on. So does a document of which the model could not
    embed some chunks: the others are found.
    """
    for tracked in documents:
        _tell_failed_chunks(tracked)
    chunked = {t.job.document_id: a for t in documents if (a := _artefact(t, "index", CHUNKS)) is not None}
    with scratch_folder("index") as folder:
        try:
            room.knowledge.delete(room.tenant, [t.job.document_id for t in documents if t.job.document_id not in chunked])
            facts = _facts(room, [t for t in documents if t.job.document_id in chunked])
            sources = [Source(name, room.store.fetch(a.object_name, folder), facts[name]) for name, a in chunked.items()]
            replace(room, sources)
        except DocmillError as error:
            for tracked in (t for t in documents if "index" not in t.failed):
                tracked.failed.add("index")
                tracked.problems.append(problem_from(error, "index"))


def forget_unindexed(room: Room, document_ids: Sequence[str]) -> int:
    """Forget the chunks of those documents whose current version asked for no indexing; returns how many chunks went.

    Search hides such chunks anyway, so a knowledge base that does not answer is only noted: `optimize_index` comes back to them.
    """
    with room.ledger.reading() as conn:
        found = cards.of_current(conn, room.tenant, document_ids)
    try:
        return room.knowledge.delete(room.tenant, [name for name, card in found.items() if not card.options.index])
    except DocmillError as error:
        log.warning("chunks of documents without indexing stay until the index is optimized: %s", error.code)
        return 0


def _tell_failed_chunks(tracked: Tracked) -> None:
    made, failed = (int(tracked.facts.get(name) or 0) for name in ("chunks", "chunks_failed"))
    if failed:
        error = StageFailed(f"{failed} of {made + failed} passages could not be embedded; search does not find them")
        tracked.problems.append(problem_from(error, "index"))


def replace(room: Room, sources: Sequence[Source]) -> None:
    """Replace the documents' chunks; an index that another version of docmill wrote is rebuilt first.

    Raises:
        StoreUnavailable: store or knowledge base did not answer; nothing has changed.
        StageFailed: a file is no chunks file.
    """
    try:
        room.knowledge.replace(room.tenant, sources)
    except VersionMismatch:
        rebuild_tenant(room)
        room.knowledge.replace(room.tenant, sources)


def _artefact(tracked: Tracked, stage: str, name: str) -> Artefact | None:
    return next((a for a in tracked.inputs(stage) if a.name == name), None)


def _facts(room: Room, documents: Sequence[Tracked]) -> dict[str, DocumentFacts]:
    with room.ledger.reading() as conn:
        found = cards.of_jobs(conn, room.tenant, [t.job.job_id for t in documents])
    facts = {}
    for tracked in documents:
        kind, name = tracked.facts.get("kind"), tracked.job.document_id
        day = date_in(room.store, understanding_in(tracked.inputs("understand", "consult")))
        facts[name] = facts_of(found[name], kind=str(kind) if kind else None, document_date=day)
    return facts
