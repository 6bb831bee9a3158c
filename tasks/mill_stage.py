"""One stage of one shard, wherever the runner carries it."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run

from blocks.runners import RunSignals, ShardRunner
from docmill.errors import error_from_code
from docmill.services.milling import Shard, ShardReport
from docmill.settings import settings
from tasks.policies import delay_s


@task(task_run_name="{shard.stage}-{shard.shard_id}", cache_policy=NO_CACHE, persist_result=False, cache_result_in_memory=True)
def mill_stage(shard: Shard, runner: ShardRunner, signals: RunSignals) -> ShardReport:
    """Mill one stage of one shard.

    Raises:
        DocmillError: the code of an item worth another try, or what the shard raised as a whole; done items are not done again.
    """
    tried = int(task_run.run_count or 1) - 1
    signals.stopped.wait(delay_s(tried))  # here and not in Prefect, whose delay is a sleep that no cancellation wakes
    last_try = tried >= settings().retries
    report = runner.run(shard, signals, last_try=last_try)
    if report.retryable:
        raise error_from_code(report.retryable[0], f"{len(report.retryable)} of {len(shard.items)} items should be tried again")
    return report
