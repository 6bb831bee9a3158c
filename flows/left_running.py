"""What Prefect still calls running although nothing stands behind it: task runs of flow runs that are over, and flow runs that fell silent.

An automation ends silent runs within 90 s, but only those it saw beating: a server that was away when they died may never tell it. Such a run
would keep its deployment's place for ever, and no night would begin any more.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, TaskRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.events.filters import EventFilter
from prefect.states import Cancelled, Crashed

from flows import FLOWS_TAG

OVER_FOR = timedelta(minutes=5)
"""States of task runs reach the server some time after they came about."""
SILENT_FOR = timedelta(minutes=5)
"""Ten heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)."""
PENDING_FOR = timedelta(minutes=15)
"""A worker that took a run begins it within seconds, or minutes on a machine that is very busy."""
AT_ONCE = 200
_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDED = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


def correct_task_runs(*, over_for: timedelta = OVER_FOR) -> int:
    """Let such task runs be Crashed; returns how many there were, at most 200 at a time."""
    ended, before = {"type": {"any_": _ENDED}}, {"before_": datetime.now(UTC) - over_for}
    with get_client(sync_client=True) as client:
        left = client.read_task_runs(
            flow_run_filter=FlowRunFilter.model_validate({"tags": {"all_": [FLOWS_TAG]}, "state": ended, "end_time": before}),
            task_run_filter=TaskRunFilter.model_validate({"state": {"type": {"any_": _UNDER_WAY}}}),
            limit=AT_ONCE,
        )
        for task_run in left:
            client.set_task_run_state(task_run.id, Crashed(message="the flow run ended without it"), force=True)
    return len(left)


def end_silent_runs(alive: Collection[str] = (), *, silent_for: timedelta = SILENT_FOR, pending_for: timedelta = PENDING_FOR) -> int:
    """Let flow runs whose heart has stopped be Crashed (Cancelled, if that was asked), and those that a worker took and never began.

    A run that never beat is left alone once it runs: whoever started it may have no heartbeats. So are those that are known to be alive: a
    server in distress writes heartbeats down late. Returns how many there were, at most 200 at a time.

    Args:
        alive: ids of runs that hold leases.
        silent_for: since the last heartbeat.
        pending_for: since a worker took the run.
    """
    ended = 0
    with get_client(sync_client=True) as client:
        found = FlowRunFilter.model_validate({"tags": {"all_": [FLOWS_TAG]}, "state": {"type": {"any_": _UNDER_WAY}}})
        for run in client.read_flow_runs(flow_run_filter=found, limit=AT_ONCE):
            state = None if str(run.id) in alive else _end_of(client, run, silent_for, pending_for)
            if state is not None:
                client.set_flow_run_state(run.id, state, force=True)
                ended += 1
    return ended


def _end_of(client: SyncPrefectClient, run: FlowRun, silent_for: timedelta, pending_for: timedelta) -> State[Any] | None:
    """The state that a run comes into; None where it may be alive."""
    if run.state is None:
        return None
    if run.state.type is StateType.PENDING:
        is_old = run.state.timestamp < datetime.now(UTC) - pending_for
        return Crashed(message="a worker took the run and never began it") if is_old else None
    of_run = {"event": {"name": [_HEARTBEAT]}, "resource": {"id": [f"prefect.flow-run.{run.id}"]}}
    last = client.read_events(EventFilter.model_validate(of_run), limit=1).events
    if not last or last[0].occurred > datetime.now(UTC) - silent_for:
        return None
    if run.state.type is StateType.CANCELLING:
        return Cancelled(message="its process was gone before it could end by itself")
    return Crashed(message="no heartbeat for minutes: its process is gone")
