"""Milling a batch inside a flow run: claim its jobs, carry them to their ends, give back what is left when the run breaks."""

import contextlib
import time
from collections.abc import Iterator

from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run

from blocks import DaskCluster, saved_or_default
from blocks.runners import without_text
from docmill.logs import log_ids
from docmill.services.batches import batch_view
from docmill.services.jobs import cancel_run, renew_leases
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.values.jobs import JobState
from flows.artifacts import Progress
from flows.pump import pump
from flows.told_to_end import is_cancelled
from tasks.policies import run_lease_s

LOOK_S = 5.0
"""How often a run looks whether others are done with what they hold."""


def mill_batch(room: Room, batch_id: str) -> None:
    """Claim the open jobs of a batch and carry them to their ends."""
    run_id = str(flow_run.id)
    with log_ids(batch_id=batch_id), _given_back(room, run_id):
        run = BatchRun(room, batch_id, run_id, workers=1, lease_s=run_lease_s())
        if not run.total:
            return
        with (
            Heart(run, lease_s=run_lease_s()) as heart,
            saved_or_default(DaskCluster).open(estimated_s=run.estimated_s) as runner,
        ):
            run.workers = runner.workers
            with _given_back(room, run_id):  # before the cluster closes, which may take long
                pump(run, runner, on_change=Progress(run).show, on_stop=heart.stop)


def mill_rest(room: Room, batch_id: str) -> None:
    """Wait for jobs of the batch that another run holds, and mill what it gives up or has lost: a report tells how all files ended.

    After a night that was cut short its files are in the hands of a run that is gone, until its lease ends, or of the sweeper's.
    Not for a batch of the dispatcher's: it begins few runs at a time, and uploads would wait for a night.
    """
    while any(not JobState(state).is_final for state in batch_view(room.ledger, room.tenant, batch_id).by_state):
        time.sleep(LOOK_S)
        mill_batch(room, batch_id)


@contextlib.contextmanager
def _given_back(room: Room, run_id: str) -> Iterator[None]:
    """A cancelled run cancels its jobs; one that breaks, or whose worker stops, gives its leases back: the next run goes on where it stood."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever broke, the leases must be given back
        renew_leases(room.ledger, room.tenant, run_id, lease_s=0)
        raise without_text(error) from None
    except BaseException as error:  # Prefect ends a run by a BaseException, Ctrl-C is one too
        if isinstance(error, TerminationSignal) and not is_cancelled(run_id):
            renew_leases(room.ledger, room.tenant, run_id, lease_s=0)
        else:
            cancel_run(room.ledger, room.tenant, run_id)
        raise
