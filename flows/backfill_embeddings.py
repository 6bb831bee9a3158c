"""Embed what another model than the wanted one embedded: coarse, trusted work on prefect-dask's DaskTaskRunner; the old index serves until the end."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from docmill.services.reembedding import chunk_objects, needs_embedding, slices
from docmill.services.reindex import rebuild_tenant, require_most
from flows.hooks import HOOKS
from flows.rebuild_index import RUNNER
from flows.rooms import open_room
from tasks.embed_chunks import embed_chunks

SLICE = 200
"""Documents per Dask task: some minutes of embedding on one core."""


@flow(flow_run_name="backfill-embeddings", persist_result=False, **HOOKS)
def backfill_embeddings(documents_per_task: Annotated[int, Field(ge=1, le=100_000)] = SLICE) -> dict[str, int]:
    """Embed the tenant's chunks with the wanted model where they are not, then write the index anew in one commit.

    Returns documents, chunks, failed chunks and documents without a readable chunk file; all 0 where the index is as wanted.

    Args:
        documents_per_task: Documents per Dask task.
    """
    with open_room() as room:
        is_needed = needs_embedding(room)
    return embed_all(documents_per_task) if is_needed else dict.fromkeys(("documents", "chunks", "failed", "missing"), 0)


@flow(task_runner=RUNNER, persist_result=False)  # type: ignore[arg-type] # prefect-dask's own runner, its type parameter is invariant
def embed_all(documents_per_task: int) -> dict[str, int]:
    """The part of `backfill_embeddings` that starts a cluster."""
    with open_room() as room:
        parts = slices(chunk_objects(room), documents_per_task)
        embedded = [future.result() for future in [embed_chunks.submit(room.store_spec, room.settings.embedding, part) for part in parts]]
        failed = sum(one.failed for one in embedded)
        require_most(sum(one.processed for one in embedded), failed)
        done = rebuild_tenant(room, {name for one in embedded for name in one.left_out})
        return {"documents": done.documents, "chunks": done.chunks, "failed": failed, "missing": len(done.left_out)}
