"""The report of a batch, stored as an object."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from docmill.services.running.batch_checks import check_batch
from docmill.services.running.heart import believed_in
from docmill.services.running.kept_report import BatchSummary, store_report
from docmill.services.running.room import Room
from tasks.policies import run_lease_s


@task(cache_policy=NO_CACHE, persist_result=False)
def write_report(room: Room, batch_id: str) -> BatchSummary:
    """Report on a batch, with the checks over all of it, and close it.

    Raises:
        StoreUnavailable, LedgerUnavailable: worth another try.
    """
    with believed_in(room, str(flow_run.id), lease_s=run_lease_s()):
        return store_report(room, batch_id, check_batch(room, batch_id))
