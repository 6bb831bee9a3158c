"""Runners: what carries one shard to where it is milled. A stage task calls `run` and does not know which one it has."""

import threading
from collections.abc import Callable
from concurrent.futures import Future as ThreadFuture
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from docmill.errors import Cancelled, ClusterLost, DocmillError, StageFailed
from docmill.logs import with_ids
from docmill.services.milling import Shard, ShardReport
from docmill.services.milling.work import Mill, mill_shard

RESEND_PAUSE_S = 1.0
MOST_RESENDS = 30


@dataclass
class RunSignals:
    """What tasks and runners must know of the run.

    Attributes:
        still_s: for how long nothing has moved anywhere.
        longest_item_s: the longest time that an item of any shard on its way may take by itself.
        stopped: the run is over or being cancelled.
        lost: the cluster is gone; no shard of this run can be carried any more.
    """

    still_s: Callable[[], float]
    longest_item_s: Callable[[], float]
    stopped: threading.Event = field(default_factory=threading.Event)
    lost: threading.Event = field(default_factory=threading.Event)


class ShardRunner(Protocol):
    """Carries shards. `workers` says how many run at once."""

    workers: int

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """Mill one shard and wait for it.

        Raises:
            Cancelled: the run was stopped.
            ClusterLost: Dask gave the shard up (worth another try), or the cluster is gone (then `signals.lost` is set).
            DocmillError: what the shard raised as a whole.
        """


class InlineRunner:
    """Mills in a thread of the flow process: for a few small documents, where starting a cluster costs more than the work.

    Args:
        mill: in place of `mill_shard`, such as one that asks the home's warm mill first.
    """

    workers = 1

    def __init__(self, mill: Mill | None = None) -> None:
        self._mill = mill
        # one thread for all shards, so that one warm cell serves them
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="docmill-inline")

    def run(self, shard: Shard, signals: RunSignals, *, last_try: bool) -> ShardReport:
        """See `ShardRunner.run`."""

        def once() -> ShardReport:
            waiting: ThreadFuture[ShardReport] = self._pool.submit(with_ids(self._mill or mill_shard), shard, last_try)
            try:
                return waiting.result()
            except Exception as error:  # noqa: BLE001 - Prefect keeps exceptions, and a surprise may quote a document
                raise without_text(error) from None

        return until_done(once, signals)

    def close(self) -> None:
        """End the thread after what it is doing."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def until_done(once: Callable[[], ShardReport], signals: RunSignals) -> ShardReport:
    """Send a shard until somebody carries it to its end.

    A worker stops a shard when the run was stopped, but also when it is shut down itself, or when this process was paused for so long that
    its lease was old: then somebody goes on where it stood.

    Raises:
        Cancelled: the run was stopped.
        ClusterLost: workers keep stopping.
    """
    for _ in range(MOST_RESENDS):
        if signals.stopped.is_set():
            break
        report = once()
        if not report.stopped:
            return report
        signals.stopped.wait(RESEND_PAUSE_S)
    if signals.stopped.is_set():
        raise Cancelled("the run was stopped")
    raise ClusterLost(f"workers stopped in the middle of the shard {MOST_RESENDS} times")


def without_text(error: BaseException, who: str = "a worker") -> DocmillError:
    """The error itself if it is docmill's; else one that names its type only, because its text may hold what a document says, or its name."""
    return error if isinstance(error, DocmillError) else StageFailed(f"{who} raised {type(error).__name__}")
