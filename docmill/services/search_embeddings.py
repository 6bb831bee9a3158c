"""How the embedding of a tenant's documents went: from what the index stage and later embeddings left beside the chunk files."""

from datetime import UTC, datetime

from docmill.errors import EngineMissing, NotFound
from docmill.services.lookups import current_artefacts
from docmill.services.milling.receipts import read_receipt
from docmill.services.milling.stage_work import CHUNKS
from docmill.services.reembedding import EmbeddingNote, note_name
from docmill.services.running.room import Room
from docmill.stages.knowledge.embedding import identity_of
from docmill.storage.ledger import current
from docmill.values.embedding import PACKAGED_ORIGIN
from docmill.values.jobs import Artefact
from docmill.values.model import Value

_NEVER = datetime.min.replace(tzinfo=UTC)
"""Of chunks embedded by the index stage: the ledger says when."""


class EmbeddingFigures(Value):
    """Chunks of all current versions.

    Attributes:
        documents: with a chunk file.
        processed, total: chunks that were embedded, and all.
        success_rate: of them, 0.0-1.0; None without chunks.
        embedding_updated_at: when the newest chunk file was made; None without one.
        model: identity of the model that the index was made with; None without an index.
        wanted_model: of the one that the settings name.
    """

    documents: int
    processed: int
    total: int
    success_rate: float | None
    embedding_updated_at: datetime | None
    model: str | None = None
    wanted_model: str | None = None


def embedding_figures(room: Room) -> EmbeddingFigures:
    """The figures of the tenant. Reads one small object per document; a document whose receipt is gone does not count.

    Raises:
        StoreUnavailable, LedgerUnavailable: store or ledger did not answer.
    """
    serving = room.knowledge.model(room.tenant)
    identity = serving.identity if serving else None
    found = [_note(room, document_id, chunks, identity) for document_id, chunks in current_artefacts(room.ledger, room.tenant, CHUNKS)]
    notes = [one for one in found if one is not None]
    with room.ledger.reading() as conn:
        newest = current.newest_artefact_at(conn, room.tenant, CHUNKS)
    processed, total = sum(one.chunks for one in notes), sum(one.chunks + one.failed for one in notes)
    return EmbeddingFigures(
        documents=len(notes),
        processed=processed,
        total=total,
        success_rate=round(processed / total, 4) if total else None,
        embedding_updated_at=max((at for at in (newest, *(one.embedded_at for one in notes)) if at and at != _NEVER), default=None),
        model=identity,
        wanted_model=_wanted(room),
    )


def _wanted(room: Room) -> str | None:
    try:
        return identity_of(room.settings.embedding)
    except EngineMissing:
        return None


def _note(room: Room, document_id: str, chunks: Artefact, identity: str | None) -> EmbeddingNote | None:
    """How the chunks got the vectors that the index holds; None where nothing is left that says so."""
    try:
        facts = read_receipt(room.store, room.tenant, document_id, chunks.stage, chunks.key).facts
        if identity is None or facts.get("embedding", PACKAGED_ORIGIN.identity) == identity:
            return EmbeddingNote(chunks=int(facts.get("chunks") or 0), failed=int(facts.get("chunks_failed") or 0), embedded_at=_NEVER)
        return EmbeddingNote.model_validate_json(room.store.read(note_name(chunks.object_name, identity)))
    except NotFound:
        return None
