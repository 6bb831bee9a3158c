"""Keep review moving: free lost claims, escalate what is overdue, apply decisions whose own run never came."""

from dataclasses import asdict

from prefect import flow
from prefect.runtime import flow_run

from docmill.services.review.applying import apply_waiting
from docmill.services.review.overdue import sweep
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="sweep-reviews", persist_result=False, **HOOKS)
def sweep_reviews() -> dict[str, int]:
    """One sweep; doing it again changes nothing. Returns how many tasks were freed and escalated and how many documents got a new version."""
    with open_room() as room:
        swept = sweep(room.ledger, room.tenant)
        done = apply_waiting(room, run_id=str(flow_run.id))
        return {**asdict(swept), "applied": done.applied, "left": done.left}
