"""The pump: sends the shards a run names, folds what comes back, until no shard is open. The seam between Prefect's tasks and the batch run."""

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any

from prefect.utilities.annotations import quote

from blocks.runners import RunSignals, ShardRunner
from docmill.errors import Cancelled, DocmillError, SetupError, StageFailed
from docmill.logs import log_ids
from docmill.services.milling import Shard
from docmill.services.running.run import BatchRun
from docmill.values.keys import STAGES
from tasks.mill_stage import mill_stage
from tasks.policies import TASK_THREADS, retry_policy

log = logging.getLogger(__name__)

WAIT_S = 2.0
"""How often the pump wakes when nothing ends, so that signals are seen and progress is shown."""

STOP_WAIT_S = 12.0
"""How long the end of a run waits for its tasks: longer than workers need to see the stop and runners wait for them."""


def pump(run: BatchRun, runner: ShardRunner, *, on_change: Callable[[], None], on_stop: Callable[[], None]) -> None:
    """Carry a run to its end.

    Args:
        run: whose shards to send.
        runner: what carries them.
        on_change: called when something ended, and every two seconds.
        on_stop: called when the run ends, in whatever way; asks workers to stop.

    Raises:
        Cancelled: the run was stopped from outside.
        ClusterLost, SetupError: no shard can be carried any more; no document is to blame.
    """
    signals = RunSignals(still_s=lambda: run.still_s, longest_item_s=lambda: run.longest_item_s)
    pending: dict[Any, tuple[Shard, Any]] = {}
    run.progressed()
    try:
        todo = run.first_shards()
        while todo or pending:
            todo = _sent(run, todo, pending, runner, signals)
            for ended in wait(pending, timeout=WAIT_S, return_when=FIRST_COMPLETED).done:
                shard, future = pending.pop(ended)
                with log_ids(shard=shard.shard_id, stage=shard.stage):
                    todo += _fold(run, shard, future, signals)
            on_change()
    finally:
        signals.stopped.set()
        on_stop()
        wait(pending, timeout=STOP_WAIT_S)  # running items are being cut; the cluster must not be closed under them


def _sent(run: BatchRun, todo: list[Shard], pending: dict[Any, tuple[Shard, Any]], runner: ShardRunner, signals: RunSignals) -> list[Shard]:
    """Send what there are threads for, later stages first, so that documents leave before new ones are begun; the rest is given back."""
    todo = sorted(todo, key=lambda shard: -STAGES.index(shard.stage))
    room = TASK_THREADS - len(pending)
    for shard in todo[:room]:
        run.sent(shard)
        task = mill_stage.with_options(name=shard.stage, **retry_policy(signals))
        future = task.submit(quote(shard), runner, signals)  # type: ignore[call-overload] # Prefect would look at each artefact of each item
        pending[future.wrapped_future] = (shard, future)
    return todo[room:]


def _fold(run: BatchRun, shard: Shard, future: Any, signals: RunSignals) -> list[Shard]:
    result = future.result(raise_on_failure=False)
    if isinstance(result, Cancelled | SetupError) or (isinstance(result, DocmillError) and signals.lost.is_set()):
        raise result
    if not isinstance(result, BaseException):
        return run.fold(shard, result)
    if not isinstance(result, DocmillError):  # a defect of docmill, not of a document; its text may hold anything, so only its type goes on
        log.error("stage %s of shard %s raised %s", shard.stage, shard.shard_id, type(result).__name__)
        result = StageFailed(f"the task raised {type(result).__name__}")
    return run.fail_shard(shard, result)
