"""Answers of one process that are still true: kept per tenant for one version of its index, all dropped when another version is seen.

Whoever wrote, in this process or another, every commit makes a new version, so nothing old is ever given. After an hour an answer is forgotten
whatever happened: it holds text of documents.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from docmill.storage.knowledge.ports import Hit, Query

QUERIES: Final = 128
"""Answers kept per tenant, the least recently asked for goes first."""

KEPT_S: Final = 3600.0
"""No answer is kept for longer."""

MOST_HITS: Final = 100
"""Longer answers are not kept: a hit holds 1-3 KB."""


class ResultCache:
    """Answers by tenant, index version and query. Threads may share it.

    Args:
        clock_s: monotonic seconds.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._lock, self._clock_s = threading.Lock(), clock_s
        self._kept: dict[str, tuple[int, OrderedDict[Query, tuple[float, tuple[Hit, ...]]]]] = {}

    def answer(self, tenant: str, version: int, query: Query, ask: Callable[[], list[Hit]]) -> list[Hit]:
        """The kept answer, or the one that `ask` gives, which is then kept."""
        with self._lock:
            kept = self._of(tenant, version)
            if query in kept:
                kept.move_to_end(query)
                return list(kept[query][1])
        found = ask()
        if len(found) <= MOST_HITS:
            with self._lock:
                kept = self._of(tenant, version)
                kept[query] = self._clock_s(), tuple(found)
                if len(kept) > QUERIES:
                    kept.popitem(last=False)
        return found

    def _of(self, tenant: str, version: int) -> "OrderedDict[Query, tuple[float, tuple[Hit, ...]]]":
        """What is kept of this version; what another version gave or is an hour old is forgotten, with the text that it holds."""
        seen, kept = self._kept.get(tenant, (version, OrderedDict()))
        if seen != version:
            kept = OrderedDict()
        oldest = self._clock_s() - KEPT_S
        for query in [query for query, (asked_at, _) in kept.items() if asked_at < oldest]:
            del kept[query]
        self._kept[tenant] = version, kept
        return kept
