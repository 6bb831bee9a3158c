"""Taking the files of configured sources into the ledger as one batch."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from docmill.services.intake import Sender, take_in
from docmill.services.running.room import Room
from docmill.services.seen_files import remembered
from docmill.services.sources import checked_sources, files_of
from docmill.values.options import MillOptions


@task(cache_policy=NO_CACHE, persist_result=False)
def register_files(room: Room, sources: Sequence[str], options: MillOptions) -> str:
    """Register every file below the sources; returns the batch id. What the last scan saw, unchanged, is not read again.

    Raises:
        NotAllowed: a source lies outside the configured roots.
        NotFound, StoreUnavailable, LedgerUnavailable: as they say.
    """
    checked = checked_sources(sources, room.settings)
    with remembered(room, checked) as seen:
        batch_id, _ = take_in(room, files_of(checked, room.settings), options, Sender(submitted_by="flow"), seen=seen)
    return batch_id
