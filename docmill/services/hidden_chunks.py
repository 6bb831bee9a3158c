"""Chunks of unredacted pages in the index, of a document that is shown redacted: they go, from the files of the index too.

An attempt without redaction that is late puts its chunks into the place of the redacted version's. A search shows them to nobody, but they lie in
the index, and the document is not found. Does not belong here: objects under public/ (withdrawing).
"""

from collections.abc import Sequence

from docmill.errors import NotFound, VersionMismatch
from docmill.scratch import scratch_folder
from docmill.services.milling.stage_work import CHUNKS, understanding_in
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search_facts import date_in, facts_of
from docmill.storage.knowledge.ports import Source
from docmill.storage.ledger import cards
from docmill.values.jobs import Artefact


def forget_unredacted_chunks(room: Room, document_id: str, made: Sequence[Artefact]) -> int:
    """Forget chunks of a document's unredacted pages and put those of its current version in their place; returns how many went.

    Args:
        room: the opened parts.
        document_id: its current version is a redacted one.
        made: what that version made.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; call again.
    """
    try:
        gone = room.knowledge.delete(room.tenant, [document_id], unredacted_only=True)
        if gone:
            _put_back(room, document_id, made)
    except VersionMismatch:
        rebuild_tenant(room)  # of current versions alone
        return 0
    return gone


def _put_back(room: Room, document_id: str, made: Sequence[Artefact]) -> None:
    chunks = next((artefact for artefact in made if artefact.name == CHUNKS), None)
    with room.ledger.reading() as conn:
        card = cards.of_current(conn, room.tenant, [document_id]).get(document_id)
    if chunks is None or card is None or not card.options.index:
        return
    with scratch_folder("index") as folder:
        try:
            path, day = room.store.fetch(chunks.object_name, folder), date_in(room.store, understanding_in(made))
        except NotFound:
            return  # a rebuild names it among those left out
        room.knowledge.replace(room.tenant, [Source(document_id, path, facts_of(card, kind=card.kind, document_date=day))])
