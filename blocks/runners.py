"""Runners: what carries one shard to where it is milled. A stage task calls `run` and does not know which one it has."""

import contextlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future as ThreadFuture
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

from docmill.errors import Cancelled, ClusterLost, DocmillError, StageFailed
from docmill.services.milling import Shard, ShardReport, mill_shard
from docmill.values.keys import STAGES

POLL_FIRST_S, POLL_MOST_S = 0.01, 0.2
RESULT_WAIT_S = 30.0
STALL_MARGIN_S = 30.0


@dataclass
class RunSignals:
    """What a runner must know of the run: whether it was stopped, and for how long nothing has moved anywhere."""

    still_s: Callable[[], float]
    stopped: threading.Event = field(default_factory=threading.Event)


class ShardRunner(Protocol):
    """Carries shards. `workers` says how many run at once."""

    workers: int

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """Mill one shard and wait for it.

        Raises:
            Cancelled: the run was stopped.
            ClusterLost: the cluster is gone or nothing on it has moved for too long (retryable).
            DocmillError: what the shard raised as a whole.
        """


class InlineRunner:
    """Mills in a thread of the flow process: for a few small documents, where starting a cluster costs more than the work."""

    workers = 1

    def __init__(self) -> None:
        # one thread for all shards, so that one warm cell serves them
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="docmill-inline")

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """See `ShardRunner.run`."""
        if signals.stopped.is_set():
            raise Cancelled("the run was stopped")
        waiting: ThreadFuture[ShardReport] = self._pool.submit(mill_shard, shard, last_try)
        return _unless_stopped(waiting.result())

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class ClusterRunner:
    """Carries shards to a Dask cluster through one client shared by all task threads.

    Args:
        client: a connected `distributed.Client`.
        stall_s: without any progress for so long, the cluster is taken for lost.
    """

    def __init__(self, client: Any, *, stall_s: float, workers: int) -> None:
        self._client, self._stall_s, self.workers = client, stall_s, workers

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """See `ShardRunner.run`."""
        key = f"{shard.stage}-{shard.run_id}-{shard.shard_id}-{uuid4().hex[:8]}"
        # later stages first: documents that are nearly through leave before new ones are begun
        future = self._client.submit(mill_shard, shard, last_try, key=key, pure=False, priority=STAGES.index(shard.stage))
        try:
            return _unless_stopped(self._collect(future, shard, signals))
        finally:
            # released results are never computed again; an open one is taken off the cluster
            with contextlib.suppress(Exception):
                future.release() if future.status in {"finished", "error"} else future.cancel(force=True)

    def _collect(self, future: Any, shard: Shard, signals: RunSignals) -> ShardReport:
        pause = POLL_FIRST_S
        stall_s = max(self._stall_s, shard.limits.deadline_s(shard.stage) + STALL_MARGIN_S)
        while True:
            status = future.status
            if status == "finished":
                # the result may have been lost with its worker after it finished: then Dask computes it again, look once more
                with contextlib.suppress(FutureTimeoutError, TimeoutError):
                    report: ShardReport = future.result(timeout=RESULT_WAIT_S)
                    return report
            elif status in {"error", "cancelled"}:
                raise _cluster_error(future, status)
            if signals.stopped.is_set():
                raise Cancelled("the run was stopped")
            if self._client.status != "running":
                raise ClusterLost("the connection to the Dask scheduler is gone")
            if signals.still_s() > stall_s:
                raise ClusterLost(f"nothing on the cluster has moved for {signals.still_s():.0f} s")
            # "lost" and "pending" both mean wait: Dask is computing, maybe again
            time.sleep(pause)
            pause = min(POLL_MOST_S, pause * 1.5)

    def close(self) -> None:
        """Nothing of its own to close: the block that made the client closes it."""


def _unless_stopped(report: ShardReport) -> ShardReport:
    if report.stopped:
        raise Cancelled("the run was stopped")
    return report


def _cluster_error(future: Any, status: str) -> DocmillError:
    error = future.exception(timeout=RESULT_WAIT_S) if status == "error" else None
    if isinstance(error, DocmillError):
        return error
    name = type(error).__name__ if error is not None else status
    if name in {"KilledWorker", "cancelled", "CancelledError", "FutureCancelledError", "CommClosedError"}:
        return ClusterLost(f"Dask gave the shard up ({name})")
    # the exception's text may hold what a document says: only its type leaves the worker
    return StageFailed(f"a worker raised {name}")
