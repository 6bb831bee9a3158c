"""Ingest documents: a batch from the ledger, or files below configured roots, through every stage to results."""

import contextlib
from collections.abc import Iterator, Sequence

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from blocks import DaskCluster, saved_or_default
from blocks.runners import without_text
from docmill.services.jobs import cancel_run, renew_leases
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.values.options import MillOptions
from flows.artifacts import Progress, publish_outcomes
from flows.hooks import HOOKS
from flows.pump import pump
from flows.rooms import open_room
from tasks.policies import TASK_THREADS, run_lease_s
from tasks.register_files import register_files
from tasks.write_report import write_report

DEFAULT_OPTIONS = MillOptions()
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
        sources: Folders or gs://bucket/prefix below DOCMILL_SOURCE_ROOTS; without a batch.
        options: How to mill the sources; a batch has its own options.
    """
    with open_room() as room:
        batch = batch_id or register_files(room, sources, options)
        mill_batch(room, batch)
        report = write_report(room, batch)
        publish_outcomes(room, report)
        return report.model_dump(include={"total_files", "completed", "partial", "needs_review", "failed", "cancelled", "unfinished"})


def mill_batch(room: Room, batch_id: str) -> None:
    """Claim the open jobs of a batch and carry them to their ends."""
    run = BatchRun(room, batch_id, str(flow_run.id), workers=1, lease_s=run_lease_s())
    if not run.total:
        return
    with (
        _given_back(run),
        Heart(run, lease_s=run_lease_s()) as heart,
        saved_or_default(DaskCluster).open(estimated_s=run.estimated_s) as runner,
    ):
        run.workers = runner.workers
        with _given_back(run):  # before the cluster closes, which may take long
            pump(run, runner, on_change=Progress(run).show, on_stop=heart.stop)


@contextlib.contextmanager
def _given_back(run: BatchRun) -> Iterator[None]:
    """A cancelled run cancels its jobs; one that breaks gives its leases back, so that the next run of the batch goes on where it stood."""
    room = run.room
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever broke, the leases must be given back
        renew_leases(room.ledger, room.tenant, run.run_id, lease_s=0)
        raise without_text(error) from None
    except BaseException:  # Prefect cancels a run by a BaseException, Ctrl-C is one too
        cancel_run(room.ledger, room.tenant, run.run_id)
        raise
