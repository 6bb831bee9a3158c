"""Ingest documents: a batch from the ledger, or files below configured roots, through every stage to results."""

from collections.abc import Sequence

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from docmill.errors import InvalidOptions
from docmill.values.options import MillOptions
from flows.artifacts import publish_outcomes
from flows.hooks import HOOKS
from flows.milling import mill_batch, mill_rest
from flows.rooms import open_room
from tasks.policies import TASK_THREADS
from tasks.register_files import register_files
from tasks.write_report import write_report

DEFAULT_OPTIONS = MillOptions()
WITHOUT_SOURCES = (
    "no sources to mill: set the parameter `sources` of the deployment in Prefect, or DOCMILL_NIGHTLY_SOURCES for the flow processes"
)
RUNNER: ThreadPoolTaskRunner[object] = ThreadPoolTaskRunner(max_workers=TASK_THREADS)


def _run_name() -> str:
    return f"ingest-{flow_run.parameters.get('batch_id') or 'sources'}"


@flow(flow_run_name=_run_name, task_runner=RUNNER, persist_result=False, log_prints=False, **HOOKS)  # type: ignore[arg-type] # Prefect's own runner, its type parameter is invariant
def ingest_documents(
    batch_id: str | None = None,
    sources: Sequence[str] = (),
    options: MillOptions = DEFAULT_OPTIONS,
) -> dict[str, int]:
    """Mill every open document of a batch; returns counts by state. A bad document never fails the batch.

    Args:
        batch_id: A batch that the ledger holds already.
        sources: Folders or gs://bucket/prefix below DOCMILL_SOURCE_ROOTS; without a batch. None given: those of DOCMILL_NIGHTLY_SOURCES.
        options: How to mill the sources; a batch has its own options.

    Raises:
        InvalidOptions: neither a batch nor sources are known; a night that looks nowhere is a mistake and no success.
    """
    with open_room() as room:
        places = sources or room.settings.nightly_sources
        if not (batch_id or places):
            raise InvalidOptions(WITHOUT_SOURCES)
        batch = batch_id or register_files(room, places, options)
        mill_batch(room, batch)
        if batch_id is None:
            mill_rest(room, batch)
        report = write_report(room, batch)
        publish_outcomes(room, report)
        return report.model_dump(
            include={"total_files", "completed", "partial", "needs_review", "failed", "cancelled", "unfinished", "unreadable"}
        )
