"""The knowledge base in a local directory or a bucket, kept by LanceDB: one table per tenant, every change one commit.

Writers of one tenant take turns, in a local directory through a lock file: two concurrent merges of a document that is new to the table would both insert, and
the table has no key that could refuse the second. Readers never wait. A killed writer leaves the old state, and its turn ends with it.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from docmill.errors import InvalidOptions, StoreUnavailable
from docmill.storage.knowledge import lance_table
from docmill.storage.knowledge.conditions import checked_tenant, of_documents
from docmill.storage.knowledge.lance_search import search_table
from docmill.storage.knowledge.lance_similar import similar_in
from docmill.storage.knowledge.lance_table import answer
from docmill.storage.knowledge.lock import write_lock
from docmill.storage.knowledge.ports import Filters, Hit, IndexStatistics, Likeness, Query, Source
from docmill.storage.knowledge.result_cache import ResultCache
from docmill.storage.knowledge.sources import ChunkStream, origin_of_file, rows_of, table_schema
from docmill.values.embedding import PACKAGED_ORIGIN, VectorOrigin

if TYPE_CHECKING:
    import pyarrow as pa
    from lancedb.table import Table

T = TypeVar("T")
Turn = Callable[[str], AbstractContextManager[None]]
"""tenant -> its turn to write, held while the block runs; raises StoreUnavailable when others do not end."""

COMMIT_TRIES: Final = 5
"""Tries of one change when a process outside docmill's lock commits in between."""

_EMPTY: Final = IndexStatistics(chunks=0, unindexed=0, fragments=0, size_bytes=0, has_vector_index=False, version=0)


class LanceKnowledgeBase:
    """A KnowledgeBase in a local directory or a bucket. Cheap to make; opens nothing before the first call.

    Args:
        place: a directory, made when missing, or an address such as s3://bucket/prefix.
        turn: how writers take turns; None takes lock files in the directory.
        lock_wait_s: how long a writer waits for such a lock, in seconds, before it raises StoreUnavailable.
    """

    def __init__(self, place: Path | str, *, turn: Turn | None = None, lock_wait_s: float = 60.0) -> None:
        self._place = str(place)
        self._turn = turn or (lambda tenant: write_lock(Path(place), tenant, lock_wait_s))
        self._cache = ResultCache()

    def replace(self, tenant: str, sources: Sequence[Source]) -> int:
        """See KnowledgeBase."""
        import pyarrow as pa  # noqa: PLC0415 - 160 MB of native code, only where chunks are kept

        if not sources:
            return 0
        condition = of_documents([source.document_id for source in sources])
        if len({source.document_id for source in sources}) < len(sources):
            raise InvalidOptions("a document is replaced by one file, not by several")
        first = origin_of_file(sources[0])
        parts = {first.identity: pa.concat_tables([rows_of(source, first) for source in sources])}

        def merge(table: "Table") -> None:
            origin = lance_table.origin_of(table)
            if origin.identity not in parts:
                parts[origin.identity] = pa.concat_tables([rows_of(source, origin) for source in sources])
            rows = parts[origin.identity]
            if table.count_rows(condition):
                _merge(table, rows, condition)
            elif rows.num_rows:
                table.add(rows)  # the lock keeps others from adding the same; a merge takes ten times as long

        self._change(tenant, merge, first)
        return int(parts[first.identity].num_rows)

    def delete(self, tenant: str, document_ids: Sequence[str]) -> int:
        """See KnowledgeBase."""
        condition = of_documents(document_ids)
        if not document_ids or not self._exists(tenant):
            return 0
        table = self._opened(tenant)
        if not answer(lambda: table.count_rows(condition)):
            return 0  # nothing to wait for a turn for

        def remove(table: "Table") -> int:
            gone = table.count_rows(condition)
            if gone:
                table.delete(condition)
                lance_table.forget(table)
            return int(gone)

        return self._change(tenant, remove)

    def hide(self, tenant: str, document_id: str, instead: Callable[[], Source | None]) -> int:
        """See KnowledgeBase."""
        condition = of_documents([document_id])
        unredacted = f"{condition} AND NOT is_redacted"
        if not self._exists(tenant):
            return 0
        found = self._opened(tenant)
        if not answer(lambda: found.count_rows(unredacted)):
            return 0  # nothing to wait for a turn for
        source = instead()

        def change(table: "Table") -> int:
            gone = table.count_rows(unredacted)
            if gone:
                rows = rows_of(source, lance_table.origin_of(table)) if source else None
                if rows is not None and rows.num_rows:
                    _merge(table, rows, condition)
                else:
                    table.delete(condition)
                lance_table.forget(table)
            return int(gone)

        return self._change(tenant, change)

    def rebuild(self, tenant: str, sources: Iterable[Source], origin: VectorOrigin = PACKAGED_ORIGIN) -> int:
        """See KnowledgeBase."""
        import pyarrow as pa  # noqa: PLC0415 - see replace

        stream = ChunkStream(sources, origin)
        with self._turn(checked_tenant(tenant)):
            try:  # once: after a conflict the files have been read
                rows = pa.RecordBatchReader.from_batches(table_schema(origin), stream.batches())
                answer(lambda: lance_table.overwrite(self._place, tenant, rows))
            except StoreUnavailable:
                if stream.error:
                    raise stream.error from None
                raise
            answer(lambda: lance_table.optimize(lance_table.opened_table(self._place, tenant)))
        return stream.rows

    def search(self, tenant: str, query: Query) -> list[Hit]:
        """See KnowledgeBase."""
        if not self._exists(tenant):
            return []
        table = self._serving(tenant)
        return self._cache.answer(tenant, int(answer(lambda: table.version)), query, lambda: search_table(table, query))

    def similar(self, tenant: str, document_id: str, limit: int, filters: Filters) -> list[Likeness]:
        """See KnowledgeBase."""
        if not self._exists(tenant):
            return []
        return similar_in(self._serving(tenant), document_id, limit, filters)

    def count(self, tenant: str) -> int:
        """See KnowledgeBase."""
        if not self._exists(tenant):
            return 0
        table = self._opened(tenant)
        return int(answer(table.count_rows))

    def model(self, tenant: str) -> VectorOrigin | None:
        """See KnowledgeBase."""
        return answer(lambda: lance_table.origin_of(self._opened(tenant))) if self._exists(tenant) else None

    def optimize(self, tenant: str) -> IndexStatistics:
        """See KnowledgeBase."""
        if self._exists(tenant):
            self._change(tenant, lance_table.optimize)
        return self.statistics(tenant)

    def statistics(self, tenant: str) -> IndexStatistics:
        """See KnowledgeBase."""
        if not self._exists(tenant):
            return _EMPTY
        table = self._opened(tenant)
        return answer(lambda: lance_table.statistics(table))

    def _change(self, tenant: str, change: "Callable[[Table], T]", origin: VectorOrigin = PACKAGED_ORIGIN) -> T:
        """Run one committing change in the tenant's turn; again, on a fresh table, when somebody else committed first."""
        with self._turn(checked_tenant(tenant)):
            for _ in range(COMMIT_TRIES):
                try:
                    return answer(lambda: self._changed(tenant, change, origin))
                except StoreUnavailable as error:
                    if "conflict" not in str(error.__cause__).lower():
                        raise
        raise StoreUnavailable(f"the knowledge base was changed by others {COMMIT_TRIES} times in a row")

    def _changed(self, tenant: str, change: "Callable[[Table], T]", origin: VectorOrigin) -> T:
        table = lance_table.made_table(self._place, tenant, origin)
        changed = change(table)
        lance_table.tend(table)
        return changed

    def _exists(self, tenant: str) -> bool:
        return lance_table.has_table(self._place, checked_tenant(tenant))

    def _opened(self, tenant: str) -> "Table":
        return answer(lambda: lance_table.opened_table(self._place, tenant))

    def _serving(self, tenant: str) -> "Table":
        return answer(lambda: lance_table.serving_table(self._place, tenant))


def _merge(table: "Table", rows: "pa.Table", condition: str) -> None:
    """Make the rows that a condition names exactly these, in one commit."""
    merging = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
    merging.when_not_matched_by_source_delete(condition).execute(rows)
