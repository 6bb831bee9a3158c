"""Taking files in as one batch: what each brings (arriving), jobs into the ledger.

Nothing is lost: a file that is refused still becomes a document with a failed job that says why, and its bytes are kept when they are within
the size limit. A file that cannot be read is no document, because its bytes make one: it is counted, and its neighbours go on. So is an object
of a bucket that is too large by its listing.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import SecretStr

from docmill.errors import FileUnreadable, NotFound
from docmill.scratch import scratch_folder
from docmill.services import batches
from docmill.services.arriving import arrivals
from docmill.services.batches import NewJob, Registration
from docmill.services.erase import finish_erasures
from docmill.services.google_source import fetch_object
from docmill.services.milling.stage_work import plan_digest
from docmill.services.milling.stages import STAGE_WORK
from docmill.services.pinned import pinned
from docmill.services.running.room import Room
from docmill.services.seen_files import SeenFiles
from docmill.services.settled_options import settled
from docmill.services.unread import Unread, leaving_out
from docmill.services.validation_suite import own_suite
from docmill.shredding import shred_file
from docmill.values.jobs import IncomingFile
from docmill.values.options import MillOptions

log = logging.getLogger(__name__)

REGISTER_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends files and what they say about them; `password` is tried on PDFs that ask for one."""

    submitted_by: str = "local"
    tags: Sequence[str] = ()
    collection: str | None = None
    password: SecretStr | None = None


def take_in(
    room: Room,
    files: Iterable[IncomingFile],
    options: MillOptions,
    sender: Sender | None = None,
    *,
    seen: SeenFiles | None = None,
    unread: Unread | None = None,
    roots: Sequence[str] = (),
) -> tuple[str, list[Registration]]:
    """Register files as one batch; what `seen` knows is not read, and what cannot be read goes to `unread`, where its number may stand already.

    Where `roots` are given, a local file that lies outside them when it is read cannot be read.

    Returns:
        The batch id and a registration per document, in the order of the files; an archive gives one for each of its members.

    Raises:
        SettingsInvalid: the language, the rules for personal data or the suite of checks that the settings name cannot be used; nothing was registered.
        FileUnreadable: a file cannot be read, and there is no `unread`.
        StoreUnavailable, LedgerUnavailable: what was registered before stays registered; taking in again finds the same documents.
    """
    finish_erasures(room)  # the same bytes may come again
    sender, options = sender or Sender(), settled(room, options)
    incoming = list(files)
    plan = plan_digest(options, list(STAGE_WORK.values()), *own_suite(room.settings))
    batch_id = batches.create_batch(room.ledger, room.tenant, total_files=len(incoming), submitted_by=sender.submitted_by)
    registered: list[Registration] = []
    waiting = iter(incoming)
    while group := list(islice(waiting, REGISTER_AT_ONCE)):
        jobs = list(_arrivals(room, group, options, seen, unread, roots))
        registered += batches.register_jobs(
            room.ledger,
            room.tenant,
            batch_id,
            jobs,
            options,
            submitted_by=sender.submitted_by,
            tags=tuple(sender.tags),
            collection=sender.collection,
            plan_digest=plan,
            password=sender.password,
        )
    if len(registered) != len(incoming):
        batches.recount_files(room.ledger, room.tenant, batch_id, total_files=len(registered))
    if unread and unread.files:
        batches.note_unreadable(room.ledger, room.tenant, batch_id, unread.reasons)
        log.warning("batch %s: %d files could not be read: %s", batch_id, len(unread.files), unread.told)
    return batch_id, registered


def _arrivals(
    room: Room,
    files: Sequence[IncomingFile],
    options: MillOptions,
    seen: SeenFiles | None,
    unread: Unread | None,
    roots: Sequence[str],
) -> Iterator[NewJob]:
    known = seen.known(files) if seen else {}
    with scratch_folder("intake") as folder:
        for file in files:
            if file.location in known:
                yield known[file.location]
                continue
            with leaving_out(file.location, unread):
                jobs = _jobs_of(room, file, options, folder, roots)
                if seen:
                    seen.note(file, jobs)
                yield from jobs


def _jobs_of(room: Room, file: IncomingFile, options: MillOptions, folder: Path, roots: Sequence[str]) -> list[NewJob]:
    if not file.location.startswith("gs://"):
        with pinned(Path(file.location), roots) as path:
            return list(arrivals(room, path, file.name, options))
    if (file.size_bytes or 0) > room.settings.max_bytes:  # its bytes are not fetched to be refused, so it has no hash and is no document
        raise FileUnreadable(f"an object is over {room.settings.max_bytes} bytes (DOCMILL_MAX_BYTES)", reason="too_large")
    try:
        path = fetch_object(file.location, room.settings, folder)
    except NotFound:
        raise FileUnreadable("an object was removed after it was listed", reason="gone") from None
    try:
        return list(arrivals(room, path, file.name, options))
    finally:
        shred_file(path)
