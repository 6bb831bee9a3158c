"""How the embedding of a tenant's documents went: from the receipts that the index stage left beside its chunk files."""

from datetime import datetime

from docmill.errors import NotFound
from docmill.services.lookups import current_artefacts
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.stage_work import CHUNKS
from docmill.services.running.room import Room
from docmill.storage.ledger import current
from docmill.values.keys import private_name
from docmill.values.model import Value


class EmbeddingFigures(Value):
    """Chunks of all current versions.

    Attributes:
        documents: with a chunk file.
        processed, total: chunks that were embedded, and all.
        success_rate: of them, 0.0-1.0; None without chunks.
        embedding_updated_at: when the newest chunk file was made; None without one.
    """

    documents: int
    processed: int
    total: int
    success_rate: float | None
    embedding_updated_at: datetime | None


def embedding_figures(room: Room) -> EmbeddingFigures:
    """The figures of the tenant. Reads one small object per document; a document whose receipt is gone does not count.

    Raises:
        StoreUnavailable, LedgerUnavailable: store or ledger did not answer.
    """
    documents = processed = failed = 0
    for _, chunks in current_artefacts(room.ledger, room.tenant, CHUNKS):
        try:
            receipt = Receipt.model_validate_json(room.store.read(private_name(room.tenant, chunks.stage, chunks.key, "receipt")))
        except NotFound:
            continue
        documents += 1
        processed += int(receipt.facts.get("chunks") or 0)
        failed += int(receipt.facts.get("chunks_failed") or 0)
    with room.ledger.reading() as conn:
        newest = current.newest_artefact_at(conn, room.tenant, CHUNKS)
    total = processed + failed
    rate = round(processed / total, 4) if total else None
    return EmbeddingFigures(documents=documents, processed=processed, total=total, success_rate=rate, embedding_updated_at=newest)
