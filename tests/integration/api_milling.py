"""Carrying what was uploaded to its end in the test's own process, as a flow run does."""

from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.running.run import BatchRun


def mill(room, batch_id, watch=lambda: None):
    """Carry a batch to its end, all stages inline."""
    run_id = f"run-{batch_id}"
    run = BatchRun(room, batch_id, run_id, workers=0, lease_s=60)
    shards = run.first_shards()
    while shards:
        write_lease(room.store, room.tenant, run_id, stop=False)
        shards = [after for shard in shards for after in run.fold(shard, mill_shard(shard, True))]
        watch()
