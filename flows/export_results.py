"""Export results of many documents into the store; the object is private and cleaned up after a day."""

from datetime import UTC, date, datetime, time
from typing import Literal

from prefect import flow
from prefect.runtime import flow_run

from docmill.scratch import scratch_folder
from docmill.services.exporting import export_to_store
from docmill.storage.ledger.job_search import JobFilter
from docmill.values.jobs import JobState
from docmill.values.keys import exports_prefix
from flows.hooks import HOOKS
from flows.rooms import open_room

State = Literal["completed", "partial", "needs_review", "failed", "cancelled"]


@flow(flow_run_name="export-{form}", persist_result=False, **HOOKS)
def export_results(
    form: Literal["csv", "parquet", "zip"] = "csv",
    kind: str | None = None,
    tag: str | None = None,
    state: State | None = None,
    since: date | None = None,
    before: date | None = None,
) -> dict[str, str | int]:
    """Write the newest result of every document that fits. Returns the object's name and how many documents are in it.

    Args:
        form: A table (csv, parquet) or the results JSON (zip).
        kind: Only documents of this kind.
        tag: Only documents with this tag.
        state: Only documents that ended so; failed and cancelled ones have a row without results, and nothing in a zip.
        since: Accepted on this day or later, UTC.
        before: Accepted before this day, UTC.
    """
    wanted = JobFilter(
        states=[JobState(state)] if state else (),
        accepted_from=_midnight(since),
        accepted_before=_midnight(before),
        kind=kind,
        tag=tag,
    )
    with open_room() as room, scratch_folder("export") as scratch:
        name = f"{exports_prefix(room.tenant)}{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{flow_run.id}.{form}"
        count = export_to_store(room, wanted, name, scratch, form)
        return {"object": name, "documents": count}


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, UTC) if day else None
