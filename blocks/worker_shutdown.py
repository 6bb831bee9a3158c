"""A Dask worker plugin for the ends of workers.

When one shuts down in order, its shards stop as if cancelled, so that the tries it cuts short do not count. One that has milled its thousand
items shuts down in order and is started anew by its nanny.

Pickled by value, so that workers need neither this package nor Prefect.
"""

import sys
from typing import Any

import cloudpickle
from distributed import WorkerPlugin

COLLECTED_S = 0.5
"""A worn worker waits so long before it goes, so that the result it has just made is fetched."""


class StopShardsOnShutdown(WorkerPlugin):
    """Stops running shards when the worker closes, and closes the worker when it is worn."""

    name = "docmill-stop-shards"
    idempotent = True
    """Registered once for a scheduler: a second registration would tear the first one down on workers that are in full swing."""

    def setup(self, worker: Any) -> None:
        """Called by Dask when the plugin comes to a worker."""
        self._worker, self._is_going = worker, False

    def teardown(self, worker: Any) -> None:
        """Called by Dask when the worker closes, but also when the plugin is replaced or removed."""
        if not worker.status.name.startswith("clos"):
            return
        from docmill.services.milling.lease import stop_this_process  # noqa: PLC0415 - pickled by value: names are resolved on the worker

        stop_this_process()

    def transition(self, key: Any, start: str, finish: str, **kwargs: Any) -> None:
        """Called by Dask when a task changes its state."""
        del key, start, kwargs
        if finish not in {"memory", "error"} or self._is_going or self._worker.nanny is None:
            return  # without a nanny nobody would start it again
        from docmill.services.milling.wear import WEAR  # noqa: PLC0415 - as above

        if WEAR.is_worn:
            self._is_going = True
            self._worker.loop.call_later(COLLECTED_S, self._worker.close_gracefully, restart=True, reason="docmill-worker-worn")


cloudpickle.register_pickle_by_value(sys.modules[__name__])
