"""Apply one review decision: a new result version of its document. The run's idempotency key is the decision's id, so one decision is one run."""

from prefect import flow
from prefect.runtime import flow_run

from docmill.services.review.applying import apply_decision
from flows.hooks import HOOKS
from flows.rooms import open_room
from tasks.policies import FLOW_RETRIES, FLOW_RETRY_DELAY_S


@flow(flow_run_name="apply-{decision_id}", persist_result=False, retries=FLOW_RETRIES, retry_delay_seconds=FLOW_RETRY_DELAY_S, **HOOKS)
def apply_review(decision_id: str) -> dict[str, str | bool]:
    """Apply a decision, with all others of its document that wait; doing it again changes nothing. Returns the job and its state.

    Args:
        decision_id: A final decision of a review task.
    """
    with open_room() as room:
        done = apply_decision(room, decision_id, run_id=str(flow_run.id))
        return {"job_id": done.job_id, "state": done.state.value, "is_new": done.is_new}
