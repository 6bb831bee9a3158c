"""Every night: do ledger, store and Prefect agree on results and runs? The report is kept; nothing is mended."""

import contextlib
import time
from collections.abc import Collection
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import TERMINAL_STATES
from prefect.runtime import flow_run

from docmill.services.reconciling import reconcile as compare
from docmill.services.running.room import Room
from docmill.services.sweeping import living_runs
from docmill.values.keys import PRIVATE
from flows.hooks import HOOKS
from flows.rooms import open_room
from tasks.policies import run_lease_s

MARGIN_S = 5.0


@flow(flow_run_name="reconcile", persist_result=False, **HOOKS)
def reconcile(look_again_s: float | None = None) -> dict[str, int]:
    """Compare and keep the report below private/<tenant>/reports. Returns counts.

    Args:
        look_again_s: until a run that Prefect calls over and the ledger does not is looked at again; by default its lease has ended by then
            unless somebody renews it.
    """
    with open_room() as room:
        pause_s = run_lease_s() + MARGIN_S if look_again_s is None else look_again_s
        found = compare(room).model_copy(update={"ended_runs": _ended_runs(room, pause_s)})
        name = f"{PRIVATE}/{room.tenant}/reports/reconciliation-{flow_run.id}.json"
        room.store.create(name, found.model_dump_json().encode(), media_type="application/json")
        unnamed, missing = len(found.unnamed_objects), len(found.missing_objects)
        counts = {"results": found.results, "objects": found.objects, "unnamed": unnamed, "missing": missing}
        return {**counts, "ended_runs": len(found.ended_runs)}


def _ended_runs(room: Room, look_again_s: float) -> dict[str, str]:
    """Runs that are over for Prefect and hold jobs for the ledger, also at a second look."""
    ended = _over_among(living_runs(room))
    if ended:
        time.sleep(look_again_s)
        ended = _over_among(living_runs(room) & ended.keys())
    return ended


def _over_among(run_ids: Collection[str]) -> dict[str, str]:
    """Those of the runs that Prefect calls over: id -> type of the state. Runs that it does not know are left out: they may be another server's."""
    known = [run_id for run_id in sorted(run_ids) if _is_uuid(run_id)]  # Prefect refuses to be asked for anything else
    if not known:
        return {}
    over = {"type": {"any_": sorted(TERMINAL_STATES)}}
    asked = FlowRunFilter.model_validate({"id": {"any_": known}, "state": over})
    with get_client(sync_client=True) as client:
        return {str(run.id): str(run.state_type.value) for run in client.read_flow_runs(flow_run_filter=asked) if run.state_type}


def _is_uuid(text: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(UUID(text))
    return False
