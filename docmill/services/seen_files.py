"""What the last scan of the same sources saw, so that the next one reads only what is new or has changed.

A file is known by a keyed digest of where it lies, never by its name, with the version its listing had when its bytes were read and the document
they are. Listed in the same version, and with a result of that document published, it is not opened again: the content hash is the known one.
What came apart (archives, mails), was refused or failed is read every time. A lost or damaged memory costs a reading of everything, no more.
"""

import contextlib
import json
import logging
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from docmill.errors import NotFound
from docmill.services.ledger_key import seal_of
from docmill.services.running.room import Room
from docmill.storage.ledger import documents
from docmill.storage.ledger.records import NewJob
from docmill.values.jobs import IncomingFile
from docmill.values.keys import document_id, seen_name
from docmill.values.model import Value

log = logging.getLogger(__name__)


class Memory(Value):
    """Digest of a location -> (version, document id)."""

    files: dict[str, tuple[str, str]]


class SeenFiles:
    """The memory of one scan. Not for several threads.

    Args:
        room: the opened parts.
        before: what the last scan left.
    """

    def __init__(self, room: Room, before: Memory) -> None:
        self._room, self._before, self._seal = room, before.files, seal_of(room.settings)
        self.now: dict[str, tuple[str, str]] = {}
        self.unread = 0

    def known(self, files: Sequence[IncomingFile]) -> dict[str, NewJob]:
        """Location -> what the file is, of those that need not be read."""
        claims = {}
        for file in files:
            version, document = self._before.get(self._seal.digest(file.location), ("", ""))
            if file.version is not None and file.version == version:
                claims[file.location] = (file, document)
        with self._room.ledger.reading() as conn:
            there = documents.published(conn, self._room.tenant, {document for _, document in claims.values()})
        found = {}
        for location, (file, document) in claims.items():
            if document in there:
                sha256, size_bytes, media_type = there[document]
                found[location] = NewJob(sha256=sha256, size_bytes=size_bytes, media_type=media_type, name=file.name, stored=True)
                self.now[self._seal.digest(location)] = (str(file.version), document)
        self.unread += len(found)
        return found

    def note(self, file: IncomingFile, jobs: Sequence[NewJob]) -> None:
        """Remember a file that was read, if it is one document that can be milled."""
        if file.version is not None and len(jobs) == 1 and jobs[0].error is None and jobs[0].name == file.name:
            self.now[self._seal.digest(file.location)] = (file.version, document_id(self._room.tenant, jobs[0].sha256))


@contextlib.contextmanager
def remembered(room: Room, sources: Sequence[str]) -> Iterator[SeenFiles]:
    """The memory of these sources; written back at the end. A scan that was cut short adds to it, a whole one replaces it.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    name = seen_name(room.tenant, seal_of(room.settings).digest("\n".join(sorted(sources))))
    before = _read(room, name)
    seen = SeenFiles(room, before)
    is_whole = False
    try:
        yield seen
        is_whole = True
    finally:
        now = seen.now if is_whole else before.files | seen.now
        room.store.replace(name, json.dumps({"files": now}, separators=(",", ":")).encode())
    log.info("scan: %d files known, %d of them not read again", len(seen.now), seen.unread)


def _read(room: Room, name: str) -> Memory:
    try:
        return Memory.model_validate_json(room.store.read(name))
    except (NotFound, ValidationError):
        return Memory(files={})
