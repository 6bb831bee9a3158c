"""The planner: estimated costs, waves of documents, shards.

A *wave* is a set of documents that goes through the stages together; each stage of a wave is one shard, except reading, where a wave is cut
into page ranges. Costs are estimates in seconds on one core (benchmarks/reading.py prints what pages really cost); being wrong by a factor
of two only makes shards longer or shorter.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PAGE_COST_S = {"application/pdf": 1.5}
"""Seconds per page by media type; a PDF page may be text (0.05) or a scan (3). Images take IMAGE_PAGE_COST_S, all others are text."""
IMAGE_PAGE_COST_S, TEXT_PAGE_COST_S = 2.5, 0.01
DOCUMENT_COST_S = 0.02
INSPECT_COST_S, INSPECT_BYTES_PER_S = 0.02, 50e6
LEAST_SHARD_S = 2.0
MOST_MEMBERS = 500
"""Documents of a wave."""


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages first..last of one job, both counted from 1."""

    job_id: str
    first: int
    last: int


def page_cost_s(media_type: str) -> float:
    """Estimated seconds of reading one page."""
    return PAGE_COST_S.get(media_type, IMAGE_PAGE_COST_S if media_type.startswith("image/") else TEXT_PAGE_COST_S)


def document_cost_s(media_type: str, page_count: int) -> float:
    """Estimated seconds of reading a document."""
    return DOCUMENT_COST_S + page_count * page_cost_s(media_type)


def inspect_cost_s(size_bytes: int) -> float:
    """Estimated seconds of inspecting a document."""
    return INSPECT_COST_S + size_bytes / INSPECT_BYTES_PER_S


def guess_cost_s(size_bytes: int, media_type: str) -> float:
    """Estimated seconds of a document whose pages are not counted yet: about 100 kB a page."""
    return document_cost_s(media_type, 1 + size_bytes // 100_000)


def target_s(total_s: float, workers: int, aim_s: float) -> float:
    """How much a shard should cost: the aim or less, so that every worker gets as many as the others, and two at the least; else all wait for the last."""
    if not workers:
        return max(LEAST_SHARD_S, min(aim_s, total_s))
    rounds = max(2, math.ceil(total_s / (aim_s * workers)))
    return max(LEAST_SHARD_S, total_s / (rounds * workers))


def cut_by_cost(costs: Sequence[tuple[str, float]], target: float, most: int = MOST_MEMBERS) -> Iterator[list[str]]:
    """Group names so that each group costs `target` seconds, as nearly as whole members do, and has at most `most` of them; order is kept."""
    group: list[str] = []
    spent = 0.0
    for name, cost in costs:
        if group and (spent + cost / 2 > target or len(group) >= most):
            yield group
            # what a group costs more or less than the target the next one has less or more, or the last would have it all
            group, spent = [], max(-target / 2, min(spent - target, target / 2))
        group.append(name)
        spent += cost
    if group:
        yield group


def even_s(cost_s: float, target: float) -> float:
    """How much each shard of a wave should cost, so that they are alike and near the target, rather longer than shorter."""
    return cost_s / max(1, int(cost_s / target + 0.25))


def cut_pages(documents: Iterable[tuple[str, str, int]], target: float) -> Iterator[list[PageRange]]:
    """Cut reading into groups of page ranges of about `target` seconds each.

    Args:
        documents: (job id, media type, page count).
        target: seconds per group.
    """
    group: list[PageRange] = []
    spent = 0.0
    for job_id, media_type, pages in documents:
        first, each = 1, page_cost_s(media_type)
        while first <= pages:
            room = max(1, int((target - spent) / each))
            last = min(pages, first + room - 1)
            group.append(PageRange(job_id, first, last))
            spent += DOCUMENT_COST_S + (last - first + 1) * each
            first = last + 1
            if spent >= target:
                yield group
                group, spent = [], 0.0
    if group:
        yield group
