"""What one file that arrives becomes: one document, or one for each member of an archive and each attachment of a mail.

Belongs here: a file's bytes into the store, judged by their head. Does not belong here: batches and jobs (intake, uploads). Archives are taken
apart in the cell.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from docmill.cell import Cell, CellLimits
from docmill.errors import Damaged, DocmillError, FileUnreadable, TooLarge, UnsupportedType, error_from_code
from docmill.scratch import scratch_folder
from docmill.services.milling.verdicts import known_verdict
from docmill.services.running.room import Room
from docmill.stages.reading.media_types import EML, ZIP
from docmill.stages.reading.sniff import HEAD_BYTES, media_type_of, refuse_lie
from docmill.storage.ledger.records import NewJob
from docmill.storage.objects.disk_errors import reading_others
from docmill.values.keys import original_name
from docmill.values.model import Value
from docmill.values.options import MillOptions

UNKNOWN_TYPE = "application/octet-stream"


class Unpacked(Value):
    """What the cell says of a file that was taken apart: (name, file, error code, message) of each member; whether it is a document itself."""

    members: tuple[tuple[str, str, str, str], ...]
    is_document: bool


def arrivals(room: Room, path: Path, name: str, options: MillOptions) -> Iterator[NewJob]:
    """Every document that a file brings: itself, the members of a ZIP (which is no document itself), the attachments of a mail.

    An archive that cannot be taken apart becomes a failed job that says why, and so does a member that cannot be unpacked.
    """
    whole = arrive(room, path, name, options, keep=False)
    if whole.error is not None or whole.media_type not in {ZIP, EML}:
        yield arrive(room, path, name, options)
        return
    with scratch_folder("unpack") as folder:
        try:
            members = _members(room, path, whole.media_type, folder)
        except DocmillError as lost:
            yield arrive(room, path, name, options, error=lost)
            return
        # a Word file whose first bytes look like any archive has no members: it is a document itself
        if whole.media_type == EML or not members:
            yield arrive(room, path, name, options)
        for member, file, error in members:
            yield arrive(room, file, member, options, error=error, inside=True)


def arrive(
    room: Room,
    path: Path,
    name: str,
    options: MillOptions,
    *,
    error: DocmillError | None = None,
    inside: bool = False,
    keep: bool = True,
) -> NewJob:
    """Hash, judge and keep one file; what is wrong with it, now or by an earlier verdict on the same bytes, is in the job's error.

    Args:
        room: the opened parts.
        path: where the bytes lie for now.
        name: as its sender calls it.
        options: how it is to be milled.
        error: what is known to be wrong with it.
        inside: whether it came out of another file; then it is not taken apart itself.
        keep: whether its bytes go into the store.

    Raises:
        FileUnreadable: it is gone, or may not be read.
    """
    limit = room.settings.max_bytes
    with reading_others(), path.open("rb") as stream:
        before = os.fstat(stream.fileno())
        head = stream.read(HEAD_BYTES)
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size_bytes = before.st_size
    media_type = UNKNOWN_TYPE
    if size_bytes > limit:
        error = TooLarge(f"{size_bytes} bytes; DOCMILL_MAX_BYTES allows {limit}")
    elif error is None:
        try:
            media_type = _judged(head, size_bytes, name, inside=inside)
        except DocmillError as found:
            error = found
        error = error or known_verdict(room.store, room.tenant, sha256, options)
    if size_bytes <= limit and keep:
        room.store.create_from(original_name(room.tenant, sha256), path, media_type=media_type)
        _refuse_changed(room, path, before, sha256)
    return NewJob(sha256=sha256, size_bytes=size_bytes, media_type=media_type, name=name, stored=size_bytes <= limit, error=error)


def _refuse_changed(room: Room, path: Path, before: os.stat_result, sha256: str) -> None:
    """Leave a file for later that was written to while it was hashed and stored: what lies under its first bytes' name may be others'."""
    with reading_others():
        after = path.stat()
    if (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns):
        return
    name = original_name(room.tenant, sha256)
    if hashlib.sha256(room.store.read(name)).hexdigest() != sha256:
        room.store.delete(name)
    raise FileUnreadable("a file was written to while it was taken in", reason="changing")


def _judged(head: bytes, size_bytes: int, name: str, *, inside: bool) -> str:
    if not size_bytes:
        raise Damaged("the file is empty")
    media_type = media_type_of(head, size_bytes)
    refuse_lie(media_type, name)
    if media_type == ZIP and inside and not name.lower().endswith((".docx", ".xlsx")):
        raise UnsupportedType("an archive inside an archive is not taken apart: send it by itself")
    return media_type


def _members(room: Room, path: Path, media_type: str, folder: Path) -> list[tuple[str, Path, DocmillError | None]]:
    limits = room.limits
    with Cell(CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items)) as cell:
        found = cell.call(
            "docmill.stages.reading.verbs:unpack",
            *(str(path.absolute()), media_type, str(folder), limits.for_reading()),
            deadline_s=limits.document_deadline_s,
        )
    unpacked = Unpacked.model_validate(found)
    if media_type == ZIP and not unpacked.members and not unpacked.is_document:
        raise UnsupportedType("the archive holds no documents")
    return [
        (name, folder / Path(file).name, error_from_code(code, message) if code else None) for name, file, code, message in unpacked.members
    ]
