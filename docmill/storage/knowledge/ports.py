"""What the rest of docmill may ask of a knowledge base, whatever keeps it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from docmill.stages.knowledge.chunk import Chunk
from docmill.values.embedding import PACKAGED_ORIGIN, VectorOrigin
from docmill.values.model import Value


class SearchMode(StrEnum):
    """How chunks are compared with a query."""

    VECTOR = "vector"
    TEXT = "text"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What is known of a document beside its words; kept with each of its chunks, so that a search can be narrowed by it.

    Attributes:
        kind: of docmill.stages.understanding, such as invoice.
        document_date: the date printed on it, if one was found.
        accepted_on: the day it was handed in, UTC.
        language: ISO 639-1.
        tags, collection: as the sender gave them.
        is_redacted: whether its chunks come from redacted pages.
    """

    kind: str | None = None
    document_date: date | None = None
    accepted_on: date | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    collection: str | None = None
    is_redacted: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A document on its way into the knowledge base: `path` is a chunks file of docmill.stages.knowledge.chunk_file."""

    document_id: str
    path: Path
    facts: DocumentFacts = field(default_factory=DocumentFacts)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a found document must be; None and () ask for nothing.

    Attributes:
        date_from, date_to: first and last day of the document's date; for one without a date, of the day it was handed in.
        tags: all of them.
    """

    kind: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search. `limit` is the most chunks wanted."""

    text: str
    mode: SearchMode = SearchMode.HYBRID
    limit: int = 10
    filters: Filters = field(default_factory=Filters)


class Hit(Value):
    """A chunk that was found.

    Attributes:
        chunk: the passage.
        score: higher is better, comparable within one answer only. vector: the cosine of query and chunk (1.0 is the same direction);
            text: BM25; hybrid: 0.0-1.0, see docmill.storage.knowledge.fusion.
        is_redacted: of DocumentFacts.
    """

    chunk: Chunk
    score: float
    is_redacted: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """A document that is like another.

    Attributes:
        document_id: of the found one.
        score: the cosine of both documents' mean vectors: what they are about.
        overlap: share of runs of three terms that both have, of all that either has, 0.0-1.0: whether they are the same text.
        is_near_duplicate: whether the overlap says that they are.
        is_redacted: of DocumentFacts.
    """

    document_id: str
    score: float
    overlap: float
    is_near_duplicate: bool
    is_redacted: bool


@dataclass(frozen=True, slots=True)
class IndexStatistics:
    """How a tenant's index stands.

    Attributes:
        chunks: all of them.
        unindexed: chunks that full text search still has to read one by one.
        fragments: files the table consists of.
        size_bytes: of the current version's data.
        has_vector_index: whether vectors are searched through an approximate index.
        version: counts commits; 0 without an index.
        without_vector: chunks that wait for their vector: full text finds them, comparison by meaning does not yet.
    """

    chunks: int
    unindexed: int
    fragments: int
    size_bytes: int
    has_vector_index: bool
    version: int
    without_vector: int = 0


@runtime_checkable
class KnowledgeBase(Protocol):
    """Chunks by tenant. Nothing is shared between tenants.

    Every method raises `StoreUnavailable` (retryable) when the base does not answer or stays busy, `InvalidOptions` for a tenant or
    document id that is none, and, `rebuild` aside, `VersionMismatch` when another version of docmill wrote the tenant's index: it must be
    rebuilt.
    """

    def replace(self, tenant: str, sources: Sequence[Source]) -> int:
        """Make the chunks of documents exactly those of their files, in one commit for all; returns how many chunks they have now.

        The first file of an empty base decides of which model its vectors are; those of other models wait for a rebuild.
        Safe to repeat. A reader sees all of these documents as before or all as after. A file without rows empties its document.

        Raises:
            InvalidOptions: a document comes twice.
            StageFailed: a file is no chunks file, or holds chunks of another document.
        """

    def delete(self, tenant: str, document_ids: Sequence[str]) -> int:
        """Forget documents, in one commit; returns how many chunks went."""

    def hide(self, tenant: str, document_id: str, instead: Callable[[], Source | None]) -> int:
        """Where a document has chunks of unredacted pages, make its chunks those of another file, or none; returns how many such chunks went.

        One commit, so that a reader sees the document before or after, and a crash leaves something to hide. Safe to repeat.

        Args:
            tenant: whose document.
            document_id: which one.
            instead: gives the file; asked only where there is something to hide.

        Raises:
            StageFailed: the file is no chunks file, or holds chunks of another document; nothing has changed.
        """

    def search(self, tenant: str, query: Query) -> list[Hit]:
        """The chunks that answer a query best, best first.

        Raises:
            EngineMissing: the embedding model is not installed.
            InvalidOptions: the query has no limit, or a filter has a value that cannot be one.
        """

    def similar(self, tenant: str, document_id: str, limit: int, filters: Filters) -> list[Likeness]:
        """Documents like a given one: near-duplicates first, then by score; none when the document has no chunks.

        Raises:
            InvalidOptions: limit or filters cannot be used.
        """

    def count(self, tenant: str) -> int:
        """How many chunks the tenant has."""

    def model(self, tenant: str) -> VectorOrigin | None:
        """What the tenant's vectors were made with; None without an index."""

    def rebuild(self, tenant: str, sources: Iterable[Source], origin: VectorOrigin = PACKAGED_ORIGIN) -> int:
        """Make the tenant's chunks exactly those of the files, with vectors of one model, in one commit; returns how many there are.

        The old state serves until then, and writers wait. `sources` is read only after they do, one file in memory at a time: hand in a
        generator that asks the ledger lazily, and no document indexed meanwhile is lost.

        Raises:
            StageFailed: a file is no chunks file, or holds chunks of another document.
        """

    def optimize(self, tenant: str) -> IndexStatistics:
        """Merge small files, bring the indexes up to date, drop old versions. For maintenance, not needed for correctness."""

    def statistics(self, tenant: str) -> IndexStatistics:
        """How the tenant's index stands."""
