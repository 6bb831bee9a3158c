"""How many items this process has milled: one that has done its share is replaced, so that what native libraries leak never adds up.

Where items are tiny, a thousand of them take seconds, and starting processes would take more than milling: none is replaced before its time.

Belongs here: the count. Does not belong here: how a process is replaced: a Dask worker by its nanny (blocks/worker_shutdown.py), the warm mill
by the process that forked it, a cell by its owner.
"""

import threading
import time


class Wear:
    """Items milled against the limit that the last shard brought."""

    def __init__(self) -> None:
        self._items, self._limit, self._life_s = 0, 0, 0.0
        self._begun: float | None = None  # not when this module was imported: the warm mill is forked later than that
        self._lock = threading.Lock()

    def note(self, items: int, limit: int, life_s: float) -> None:
        """Count items, and take the limits that their run asks for: a number of items, and the least seconds since the first ones were counted."""
        with self._lock:
            self._begun = self._begun or time.monotonic()
            self._items, self._limit, self._life_s = self._items + items, limit, life_s

    @property
    def is_worn(self) -> bool:
        """Whether this process should be replaced."""
        return self._begun is not None and self._items >= self._limit and time.monotonic() - self._begun >= self._life_s


WEAR = Wear()
"""Of this process."""
