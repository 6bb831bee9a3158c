"""ClusterRunner: carries shards to a Dask cluster, waits for each without ever waiting for good, and gives up in words."""

import contextlib
import time
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextvars import Context
from typing import Any
from uuid import uuid4

from blocks.runners import RunSignals, until_done, without_text
from docmill.carried import mill_packed, pack, unpack_report
from docmill.errors import Cancelled, ClusterLost, DocmillError, VersionMismatch
from docmill.services.milling import Shard, ShardReport
from docmill.values.keys import STAGES

POLL_FIRST_S, POLL_MOST_S = 0.01, 0.2
RESULT_WAIT_S = 30.0
STALL_MARGIN_S = 30.0
CUT_WAIT_S = 10.0
"""How long a cancelled run waits for workers to cut what they are doing, so that cut tries are noted before the cluster closes."""

GIVEN_UP = {"KilledWorker", "cancelled", "CancelledError", "FutureCancelledError", "CommClosedError"}


class ClusterRunner:
    """Carries shards to a Dask cluster through one client shared by all task threads.

    Args:
        client: a connected `distributed.Client`.
        stall_s: without any progress for so long, the cluster is taken for lost.
        workers: how many shards run at once.
    """

    def __init__(self, client: Any, *, stall_s: float, workers: int) -> None:
        self._client, self._stall_s, self.workers = client, stall_s, workers

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """See `ShardRunner.run`."""
        # each timer of Dask's loop remembers the context that it was made in: Prefect's would keep shard and report alive for as long
        return Context().run(until_done, lambda: self._once(shard, signals, last_try=last_try), signals)

    def _once(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        self._check_connection(signals)
        key = f"{shard.stage}-{shard.run_id}-{shard.shard_id}-{uuid4().hex[:8]}"
        # later stages first: documents that are nearly through leave before new ones are begun
        work = (mill_packed, pack(shard), shard.version, last_try)
        future = self._client.submit(*work, key=key, pure=False, priority=STAGES.index(shard.stage))
        try:
            return self._collect(future, signals)
        finally:
            # released results are never computed again; an open one is taken off the cluster
            with contextlib.suppress(Exception):
                future.release() if future.status in {"finished", "error"} else future.cancel(force=True)

    def _collect(self, future: Any, signals: RunSignals) -> ShardReport:
        pause = POLL_FIRST_S
        cut_by: float | None = None
        while True:
            status = future.status
            if status == "finished":
                # the result may have been lost with its worker after it finished: then Dask computes it again, look once more
                with contextlib.suppress(FutureTimeoutError, TimeoutError):
                    return unpack_report(future.result(timeout=RESULT_WAIT_S))
            self._check_connection(signals)
            if status in {"error", "cancelled"}:
                raise _cluster_error(future, status)
            if signals.stopped.is_set():
                # workers look at the lease and cut what they do; a queued shard is begun by nobody
                cut_by = cut_by or time.monotonic() + CUT_WAIT_S
                if signals.lost.is_set() or time.monotonic() > cut_by:
                    raise Cancelled("the run was stopped")
            else:
                self._check_progress(signals)
            # "lost" and "pending" both mean wait: Dask is computing, maybe again
            time.sleep(pause)
            pause = min(POLL_MOST_S, pause * 1.5)

    def _check_connection(self, signals: RunSignals) -> None:
        if self._client.status != "running":
            signals.lost.set()
            raise ClusterLost("the connection to the Dask scheduler is gone")

    def _check_progress(self, signals: RunSignals) -> None:
        still_s = signals.still_s()
        # one long item is bounded by its own deadline, and whoever is queued behind it is not stalled
        if still_s > max(self._stall_s, signals.longest_item_s() + min(STALL_MARGIN_S, self._stall_s)):
            signals.lost.set()
            raise ClusterLost(f"nothing on the cluster has moved for {still_s:.0f} s")


def _cluster_error(future: Any, status: str) -> DocmillError:
    error = future.exception(timeout=RESULT_WAIT_S) if status == "error" else None
    name = type(error).__name__ if error is not None else status
    if error is None or name in GIVEN_UP:
        return ClusterLost(f"Dask gave the shard up ({name})")
    if isinstance(error, ImportError):  # the envelope itself is not known there
        return VersionMismatch("a Dask worker cannot load what carries a shard: it runs another version of docmill, or none")
    return without_text(error)
