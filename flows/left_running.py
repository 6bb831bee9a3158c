"""Task runs that Prefect still calls running although their flow run is over: their process died before it could say how they ended."""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, TaskRunFilter
from prefect.client.schemas.objects import StateType
from prefect.states import Crashed

OVER_FOR = timedelta(minutes=5)
"""States of task runs reach the server some time after they came about."""
AT_ONCE = 200
_ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def correct_task_runs(*, over_for: timedelta = OVER_FOR) -> int:
    """Let such task runs be Crashed; returns how many there were, at most 200 at a time."""
    ended_before = {"before_": datetime.now(UTC) - over_for}
    with get_client(sync_client=True) as client:
        left = client.read_task_runs(
            flow_run_filter=FlowRunFilter.model_validate({"state": {"type": {"any_": _ENDED}}, "end_time": ended_before}),
            task_run_filter=TaskRunFilter.model_validate({"state": {"type": {"any_": _UNDER_WAY}}}),
            limit=AT_ONCE,
        )
        for task_run in left:
            client.set_task_run_state(task_run.id, Crashed(message="the flow run ended without it"), force=True)
    return len(left)
