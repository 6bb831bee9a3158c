"""The knowledge base in a local directory, kept by LanceDB: one table per tenant, every change one commit.

Writers of one tenant take turns through a lock file: two concurrent merges of a document that is new to the table would both insert, and
the table has no key that could refuse the second. Readers never wait. A killed writer leaves the old state, and the operating system
frees its lock.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from docmill.errors import InvalidOptions, StoreUnavailable
from docmill.stages.knowledge.chunk import Chunk
from docmill.stages.knowledge.chunk_file import schema
from docmill.stages.knowledge.embedding import embed
from docmill.storage.knowledge.lock import write_lock
from docmill.storage.knowledge.ports import Hit
from docmill.storage.knowledge.sources import ChunkStream, rows_of
from docmill.values.geometry import Box

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.table import Table

T = TypeVar("T")

COMMIT_TRIES: Final = 5
"""Tries of one change when a process outside docmill's lock commits in between."""

KEPT_VERSIONS: Final = timedelta(hours=1)
"""Versions that readers may still be looking at."""

_TENANT: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DOCUMENT_ID: Final = re.compile(r"[0-9a-f]{32}")


class LanceKnowledgeBase:
    """A KnowledgeBase in a local directory. Cheap to make; opens nothing before the first call.

    Args:
        directory: made when missing.
        lock_wait_s: how long a writer waits for its turn, in seconds, before it raises StoreUnavailable.
    """

    def __init__(self, directory: Path, *, lock_wait_s: float = 60.0) -> None:
        self._directory = directory
        self._lock_wait_s = lock_wait_s

    def replace(self, tenant: str, chunk_files: Mapping[str, Path]) -> int:
        """See KnowledgeBase."""
        import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

        if not chunk_files:
            return 0
        condition = _of_documents(list(chunk_files))
        rows = pa.concat_tables([rows_of(document_id, path) for document_id, path in chunk_files.items()])

        def merge(table: "Table") -> None:
            merging = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merging.when_not_matched_by_source_delete(condition).execute(rows)

        self._change(tenant, merge)
        return int(rows.num_rows)

    def delete(self, tenant: str, document_ids: Sequence[str]) -> int:
        """See KnowledgeBase."""
        if not document_ids:
            return 0
        condition = _of_documents(document_ids)

        def remove(table: "Table") -> int:
            gone = table.count_rows(condition)
            table.delete(condition)
            return int(gone)

        return self._change(tenant, remove)

    def rebuild(self, tenant: str, chunk_files: Iterable[tuple[str, Path]]) -> int:
        """See KnowledgeBase."""
        import pyarrow as pa  # noqa: PLC0415 - see replace

        stream = ChunkStream(chunk_files)
        with write_lock(self._directory, _checked(tenant), self._lock_wait_s):
            table = _answer(lambda: self._table(tenant))
            try:  # once: after a conflict the files have been read
                _answer(lambda: table.add(pa.RecordBatchReader.from_batches(schema(), stream.batches()), mode="overwrite"))
            except StoreUnavailable:
                if stream.error:
                    raise stream.error from None
                raise
        return stream.rows

    def search(self, tenant: str, query: str, limit: int = 10) -> list[Hit]:
        """See KnowledgeBase."""
        if limit < 1:
            raise InvalidOptions("a search wants at least one hit")
        if not self._exists(_checked(tenant)):
            return []
        vector = embed([query])[0]
        found = _answer(lambda: self._table(tenant).search(vector).limit(limit).to_list())
        return [_hit(row) for row in found]

    def count(self, tenant: str) -> int:
        """See KnowledgeBase."""
        if not self._exists(_checked(tenant)):
            return 0
        return int(_answer(lambda: self._table(tenant).count_rows()))

    def optimize(self, tenant: str) -> None:
        """See KnowledgeBase."""
        self._change(tenant, lambda table: table.optimize(cleanup_older_than=KEPT_VERSIONS))

    def _change(self, tenant: str, change: "Callable[[Table], T]") -> T:
        """Run one committing change under the tenant's lock; again, on a fresh table, when somebody else committed first."""
        with write_lock(self._directory, _checked(tenant), self._lock_wait_s):
            for _ in range(COMMIT_TRIES):
                try:
                    return _answer(lambda: change(self._table(tenant)))
                except StoreUnavailable as error:
                    if "conflict" not in str(error.__cause__).lower():
                        raise
        raise StoreUnavailable(f"the knowledge base was changed by others {COMMIT_TRIES} times in a row")

    def _connection(self) -> "DBConnection":
        import lancedb  # noqa: PLC0415 - loads in 1 s with 180 MB of native code, only where the index is used

        return lancedb.connect(str(self._directory))

    def _exists(self, tenant: str) -> bool:
        return (self._directory / f"{tenant}.lance").is_dir()

    def _table(self, tenant: str) -> "Table":
        return self._connection().create_table(tenant, schema=schema(), exist_ok=True)


def _answer(ask: "Callable[[], T]") -> "T":
    """The answer of LanceDB, its errors translated."""
    try:
        return ask()
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreUnavailable("the knowledge base did not answer") from error


def _checked(tenant: str) -> str:
    if not _TENANT.fullmatch(tenant):
        raise InvalidOptions("a tenant id is 1-63 characters of a-z, 0-9, _ and -")
    return tenant


def _of_documents(document_ids: Sequence[str]) -> str:
    """The SQL condition that is true for the chunks of these documents. Only ids of 32 hexadecimal digits reach it."""
    if not all(_DOCUMENT_ID.fullmatch(name) for name in document_ids):
        raise InvalidOptions("a document id is 32 hexadecimal digits")
    return "document_id IN ({})".format(", ".join(f"'{name}'" for name in document_ids))


def _hit(row: Mapping[str, object]) -> Hit:
    # vectors have length 1 and LanceDB gives the squared Euclidean distance d, so the cosine is 1 - d / 2
    cosine = 1.0 - float(str(row["_distance"])) / 2
    kept = {name: row[name] for name in Chunk.model_fields if name != "boxes"}
    boxes = tuple(Box(*box) for box in json.loads(str(row["boxes"])))
    return Hit(chunk=Chunk.model_validate({**kept, "boxes": boxes}), score=round(cosine, 4))
