"""A Dask worker plugin: when a worker shuts down in order, its shards stop as if cancelled, so that the tries it cuts short do not count.

Pickled by value, so that workers need neither this package nor Prefect.
"""

import sys

import cloudpickle
from distributed import WorkerPlugin


class StopShardsOnShutdown(WorkerPlugin):
    """Stops running shards when the worker closes."""

    name = "docmill-stop-shards"

    def teardown(self, worker: object) -> None:
        """Called by Dask when the worker closes."""
        del worker
        from docmill.services.milling.lease import stop_this_process  # noqa: PLC0415 - pickled by value: names are resolved on the worker

        stop_this_process()


cloudpickle.register_pickle_by_value(sys.modules[__name__])
