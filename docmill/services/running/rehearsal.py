"""Milling a sample in a home of its own, so that this thread's cell has loaded its models before a document comes. Nothing of it is kept."""

import contextlib

from docmill.scratch import scratch_folder
from docmill.services.intake import take_in
from docmill.services.milling.work import mill_shard
from docmill.services.running.heart import Heart
from docmill.services.running.room import Room
from docmill.services.running.run import BatchRun
from docmill.services.samples.bulk import write_tiny
from docmill.services.sources import files_of
from docmill.settings import Settings
from docmill.storage.ledger import upgrade_ledger
from docmill.values.options import MillOptions

LEASE_S = 600.0


def rehearse(found: Settings) -> None:
    """Mill a one-page PDF through every stage but redaction, in this thread.

    Raises:
        DocmillError: something that every document needs is missing or broken.
    """
    with scratch_folder("rehearsal") as folder:
        apart = found.model_copy(
            update={"home": folder, "ledger_url": None, "store_url": None, "gcs_bucket": None, "url_key": None, "knowledge_url": None}
        )
        upgrade_ledger(apart.resolved_ledger_url)
        with contextlib.closing(Room.open(apart)) as room:
            sample = write_tiny(folder / "sample", 1, kind="pdf")
            batch_id = take_in(room, files_of([str(path) for path in sample], apart), MillOptions())[0]
            run = BatchRun(room, batch_id, "rehearsal", workers=1, lease_s=LEASE_S)
            with Heart(run, lease_s=LEASE_S):
                todo = run.first_shards()
                while todo:
                    shard = todo.pop()
                    todo += run.fold(shard, mill_shard(shard, last_try=True))
