"""Every five minutes: jobs of runs that are gone come to a new attempt or an end, erasures, withdrawals and orders that died are finished.

Left runs become Crashed.
"""

from dataclasses import asdict

from prefect import flow

from docmill.services.erase import finish_erasures
from docmill.services.purchasing.ordering import finish_orders
from docmill.services.sweeping import living_runs
from docmill.services.sweeping import sweep as sweep_jobs
from docmill.services.withdrawing import withdraw_promised
from flows.hooks import HOOKS
from flows.left_running import correct_task_runs, end_silent_runs
from flows.rooms import open_room

PAPER_TRIES = 12
"""An hour of sweeps for an order whose PDF fails; then it waits for the night or a person."""


@flow(flow_run_name="sweep", persist_result=False, **HOOKS)
def sweep() -> dict[str, int]:
    """One sweep; doing it again changes nothing. Returns how many jobs were queued, failed, cancelled; erasures, orders, runs ended; objects gone."""
    with open_room() as room:
        orders = finish_orders(room, most_tries=PAPER_TRIES)
        swept = {**asdict(sweep_jobs(room)), "erasures": finish_erasures(room), "withdrawn": withdraw_promised(room), "orders": len(orders)}
        return {**swept, "flow_runs": end_silent_runs(living_runs(room)), "task_runs": correct_task_runs()}
