"""Taking the files of configured sources into the ledger as one batch."""

from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.runners import without_text
from docmill.services.intake import Sender, take_in
from docmill.services.running.room import Room
from docmill.services.seen_files import remembered
from docmill.services.sources import checked_sources, files_of
from docmill.services.unread import Unread
from docmill.values.options import MillOptions


@task(cache_policy=NO_CACHE, persist_result=False)
def register_files(room: Room, sources: Sequence[str], options: MillOptions) -> str:
    """Register every file below the sources; returns the batch id. What the last scan saw, unchanged, is not read again.

    What cannot be read is counted and left for the next scan. Prefect keeps exceptions, and the operating system's name files: what is not
    docmill's own goes on as its type only.

    Raises:
        NotAllowed: a source lies outside the configured roots.
        NotFound, StoreUnavailable, LedgerUnavailable: as they say.
    """
    try:
        checked, unread = checked_sources(sources, room.settings), Unread()
        with remembered(room, checked) as seen:
            roots = room.settings.source_roots
            files = files_of(checked, room.settings, unread, roots=roots)
            return take_in(room, files, options, Sender(submitted_by="flow"), seen=seen, unread=unread, roots=roots)[0]
    except Exception as error:  # noqa: BLE001 - whatever it is, its text may hold a path
        raise without_text(error, "taking in files") from None
