"""How much a client may send: a rate per client and a length of the queue, each with a computed Retry-After."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from fastapi import HTTPException

from docmill.services.uploads import Queue

UPLOADS_PER_S: Final = 20.0
BURST: Final = 200.0
MOST_CLIENTS: Final = 10_000
QUEUE_LIMIT: Final = 10_000
QUEUE_LOOK_S: Final = 2.0
LONGEST_WAIT_S: Final = 3600


class UploadLimits:
    """Limits of one gateway process; several threads may use it.

    Args:
        queue: looks at the queue.
        per_s: uploads per second and client in the long run.
        burst: uploads that may come at once.
        queue_limit: jobs that may wait.
        clock_s: monotonic seconds.
    """

    def __init__(
        self,
        queue: Callable[[], Queue],
        *,
        per_s: float = UPLOADS_PER_S,
        burst: float = BURST,
        queue_limit: int = QUEUE_LIMIT,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue, self._per_s, self._burst, self._queue_limit, self._clock_s = queue, per_s, burst, queue_limit, clock_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._seen: tuple[float, Queue] | None = None
        self._lock = threading.Lock()

    def take(self, client: str) -> None:
        """Count one upload of a client.

        Raises:
            HTTPException: 429, with Retry-After in seconds.
        """
        with self._lock:
            now_s = self._clock_s()
            left, at_s = self._buckets.pop(client, (self._burst, now_s))
            left = min(self._burst, left + (now_s - at_s) * self._per_s)
            if len(self._buckets) >= MOST_CLIENTS:
                del self._buckets[next(iter(self._buckets))]  # the one that has been silent longest
            self._buckets[client] = (left - 1 if left >= 1 else left, now_s)
        if left < 1:
            raise _too_many("too many uploads at once", (1 - left) / self._per_s)

    def check_queue(self) -> None:
        """See whether there is room in the queue.

        Raises:
            HTTPException: 429, with Retry-After by how fast the queue moves.
        """
        now_s = self._clock_s()
        if self._seen is None or now_s - self._seen[0] > QUEUE_LOOK_S:
            self._seen = (now_s, self._queue())
        found = self._seen[1]
        if found.waiting >= self._queue_limit:
            over = found.waiting - self._queue_limit + 1
            raise _too_many("too many tasks are waiting", over / found.ended_per_s if found.ended_per_s else 60.0)


def _too_many(detail: str, wait_s: float) -> HTTPException:
    return HTTPException(429, detail, headers={"Retry-After": str(max(1, min(LONGEST_WAIT_S, math.ceil(wait_s))))})
