"""Asking Prefect for the run that applies a decision. When Prefect is away, the sweep applies it within minutes."""

from contextlib import closing

from docmill.services.dispatch_prefect import PrefectAway, PrefectCalls
from docmill.services.stack_note import running_stack
from docmill.settings import Settings

DEPLOYMENT = "apply-review/apply-review"


def start_application(settings: Settings, decision_id: str) -> bool:
    """Start the run for a decision; the decision's id is its idempotency key. False when no Prefect server answers."""
    stack = running_stack(settings)
    if stack is None:
        return False
    with closing(PrefectCalls(stack.prefect_api_url)) as calls:
        try:
            calls.start_deployment(DEPLOYMENT, {"decision_id": decision_id}, f"review-{decision_id}")
        except PrefectAway:
            return False
    return True
