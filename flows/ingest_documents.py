"""Ingest documents: a batch from the ledger, or files below configured roots, through every stage to results."""

from collections.abc import Sequence
from typing import Annotated

from docmill.services.jobs import cancel_run
from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner
from pydantic import Field

from blocks import DaskCluster
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.values.options import MillOptions
from flows.artifacts import Progress, publish_table
from flows.pump import pump
from flows.rooms import open_room
from tasks.policies import RUN_LEASE_S, TASK_THREADS
from tasks.register_files import register_files
from tasks.write_report import write_report

DEFAULT_OPTIONS = MillOptions()


@flow(flow_run_name="ingest-{batch_id}", task_runner=ThreadPoolTaskRunner(max_workers=TASK_THREADS), persist_result=False, log_prints=False)
def ingest_documents(
    batch_id: Annotated[str | None, Field(description="A batch that the ledger holds already.")] = None,
    sources: Annotated[Sequence[str], Field(description="Folders or gs://bucket/prefix below DOCMILL_SOURCE_ROOTS; without a batch.")] = (),
    options: Annotated[MillOptions, Field(description="How to mill the sources; a batch has its own options.")] = DEFAULT_OPTIONS,
) -> dict[str, int]:
    """Mill every open document of a batch; returns counts by state. A bad document never fails the batch."""
    with open_room() as room:
        batch = batch_id or register_files(room, sources, options)
        mill_batch(room, batch)
        report = write_report(room, batch)
        publish_table(report)
        return report.model_dump(include={"total_files", "completed", "partial", "needs_review", "failed", "cancelled", "unfinished"})


def mill_batch(room: Room, batch_id: str) -> None:
    """Claim the open jobs of a batch and carry them to their ends; on cancellation workers stop and the jobs are cancelled."""
    run_id = str(flow_run.id)
    run = BatchRun(room, batch_id, run_id, workers=1, lease_s=RUN_LEASE_S)
    if not run.total:
        return
    try:
        with Heart(run, lease_s=RUN_LEASE_S), DaskCluster.saved().open(estimated_s=run.estimated_s) as runner:
            run.workers = runner.workers
            pump(run, runner, Progress(run).show)
    except BaseException:  # Prefect ends a cancelled run by a BaseException; whatever it is, nothing of this run may go on
        cancel_run(room.ledger, room.tenant, run_id)
        raise
