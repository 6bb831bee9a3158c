"""Every five minutes: jobs of runs that are gone come to a new attempt or an end, erasures that died end, task runs left Running are Crashed."""

from dataclasses import asdict

from prefect import flow

from docmill.services.erase import finish_erasures
from docmill.services.sweeping import sweep as sweep_jobs
from flows.hooks import HOOKS
from flows.left_running import correct_task_runs
from flows.rooms import open_room


@flow(persist_result=False, **HOOKS)
def sweep() -> dict[str, int]:
    """One sweep; doing it again changes nothing. Returns how many jobs were queued, failed and cancelled, erasures finished, task runs corrected."""
    with open_room() as room:
        return {**asdict(sweep_jobs(room)), "erasures": finish_erasures(room), "task_runs": correct_task_runs()}
