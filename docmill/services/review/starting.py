"""Asking Prefect for the run that applies a decision. When Prefect is away, the sweep applies it within minutes."""

from contextlib import closing

from docmill.services.dispatch_prefect import PrefectAway, PrefectCalls
from docmill.services.stack_note import prefect_address
from docmill.settings import Settings

DEPLOYMENT = "apply-review/apply-review"


def start_application(settings: Settings, decision_id: str) -> bool:
    """Start the run for a decision; the decision's id is its idempotency key. False when no Prefect server answers."""
    api_url = prefect_address(settings)
    if api_url is None:
        return False
    with closing(PrefectCalls(api_url)) as calls:
        try:
            calls.start_deployment(DEPLOYMENT, {"decision_id": decision_id}, f"review-{decision_id}")
        except PrefectAway:
            return False
    return True
