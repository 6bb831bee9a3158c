"""Documents that are really milled for tests of search, in this process: without Prefect and Dask."""

from docmill.services import documents
from docmill.services.intake import Sender, take_in
from docmill.services.milling.lease import write_lease
from docmill.services.milling.work import mill_shard
from docmill.services.running.run import BatchRun
from docmill.services.sources import files_of
from docmill.values.options import MillOptions

INVOICE = """INVOICE

ACME Twine Ltd
Invoice number: INV-2026/0815
Invoice date: 2026-03-04

Item              Qty    Price
Jute twine 2 mm    10   123.45
Total due: 1,234.50 EUR

Questions: anna.maier@example.org
"""
LETTER = """Dear tenant,

the lease of your flat in Mill Lane ends in May. Please hand over the keys by then.

Yours sincerely
"""


def mill(room, batch_id):
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=0, lease_s=60)
    waiting = run.first_shards()
    while waiting:
        write_lease(room.store, room.tenant, run.run_id, stop=False)  # each time: a cold cell on a busy machine outlives a lease
        shard = waiting.pop()
        waiting += run.fold(shard, mill_shard(shard, True))


def read_only(room, batch_id):
    """Inspect and read the documents of a batch, and say how many pages each has; the later stages have tests of their own."""
    run = BatchRun(room, batch_id, f"run-{batch_id}", workers=0, lease_s=60)
    write_lease(room.store, room.tenant, run.run_id, stop=False)
    waiting = run.first_shards()
    while waiting:
        shard = waiting.pop()
        if shard.stage in {"inspect", "read"}:
            waiting += run.fold(shard, mill_shard(shard, True))
    return [tracked.pages_read for tracked in run.tracked.values()]


def ingest(room, *paths, tags=(), collection=None, **options):
    batch_id, registered = take_in(
        room, files_of([str(p) for p in paths], room.settings), MillOptions(**options), Sender(tags=tags, collection=collection)
    )
    mill(room, batch_id)
    return [one.document_id for one in registered]


def mill_anew(room, document_id, **options):
    mill(room, documents.remill(room.ledger, room.tenant, document_id, MillOptions(**options)))
