"""Every night: do ledger and store agree on the results? The report is kept; nothing is mended."""

from prefect import flow
from prefect.runtime import flow_run

from docmill.services.reconciling import reconcile as compare
from docmill.values.keys import PRIVATE
from flows.hooks import HOOKS
from flows.rooms import open_room


@flow(flow_run_name="reconcile", persist_result=False, **HOOKS)
def reconcile() -> dict[str, int]:
    """Compare and keep the report below private/<tenant>/reports. Returns counts."""
    with open_room() as room:
        found = compare(room)
        name = f"{PRIVATE}/{room.tenant}/reports/reconciliation-{flow_run.id}.json"
        room.store.create(name, found.model_dump_json().encode(), media_type="application/json")
        unnamed, missing = len(found.unnamed_objects), len(found.missing_objects)
        return {"results": found.results, "objects": found.objects, "unnamed": unnamed, "missing": missing}
