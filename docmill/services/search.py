"""Search for the owner of a tenant: passages with the names of their files, as far as the ledger still stands behind them.

The index may be ahead of the ledger (a document being milled) or behind it (a run was killed, a document was milled anew without indexing), so
every hit is checked against the current version of its document before it is shown.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from docmill.errors import VersionMismatch
from docmill.services.reindex import rebuild_tenant
from docmill.services.running.room import Room
from docmill.services.search_log import log_search
from docmill.storage.knowledge.ports import Hit, Query
from docmill.storage.ledger import cards
from docmill.storage.ledger.cards import Card
from docmill.values.geometry import Box
from docmill.values.model import Value

MAX_LIMIT: Final = 1000
"""Most passages of one answer."""

_WIDER: Final = 4


class Passage(Value):
    """A found passage.

    Attributes:
        document_id: of docmill.values.keys.
        name: the file name, personal data: for the owner's eyes.
        page: counted from 1.
        score: higher is better, see docmill.storage.knowledge.ports.Hit.
        text: the passage.
        boxes: one per line of it, in pixels of the upright page image.
    """

    document_id: str
    name: str
    page: int
    score: float
    text: str
    boxes: tuple[Box, ...]


class SearchAnswer(Value):
    """Passages, best first, and how long the search took in milliseconds."""

    results: tuple[Passage, ...]
    took_ms: float


def search_documents(room: Room, query: Query, *, user: str = "local") -> SearchAnswer:
    """Search the tenant's documents. An index that another version of docmill wrote is rebuilt first.

    Args:
        room: the opened parts.
        query: what is asked.
        user: who asks; only a digest of it is logged.

    Raises:
        InvalidOptions: limit or filters cannot be used.
        EngineMissing: the embedding model is not installed.
        StoreUnavailable: the knowledge base did not answer.
    """
    began = time.perf_counter()
    try:
        results = _search(room, query)
    except VersionMismatch:
        rebuild_tenant(room)
        results = _search(room, query)
    took_ms = round((time.perf_counter() - began) * 1000, 1)
    log_search(room, query, user=user, results=len(results), took_ms=took_ms)
    return SearchAnswer(results=tuple(results), took_ms=took_ms)


def _search(room: Room, query: Query) -> list[Passage]:
    """Hits that may be shown; when too many may not, more are asked for."""
    asked = query.limit
    while True:
        hits = room.knowledge.search(room.tenant, replace(query, limit=asked))
        shown = _shown(hits, _cards(room, hits))[: query.limit]
        if len(shown) == query.limit or len(hits) < asked or asked >= MAX_LIMIT:
            return shown
        asked = min(MAX_LIMIT, asked * _WIDER)


def _cards(room: Room, hits: Sequence[Hit]) -> dict[str, Card]:
    with room.ledger.reading() as conn:
        return cards.of_current(conn, room.tenant, [hit.chunk.document_id for hit in hits])


def _shown(hits: Sequence[Hit], found: Mapping[str, Card]) -> list[Passage]:
    return [
        _passage(hit, card.name)
        for hit in hits
        if (card := found.get(hit.chunk.document_id)) is not None and stands(card, is_redacted=hit.is_redacted)
    ]


def stands(card: Card, *, is_redacted: bool) -> bool:
    """Whether a hit may be shown: the current version of its document is indexed, and, when that is redacted, the hit is of redacted pages."""
    return card.options.index and (is_redacted or not card.options.redact)


def _passage(hit: Hit, name: str) -> Passage:
    chunk = hit.chunk
    return Passage(document_id=chunk.document_id, name=name, page=chunk.page, score=hit.score, text=chunk.text, boxes=chunk.boxes)
