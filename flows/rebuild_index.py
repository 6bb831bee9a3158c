"""Rebuild the search index from the kept chunks: coarse, trusted work on prefect-dask's DaskTaskRunner.

Workers read the chunk files of a slice of documents and compare their checksums with the ledger's; the flow process writes the new index in
one commit from those that are whole.
"""

from typing import Annotated

from prefect import flow
from prefect_dask.task_runners import DaskTaskRunner
from pydantic import Field

from docmill.services.reindex import chunk_objects, rebuild_tenant, slices
from flows.hooks import HOOKS
from flows.rooms import open_room
from tasks.check_chunks import check_chunks

SLICE = 2000
"""Documents per Dask task: minutes of work, because a task on DaskTaskRunner costs 0.2-0.4 s by itself."""


RUNNER = DaskTaskRunner(
    cluster_kwargs={"processes": True, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
)


@flow(flow_run_name="rebuild-index", task_runner=RUNNER, persist_result=False, **HOOKS)  # type: ignore[arg-type] # prefect-dask's own runner, its type parameter is invariant
def rebuild_index(
    documents_per_task: Annotated[int, Field(ge=1, le=100_000)] = SLICE,
) -> dict[str, int]:
    """Write the tenant's index anew; the old one serves until then. Returns documents, chunks and chunk files that are missing or unreadable.

    Args:
        documents_per_task: Documents per Dask task.
    """
    with open_room() as room:
        parts = slices(chunk_objects(room), documents_per_task)
        checked = [check_chunks.submit(room.store_spec, part) for part in parts]
        missing = {name for future in checked for name in future.result()}
        done = rebuild_tenant(room, missing)
        return {"documents": done.documents, "chunks": done.chunks, "missing": len(done.left_out)}
