"""Every number about retries and concurrency, with its reason."""

import random
from typing import Any

from blocks.runners import RunSignals
from docmill.errors import DocmillError
from docmill.settings import settings

FLOW_RETRIES, FLOW_RETRY_DELAY_S = 3, 20
"""Small flows are tried again as a whole; three delays of 20 s outlast the lease of a run that was lost (60 s)."""

JITTER = 0.2
"""Share of the delay that is added at random, so that shards which failed together do not come back together."""

TASK_THREADS = 64
"""Threads of the flow process that wait for shards. A waiting shard costs a thread, not a core; 64 keep 2-32 workers busy through retry delays."""


def run_lease_s() -> float:
    """How long the ledger believes in a run without a renewal: 60 s by default, twice the limit that workers use, so that they stop first."""
    return 2 * settings().lease_limit_s


def delay_s(tried: int) -> float:
    """The delay after so many tries: 0 before the first, then 60, 120, 240 s by default and up to a fifth more.

    A service that is down for a moment is back by then; a document is never in a hurry.
    """
    if tried < 1:
        return 0.0
    return settings().retry_delay_s * 2.0 ** (tried - 1) * (1 + JITTER * random.random())  # noqa: S311 - jitter, no secret


def retry_policy(signals: RunSignals) -> dict[str, Any]:
    """Options for `task.with_options`: only what the error table calls retryable is tried again, and nothing once the run or its cluster is over."""

    def is_worth_another_try(task: Any, task_run: Any, state: Any) -> bool:
        del task, task_run
        error = state.result(raise_on_failure=False)
        is_over = signals.stopped.is_set() or signals.lost.is_set()
        return isinstance(error, DocmillError) and error.retryable and not is_over

    return {"retries": settings().retries, "retry_condition_fn": is_worth_another_try}
