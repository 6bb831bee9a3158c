"""What the log of searches tells: how many, which most often, which in vain, how quickly; and how the index stands."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

from docmill.services.running.room import Room
from docmill.services.search_embeddings import EmbeddingFigures, embedding_figures
from docmill.services.search_log import query_log
from docmill.storage.knowledge.ports import IndexStatistics
from docmill.storage.knowledge.query_log import AskedQuery
from docmill.values.model import Value

MOST_QUERIES: Final = 20
"""Queries listed, at most."""


class QueryFigures(Value):
    """How often one query was asked. `query` is its digest; `text` is there when the log keeps it. `results` and `took_ms` are means."""

    query: str
    text: str | None
    count: int
    results: float
    took_ms: float


class Latency(Value):
    """Percentiles (nearest rank) of what searches took, in milliseconds; None without searches."""

    p50: float | None
    p95: float | None
    p99: float | None


class SearchStatistics(Value):
    """Searches of the last days and the index now.

    Attributes:
        days: today and the days before it.
        searches, users: how many, and of how many different people.
        in_vain: searches that found nothing.
        top_queries, zero_result_queries: the most frequent, and those that last found nothing.
        latency_ms: over all searches.
        embedding: how the embedding of all current versions went.
        index: chunks, unindexed, fragments, size_bytes, version, has_vector_index, see docmill.storage.knowledge.ports.IndexStatistics.
    """

    days: int
    searches: int
    users: int
    in_vain: int
    top_queries: tuple[QueryFigures, ...]
    zero_result_queries: tuple[QueryFigures, ...]
    latency_ms: Latency
    embedding: EmbeddingFigures
    index: IndexStatistics


def search_statistics(room: Room, days: int) -> SearchStatistics:
    """The figures of the last days, today included.

    Raises:
        StoreUnavailable: the knowledge base did not answer.
        VersionMismatch: another version of docmill wrote the index.
    """
    asked = list(query_log(room).read(datetime.now(UTC).date() - timedelta(days=days - 1)))
    by_query: dict[str, list[AskedQuery]] = defaultdict(list)
    for one in asked:
        by_query[one.query].append(one)
    groups = sorted(by_query.values(), key=lambda group: (-len(group), group[0].query))
    times = sorted(one.took_ms for one in asked)
    return SearchStatistics(
        days=days,
        searches=len(asked),
        users=len({one.user for one in asked}),
        in_vain=sum(not one.results for one in asked),
        top_queries=_figures(groups),
        zero_result_queries=_figures([group for group in groups if not group[-1].results]),
        latency_ms=Latency(p50=percentile(times, 0.50), p95=percentile(times, 0.95), p99=percentile(times, 0.99)),
        embedding=embedding_figures(room),
        index=room.knowledge.statistics(room.tenant),
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile of figures in ascending order; None of none."""
    return ordered[ceil(share * len(ordered)) - 1] if ordered else None


def _figures(groups: Sequence[list[AskedQuery]]) -> tuple[QueryFigures, ...]:
    return tuple(
        QueryFigures(
            query=group[-1].query,
            text=group[-1].text,
            count=len(group),
            results=round(sum(one.results for one in group) / len(group), 1),
            took_ms=round(sum(one.took_ms for one in group) / len(group), 1),
        )
        for group in groups[:MOST_QUERIES]
    )
