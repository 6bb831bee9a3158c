"""What the rest of docmill may ask of a knowledge base, whatever keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from docmill.stages.knowledge.chunk import Chunk
from docmill.values.model import Value


class Hit(Value):
    """A chunk that was found. `score` is the cosine of query and chunk: 1.0 is the same direction, 0.0 unrelated."""

    chunk: Chunk
    score: float


@runtime_checkable
class KnowledgeBase(Protocol):
    """Chunks by tenant. Nothing is shared between tenants.

    Every method raises `StoreUnavailable` (retryable) when the base does not answer or stays busy, and `InvalidOptions` for a tenant or
    document id that is none.
    """

    def replace(self, tenant: str, chunk_files: Mapping[str, Path]) -> int:
        """Make the chunks of documents exactly those of their files, in one commit for all; returns how many chunks they have now.

        Safe to repeat. A reader sees all of these documents as before or all as after. A file without rows empties its document.

        Args:
            tenant: whose documents.
            chunk_files: document id -> chunks file of docmill.stages.knowledge.chunk_file.

        Raises:
            StageFailed: a file is no chunks file, or holds chunks of another document.
        """

    def delete(self, tenant: str, document_ids: Sequence[str]) -> int:
        """Forget documents, in one commit; returns how many chunks went."""

    def search(self, tenant: str, query: str, limit: int = 10) -> list[Hit]:
        """The chunks nearest in meaning to a text, best first.

        Raises:
            EngineMissing: the embedding model is not installed.
        """

    def count(self, tenant: str) -> int:
        """How many chunks the tenant has."""

    def rebuild(self, tenant: str, chunk_files: Iterable[tuple[str, Path]]) -> int:
        """Make the tenant's chunks exactly those of the files, in one commit; returns how many there are.

        The old state serves until then, and writers wait. `chunk_files` is read only after they do, one file in memory at a time: hand in
        a generator that asks the ledger lazily, and no document indexed meanwhile is lost.

        Raises:
            StageFailed: a file is no chunks file, or holds chunks of another document.
        """

    def optimize(self, tenant: str) -> None:
        """Merge small files and drop old versions. For maintenance, not needed for correctness."""
