"""Chunks of unredacted pages in the index, of a document that is shown redacted: they go, and the redacted version's come back.

An attempt without redaction that is late puts its chunks into the place of the redacted version's. A search shows them to nobody, but they lie in
the index, and the document is not found. Does not belong here: objects under public/ (withdrawing).
"""

from collections.abc import Sequence
from pathlib import Path

from docmill.errors import NotFound, StageFailed, VersionMismatch
from docmill.scratch import scratch_folder
from docmill.services.milling.stage_work import CHUNKS, understanding_in
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search_facts import date_in, facts_of
from docmill.storage.knowledge.ports import Source
from docmill.storage.ledger import cards
from docmill.values.jobs import Artefact


def hide_chunks(room: Room, document_id: str, made: Sequence[Artefact], *, is_indexed: bool) -> int:
    """Make the chunks of a document that is shown redacted those of its current version; returns how many went.

    Args:
        room: the opened parts.
        document_id: its current version is a redacted one.
        made: what that version made.
        is_indexed: whether any redacted version was indexed; if none was, all chunks go.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; call again.
        EngineMissing, EngineUnavailable, SettingsInvalid, StageFailed: another version of docmill wrote the index, and it cannot be rebuilt.
    """
    try:
        if not is_indexed:
            return room.knowledge.delete(room.tenant, [document_id])
        with scratch_folder("index") as folder:
            try:
                return room.knowledge.hide(room.tenant, document_id, lambda: _own(room, document_id, made, folder))
            except StageFailed:  # its chunk file is damaged; a rebuild names it among those left out
                return room.knowledge.hide(room.tenant, document_id, lambda: None)
    except VersionMismatch:
        rebuild_tenant(room)  # of current versions alone
        return 0


def _own(room: Room, document_id: str, made: Sequence[Artefact], folder: Path) -> Source | None:
    chunks = next((artefact for artefact in made if artefact.name == CHUNKS), None)
    with room.ledger.reading() as conn:
        card = cards.of_current(conn, room.tenant, [document_id]).get(document_id)
    if chunks is None or card is None or not card.options.index:
        return None
    try:
        path, day = room.store.fetch(chunks.object_name, folder), date_in(room.store, understanding_in(made))
    except (NotFound, ValueError):  # gone, or written by another version of docmill: remill it
        return None
    return Source(document_id, path, facts_of(card, kind=card.kind, document_date=day))
