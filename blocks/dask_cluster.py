"""DaskCluster: where shards run."""

import contextlib
import os
from collections.abc import Iterator
from typing import Literal

import dask
from distributed import Client, LocalCluster
from prefect.blocks.core import Block
from pydantic import Field

from blocks.cluster_runner import ClusterRunner
from blocks.runners import InlineRunner, ShardRunner
from blocks.saved import DOCUMENTATION_URL
from blocks.worker_shutdown import StopShardsOnShutdown
from docmill.errors import ClusterLost
from docmill.services.milling.warm_mill import nearest_mill
from docmill.settings import settings

DASK_SETTINGS = {
    # SpecCluster looks once after a worker vanished; if the nanny is just restarting it at that moment, the default 15 s closes it for ever
    "distributed.deploy.lost-worker-timeout": "1h",
    # the journal quarantines a poison item after 2-3 worker deaths; Dask must not give up on the shard before that
    "distributed.scheduler.allowed-failures": 10,
    # a stopped or hung worker loses its shards to others after this; must be longer than any pause a healthy worker makes
    "distributed.scheduler.worker-ttl": "60s",
    # every connection keeps its last messages for debugging, shards and all: with the default of 1,000 scheduler and flow grow by a gigabyte
    "distributed.admin.low-level-log-length": 20,
    # looking whether its loops are prompt, 50 times a second in each process, weighing workers and profiling them took 12 % of a core from pages
    "distributed.admin.tick.interval": "1s",
    "distributed.worker.memory.monitor-interval": "500ms",
    "distributed.worker.profile.enabled": False,
}

OPEN_LIMIT_S = 30


class DaskCluster(Block):
    """Where shards run: in the flow process, on a local cluster of processes, or on a Dask scheduler at an address.

    Example:
        ```python
        from blocks import DaskCluster

        cluster = DaskCluster.load("BLOCK_NAME")
        with cluster.open(estimated_s=60.0) as runner: ...
        ```
    """

    _block_type_name = "docmill Dask cluster"
    _block_type_slug = "docmill-dask-cluster"
    _description = "Where docmill's shards run: the flow process, a local cluster of processes, or a Dask scheduler at an address."
    _documentation_url = DOCUMENTATION_URL

    mode: Literal["auto", "inline", "local", "address"] = Field(
        default="auto",
        description="auto: the address if one is set, the flow process for little work, else a local cluster.",
    )
    address: str | None = Field(default_factory=lambda: settings().dask_address, description="tcp://host:port of a Dask scheduler.")
    workers: int = Field(
        default_factory=lambda: settings().dask_workers, ge=0, description="Processes of a local cluster; 0: one per core."
    )
    stall_deadline_s: float = Field(
        default_factory=lambda: settings().stall_deadline_s, gt=0, description="Lost after so long without progress."
    )

    @contextlib.contextmanager
    def open(self, *, estimated_s: float) -> Iterator[ShardRunner]:
        """A runner for a run whose work is estimated at so many seconds.

        Raises:
            ClusterLost: the scheduler does not answer, or has no worker within 30 s.
        """
        mode = self._resolved(estimated_s)
        if mode == "inline":
            runner = InlineRunner(nearest_mill(settings().home))
            try:
                yield runner
            finally:
                runner.close()
        elif mode == "address":
            with self._client(self.address or "") as client:
                yield ClusterRunner(client, stall_s=self.stall_deadline_s, workers=_threads(client))
        else:
            with self._local() as client:
                yield ClusterRunner(client, stall_s=self.stall_deadline_s, workers=_threads(client))

    def _resolved(self, estimated_s: float) -> str:
        if self.mode != "auto":
            return self.mode
        if self.address:
            return "address"
        return "inline" if estimated_s <= settings().inline_seconds else "local"

    @contextlib.contextmanager
    def _local(self) -> Iterator[Client]:
        with (
            dask.config.set(DASK_SETTINGS),
            LocalCluster(
                n_workers=self.workers or len(os.sched_getaffinity(0)),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=50,
            ) as cluster,
            self._client(cluster.scheduler_address) as client,
        ):
            yield client

    @contextlib.contextmanager
    def _client(self, address: str) -> Iterator[Client]:
        try:
            with dask.config.set(DASK_SETTINGS):
                client = Client(address, set_as_default=False, timeout=f"{OPEN_LIMIT_S}s")
        except (OSError, TimeoutError) as error:
            raise ClusterLost("the Dask scheduler does not answer") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=OPEN_LIMIT_S)
            except TimeoutError as error:
                raise ClusterLost("the Dask scheduler has no worker") from error
            client.register_plugin(StopShardsOnShutdown())
            yield client


def _threads(client: Client) -> int:
    return sum(client.nthreads().values()) or 1
