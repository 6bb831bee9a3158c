"""How many items this process has milled: one that has done its share is replaced, so that what native libraries leak never adds up.

Belongs here: the count. Does not belong here: how a process is replaced: a Dask worker by its nanny (blocks/worker_shutdown.py), the warm mill
by the process that forked it, a cell by its owner.
"""

import threading


class Wear:
    """Items milled against the limit that the last shard brought."""

    def __init__(self) -> None:
        self._items, self._limit = 0, 0
        self._lock = threading.Lock()

    def note(self, items: int, limit: int) -> None:
        """Count items, and take the limit that their run asks for."""
        with self._lock:
            self._items, self._limit = self._items + items, limit

    @property
    def is_worn(self) -> bool:
        """Whether this process should be replaced."""
        return 0 < self._limit <= self._items


WEAR = Wear()
"""Of this process."""
