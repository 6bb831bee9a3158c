"""Every five minutes: jobs of runs that are gone come to a new attempt or an end, erasures, withdrawals and orders that died are finished.

Left runs become Crashed.
"""

from prefect import flow

from docmill.services.sweeping import leased_runs
from docmill.services.upkeep import keep_up
from flows.hooks import HOOKS
from flows.left_running import correct_task_runs, end_silent_runs
from flows.rooms import open_room


@flow(flow_run_name="sweep", persist_result=False, **HOOKS)
def sweep() -> dict[str, int]:
    """One sweep; doing it again changes nothing. Returns how many jobs were queued, failed, cancelled; erasures, orders, runs ended; objects gone."""
    with open_room() as room:
        try:
            done = keep_up(room)
        finally:  # a store that does not answer leaves no dead run in the way of the next one
            runs = {"flow_runs": end_silent_runs(leased_runs(room)), "task_runs": correct_task_runs()}
        return {**done, **runs}
