"""One decision in the Prefect UI: the run waits for a form, then takes the decision down and applies it.

For one-off approvals: a waiting run is a row of Prefect's, so thousands belong into the ledger's queue (`docmill review`), not here. Prefect keeps
what is typed into a form. So the form has no field for document text: corrections are made on the review page. There are no retries: a decision that was
taken down is applied by the next sweep, whatever becomes of this run.
"""

from typing import Literal

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import Field

from docmill.errors import Conflict
from docmill.services.review import claiming
from docmill.services.review.applying import apply_decision
from docmill.services.review.deciding import Answer, decide
from docmill.values.review import Verdict
from flows.hooks import HOOKS
from flows.rooms import open_room

WAIT_S = 7 * 24 * 3600


class Approval(RunInput):
    """What the form asks."""

    verdict: Literal["accepted", "rejected"] = Field(description="accepted: it is right as it is; rejected: it is wrong.")
    reviewer: str = Field(description="The docmill user who decides; a reviewer or above.", max_length=32)
    reason: Literal["seen in the document", "asked the sender", "known to me"] = "seen in the document"


@flow(flow_run_name="approve-{task_id}", persist_result=False, **HOOKS)
def approve_once(task_id: str, wait_s: int = WAIT_S) -> dict[str, str]:
    """Ask for one review task in the Prefect UI (Runs, then Resume), decide it and apply the decision. Returns what became of it.

    Args:
        task_id: An open review task.
        wait_s: How long the form waits, in seconds; then the run fails and the task stays where it is.
    """
    with open_room() as room:
        task = claiming.task_view(room.ledger, room.tenant, task_id)
    if not task.state.is_open:
        raise Conflict(f"this task is over: {task.state}")
    asked = Approval.with_initial_data(description=f"Task **{task_id}**: {task.subject} {task.name}, {task.priority}, on the review page.")
    said = suspend_flow_run(wait_for_input=asked, timeout=wait_s)
    # from here on the run begins anew, from the top, once the form was sent
    with open_room() as room:
        held = claiming.claim(room.ledger, room.tenant, task_id, said.reviewer, lease_s=room.settings.review_lease_s)
        made = decide(room, task_id, said.reviewer, Answer(Verdict(said.verdict), note=said.reason), version=held.version)
        if not made.is_final:
            return {"decision_id": made.decision_id, "state": "a second person must decide"}
        done = apply_decision(room, made.decision_id, run_id=str(flow_run.id))
        return {"decision_id": made.decision_id, "state": done.state.value}
