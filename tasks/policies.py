"""Every number about retries and concurrency, with its reason."""

from typing import Any

from docmill.errors import DocmillError
from docmill.settings import settings

JITTER = 0.2
"""Share of the delay that is added at random, so that shards which failed together do not come back together."""

TASK_THREADS = 64
"""Threads of the flow process that wait for shards. A waiting shard costs a thread, not a core; 64 keep 2-32 workers busy through retry delays."""

RUN_LEASE_S = 60.0
"""How long the ledger believes in a run without a renewal: twelve missed beats of 5 s, twice the limit that workers use, so that they stop first."""


def delays_s() -> list[float]:
    """Delays before further tries: 60, 120, 240 s by default. A service that is down for a moment is back by then; a document is never in a hurry."""
    return [settings().retry_delay_s * 2**n for n in range(settings().retries)]


def is_worth_another_try(task: Any, task_run: Any, state: Any) -> bool:
    """Prefect's retry condition: only what the error table calls retryable. Permanent errors and cancellation never come back."""
    del task, task_run
    error = state.result(raise_on_failure=False)
    return isinstance(error, DocmillError) and error.retryable


def retry_policy() -> dict[str, Any]:
    """Options for `task.with_options`, from the settings of this process."""
    return {
        "retries": settings().retries,
        "retry_delay_seconds": delays_s(),
        "retry_jitter_factor": JITTER if settings().retry_delay_s else None,
        "retry_condition_fn": is_worth_another_try,
    }
