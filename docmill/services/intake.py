"""Taking files in: hash, type by magic bytes, limits, the original into the store, a job into the ledger.

Nothing is lost: a file that is refused still becomes a document with a failed job that says why, and its bytes are kept when they are within
the size limit.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from docmill.errors import Damaged, DocmillError, TooLarge
from docmill.services import batches
from docmill.services.batches import NewJob, Registration
from docmill.services.erase import finish_erasures
from docmill.services.google_source import fetch_object
from docmill.services.milling.stage_work import plan_digest
from docmill.services.milling.stages import STAGE_WORK
from docmill.services.milling.verdicts import known_verdict
from docmill.services.pii_rules import under_rules
from docmill.services.running.room import Room
from docmill.stages.reading.sniff import media_type_of, refuse_lie
from docmill.values.jobs import IncomingFile
from docmill.values.keys import original_name
from docmill.values.options import MillOptions

HEAD_BYTES = 4096
REGISTER_AT_ONCE = 500
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends files and what they say about them."""

    submitted_by: str = "local"
    tags: Sequence[str] = ()
    collection: str | None = None


def take_in(
    room: Room, files: Iterable[IncomingFile], options: MillOptions, sender: Sender | None = None
) -> tuple[str, list[Registration]]:
    """Register files as one batch.

    Returns:
        The batch id and a registration per file, in their order.

    Raises:
        StoreUnavailable, LedgerUnavailable: what was registered before stays registered; taking in again finds the same documents.
    """
    finish_erasures(room)  # the same bytes may come again
    sender, options = sender or Sender(), under_rules(room, options)
    incoming = list(files)
    batch_id = batches.create_batch(room.ledger, room.tenant, total_files=len(incoming), submitted_by=sender.submitted_by)
    plan = plan_digest(options, list(STAGE_WORK.values()))
    registered: list[Registration] = []
    waiting = iter(incoming)
    while group := list(islice(waiting, REGISTER_AT_ONCE)):
        jobs = list(_arrivals(room, group, options))
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
        )
    return batch_id, registered


def _arrivals(room: Room, files: Sequence[IncomingFile], options: MillOptions) -> Iterator[NewJob]:
    with tempfile.TemporaryDirectory(prefix="docmill-intake-") as folder:
        for file in files:
            remote = file.location.startswith("gs://")
            path = fetch_object(file.location, room.settings, Path(folder)) if remote else Path(file.location)
            yield arrive(room, path, file.name, options)
            if remote:
                path.unlink(missing_ok=True)


def arrive(room: Room, path: Path, name: str, options: MillOptions) -> NewJob:
    """Hash, judge and keep one file; what is wrong with it, now or by an earlier verdict on the same bytes, is in the job's error."""
    size_bytes, limit = path.stat().st_size, room.settings.max_bytes
    error: DocmillError | None = None
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    media_type = UNKNOWN_TYPE
    if size_bytes > limit:
        error = TooLarge(f"{size_bytes} bytes; DOCMILL_MAX_BYTES allows {limit}")
    else:
        try:
            if not size_bytes:
                raise Damaged("the file is empty")
            media_type = media_type_of(head, size_bytes)
            refuse_lie(media_type, name)
        except DocmillError as found:
            error = found
        error = error or known_verdict(room.store, room.tenant, sha256, options)
        room.store.create_from(original_name(room.tenant, sha256), path, media_type=media_type)
    return NewJob(sha256=sha256, size_bytes=size_bytes, media_type=media_type, name=name, stored=size_bytes <= limit, error=error)
