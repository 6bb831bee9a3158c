"""Documents like a given one, as far as the ledger still stands behind them."""

import time

from docmill.errors import NotFound, VersionMismatch
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search import MAX_LIMIT, stands
from docmill.storage.knowledge.ports import Filters, Likeness
from docmill.storage.ledger import cards
from docmill.storage.ledger import documents as document_rows
from docmill.values.model import Value

_SPARE = 10
"""Documents asked for beyond the limit, for those that may not be shown."""


class SimilarDocument(Value):
    """A document like another.

    Attributes:
        document_id: of docmill.values.keys.
        name: the file name, personal data: for the owner's eyes.
        score: the cosine of both documents' mean vectors.
        overlap: share of the text that both have, 0.0-1.0, see docmill.storage.knowledge.ports.Likeness.
        is_near_duplicate: whether the two are the same text, up to misread words and small changes.
    """

    document_id: str
    name: str
    score: float
    overlap: float
    is_near_duplicate: bool


class SimilarAnswer(Value):
    """The document asked about, those like it (near-duplicates first, then by score), and how long it took in milliseconds."""

    document_id: str
    results: tuple[SimilarDocument, ...]
    took_ms: float


def similar_documents(room: Room, document_id: str, limit: int, filters: Filters) -> SimilarAnswer:
    """Documents like a given one. An index that another version of docmill wrote is rebuilt first.

    Args:
        room: the opened parts.
        document_id: an id, or at least 6 characters of its beginning.
        limit: at most so many.
        filters: what a found document must be.

    Raises:
        NotFound: no such document, or it is not in the search index.
        InvalidOptions: several documents begin so, or limit or filters cannot be used.
        StoreUnavailable: the knowledge base did not answer.
    """
    began = time.perf_counter()
    with room.ledger.reading() as conn:
        whole = document_rows.resolve(conn, room.tenant, document_id)
        card = cards.of_current(conn, room.tenant, [whole]).get(whole)
    if card is None or not card.options.index:
        raise NotFound("the document is not in the search index: nothing of it is published, or it was milled without indexing")
    wanted = min(MAX_LIMIT, limit + _SPARE)
    try:
        found = room.knowledge.similar(room.tenant, whole, wanted, filters)
    except VersionMismatch:
        rebuild_tenant(room)
        found = room.knowledge.similar(room.tenant, whole, wanted, filters)
    results = tuple(_shown(room, found)[:limit])
    return SimilarAnswer(document_id=whole, results=results, took_ms=round((time.perf_counter() - began) * 1000, 1))


def _shown(room: Room, found: list[Likeness]) -> list[SimilarDocument]:
    with room.ledger.reading() as conn:
        known = cards.of_current(conn, room.tenant, [one.document_id for one in found])
    return [
        SimilarDocument(
            document_id=one.document_id, name=card.name, score=one.score, overlap=one.overlap, is_near_duplicate=one.is_near_duplicate
        )
        for one in found
        if (card := known.get(one.document_id)) is not None and stands(card, is_redacted=one.is_redacted)
    ]
