"""One tenant's table in LanceDB: making, opening and checking it, and keeping its indexes.

Full text: an inverted index over `terms`, made with the table. New rows are searched one by one until `tend` or `optimize` takes them in, so
nothing is ever missed. Vectors: exact search up to VECTOR_INDEX_ROWS, above that an approximate index, made and renewed by `optimize` alone.
"""

import warnings
from datetime import timedelta
from functools import lru_cache
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from docmill.errors import StageFailed, StoreUnavailable, VersionMismatch
from docmill.settings import hush_lance
from docmill.stages.knowledge.chunk_file import origin_in
from docmill.storage.knowledge.ports import IndexStatistics
from docmill.storage.knowledge.sources import row_schema, table_schema
from docmill.storage.knowledge.terms import MAX_TERM_LENGTH
from docmill.values.embedding import VectorOrigin

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa
    from lancedb.db import DBConnection
    from lancedb.table import Table

T = TypeVar("T")

KEPT_VERSIONS: Final = timedelta(minutes=10)
"""Versions that readers may still be looking at; a search takes less than a second."""

UNTENDED_ROWS: Final = 4096
UNTENDED_SHARE: Final = 0.2
"""Rows outside the full text index that a search may still read one by one; the larger of the two counts, so that the upkeep of a growing table
stays proportional to its size."""

UNTENDED_FRAGMENTS: Final = 64
ROWS_PER_FRAGMENT: Final = 1000
"""Files of a table, one more for so many rows: every commit adds one, and every search opens all."""

VECTOR_INDEX_ROWS: Final = 20_000
"""Above this an approximate index pays: exact search reads 1.5 KB for every chunk. See docs/search.md."""

INDEX_CACHE_BYTES: Final = 512 * 1024 * 1024
"""Most memory for parts of indexes, per process: about 300,000 chunks."""

_TERMS, _TERMS_INDEX, _VECTOR_INDEX = "terms", "terms_idx", "vector_idx"


def answer(ask: "Callable[[], T]") -> "T":
    """The answer of LanceDB, its errors translated.

    Raises:
        StoreUnavailable: it gave none.
    """
    try:
        return ask()
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreUnavailable("the knowledge base did not answer") from error


def made_table(place: str, tenant: str, origin: VectorOrigin) -> "Table":
    """The tenant's table, made with its full text index when there is none; an empty one is made anew for vectors of another model.

    Raises:
        VersionMismatch: another version of docmill made it.
    """
    if has_table(place, tenant):
        table = opened_table(place, tenant)
        if origin_of(table) == origin or table.count_rows():
            return table
    table = _connection(place).create_table(tenant, schema=table_schema(origin), mode="overwrite")
    index_terms(table)
    return table


def opened_table(place: str, tenant: str) -> "Table":
    """The tenant's table, which must be there.

    Raises:
        VersionMismatch: another version of docmill made it.
    """
    table = _connection(place).open_table(tenant)
    if not is_current(table):
        raise VersionMismatch("another version of docmill wrote the search index; run `docmill reindex` or the deployment rebuild-index")
    return table


def serving_table(place: str, tenant: str) -> "Table":
    """The table that readers see: between the two commits of a rebuild, rows and full text index, the version before them.

    Raises:
        VersionMismatch: another version of docmill made it.
    """
    table = opened_table(place, tenant)
    if table.index_stats(_TERMS_INDEX) is not None:
        return table
    before = _connection(place).open_table(tenant)
    for version in sorted((int(one["version"]) for one in table.list_versions()), reverse=True)[1:]:
        before.checkout(version)
        if is_current(before) and before.index_stats(_TERMS_INDEX) is not None:
            return before
    return table


def overwrite(place: str, tenant: str, rows: "pa.RecordBatchReader") -> None:
    """Make the tenant's table exactly these rows, in one commit; what was there serves until then."""
    _connection(place).create_table(tenant, rows, mode="overwrite")


def origin_of(table: "Table") -> VectorOrigin:
    """What the table's vectors were made with."""
    return origin_in(table.schema)


def is_current(table: "Table") -> bool:
    """Whether the table has the columns that this version writes."""
    try:
        return bool(table.schema.equals(row_schema(origin_of(table).dimensions)))
    except StageFailed:
        return False


def has_table(place: str, tenant: str) -> bool:
    """Whether the tenant has a table with a version; a writer killed while it made one leaves a folder without."""
    if is_bucket(place):
        return answer(lambda: _has_remote(place, tenant))
    return next((Path(place) / f"{tenant}.lance" / "_versions").glob("*.manifest"), None) is not None


def _has_remote(place: str, tenant: str) -> bool:
    try:
        _connection(place).open_table(tenant)
    except ValueError:  # how LanceDB says that there is no such table
        return False
    return True


def is_bucket(place: str) -> bool:
    """Whether a place is an address such as s3://bucket/prefix and no local folder."""
    return "://" in place


@lru_cache(maxsize=8)
def _connection(place: str) -> "DBConnection":
    hush_lance()
    import lancedb  # noqa: PLC0415 - loads in 1 s with 180 MB of native code, only where the index is used

    # kept, for the parts of indexes that it holds in memory; every table opened from it sees the newest version
    return lancedb.connect(place, session=lancedb.Session(index_cache_size_bytes=INDEX_CACHE_BYTES))


def index_terms(table: "Table") -> None:
    """Make the full text index anew. Terms are ready-made: the index splits at spaces and stems."""
    from lancedb.index import FTS  # noqa: PLC0415 - see _connection

    table.create_index(_TERMS, config=FTS(base_tokenizer="whitespace", max_token_length=MAX_TERM_LENGTH), replace=True)


def tend(table: "Table") -> None:
    """What a writer owes the next reader: a full text index that has most rows, and not too many files. Mostly does nothing."""
    stats = table.index_stats(_TERMS_INDEX)
    if stats is None:  # a rebuild was killed between its two commits
        index_terms(table)
        return
    sizes = _sizes(table)
    if is_behind(int(sizes["num_rows"]), stats.num_unindexed_rows, int(sizes["fragment_stats"]["num_fragments"])):
        table.optimize(cleanup_older_than=KEPT_VERSIONS)


def is_behind(rows: int, unindexed: int, fragments: int) -> bool:
    """Whether a writer must tend the index before it goes."""
    return unindexed > max(UNTENDED_ROWS, rows * UNTENDED_SHARE) or fragments > UNTENDED_FRAGMENTS + rows // ROWS_PER_FRAGMENT


def optimize(table: "Table") -> None:
    """Merge files, take all rows into the indexes, drop old versions; make the approximate index where it pays, drop it where not."""
    from lancedb.index import IvfFlat  # noqa: PLC0415 - see _connection

    tend(table)
    table.optimize(cleanup_older_than=KEPT_VERSIONS)
    pays = table.count_rows() > VECTOR_INDEX_ROWS
    if pays and (table.index_stats(_VECTOR_INDEX) is None):
        # the rows of a part are compared exactly: nothing is lost but what lies in parts that a search does not look into
        table.create_index("vector", config=IvfFlat(distance_type="l2", num_partitions=isqrt(table.count_rows())))
    elif not pays and table.index_stats(_VECTOR_INDEX) is not None:
        table.drop_index(_VECTOR_INDEX)


def forget(table: "Table") -> None:
    """Take deleted rows out of the files and drop every older version: what was deleted must not be found on disk.

    Files of which less than a tenth was deleted are only rewritten by a later `optimize`: LanceDB does not offer another threshold here.
    """
    with warnings.catch_warnings():
        # LanceDB warns of readers on an older version; a search that meets this moment fails once and is asked again
        warnings.simplefilter("ignore", UserWarning)
        table.optimize(cleanup_older_than=timedelta(0))


def _sizes(table: "Table") -> Any:
    """LanceDB's figures: a plain dict, though its types say otherwise."""
    return table.stats()


def statistics(table: "Table") -> IndexStatistics:
    """How the table stands."""
    sizes, terms = _sizes(table), table.index_stats(_TERMS_INDEX)
    return IndexStatistics(
        chunks=int(sizes["num_rows"]),
        unindexed=int(terms.num_unindexed_rows if terms else sizes["num_rows"]),
        fragments=int(sizes["fragment_stats"]["num_fragments"]),
        size_bytes=int(sizes["total_bytes"]),
        has_vector_index=table.index_stats(_VECTOR_INDEX) is not None,
        version=int(table.version),
        without_vector=int(table.count_rows("vector IS NULL")),
    )
