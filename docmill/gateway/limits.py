"""How much a client may send: a rate per client and a length of the queue, each with a computed Retry-After."""

import threading
import time
from collections.abc import Callable
from typing import Final

from docmill.errors import TooManyRequests
from docmill.services.uploads import Queue

UPLOADS_PER_S: Final = 20.0
BURST: Final = 200.0
MOST_CLIENTS: Final = 10_000
QUEUE_LIMIT: Final = 10_000
QUEUE_LOOK_S: Final = 2.0
LONGEST_WAIT_S: Final = 3600.0
SLOW_WAIT_S: Final = 60.0


class Buckets:
    """A token bucket per name; several threads may use it.

    Args:
        per_s: how many a second in the long run.
        burst: how many at once.
        clock_s: monotonic seconds.
    """

    def __init__(self, per_s: float, burst: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._burst, self._clock_s = per_s, burst, clock_s
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, name: str) -> float:
        """Count one; returns 0.0, or the seconds to wait when there was none left."""
        with self._lock:
            now_s = self._clock_s()
            left, at_s = self._buckets.pop(name, (self._burst, now_s))
            left = min(self._burst, left + (now_s - at_s) * self._per_s)
            if len(self._buckets) >= MOST_CLIENTS:
                del self._buckets[next(iter(self._buckets))]  # the one that has been silent longest
            self._buckets[name] = (left - 1 if left >= 1 else left, now_s)
        return 0.0 if left >= 1 else (1 - left) / self._per_s


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
        self._queue, self._queue_limit, self._clock_s = queue, queue_limit, clock_s
        self._buckets = Buckets(per_s, burst, clock_s)
        self._seen: tuple[float, Queue] | None = None

    def take(self, client: str) -> None:
        """Count one upload of a client.

        Raises:
            TooManyRequests: with the seconds to wait.
        """
        if wait_s := self._buckets.take(client):
            raise TooManyRequests("too many uploads at once", retry_after_s=wait_s)

    def check_queue(self) -> None:
        """See whether there is room in the queue.

        Raises:
            TooManyRequests: with the seconds to wait, by how fast the queue moves.
        """
        now_s = self._clock_s()
        if self._seen is None or now_s - self._seen[0] > QUEUE_LOOK_S:
            self._seen = (now_s, self._queue())
        found = self._seen[1]
        if found.waiting >= self._queue_limit:
            over = found.waiting - self._queue_limit + 1
            wait_s = over / found.ended_per_s if found.ended_per_s else SLOW_WAIT_S
            raise TooManyRequests("too many tasks are waiting", retry_after_s=min(LONGEST_WAIT_S, wait_s))
