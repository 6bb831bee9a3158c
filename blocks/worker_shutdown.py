"""A Dask worker plugin: when a worker shuts down in order, its shards stop as if cancelled, so that the tries it cuts short do not count.

Pickled by value, so that workers need neither this package nor Prefect.
"""

import sys
from typing import Any

import cloudpickle
from distributed import WorkerPlugin


class StopShardsOnShutdown(WorkerPlugin):
    """Stops running shards when the worker closes."""

    name = "docmill-stop-shards"
    idempotent = True
    """Registered once for a scheduler: a second registration would tear the first one down on workers that are in full swing."""

    def teardown(self, worker: Any) -> None:
        """Called by Dask when the worker closes, but also when the plugin is replaced or removed."""
        if not worker.status.name.startswith("clos"):
            return
        from docmill.services.milling.lease import stop_this_process  # noqa: PLC0415 - pickled by value: names are resolved on the worker

        stop_this_process()


cloudpickle.register_pickle_by_value(sys.modules[__name__])
