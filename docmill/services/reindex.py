"""Writing the search index anew from the chunk files that the index stage kept. Nothing is read or embedded again."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.errors import NotFound
from docmill.services.lookups import current_artefacts
from docmill.services.milling.bench import store_of
from docmill.services.milling.stage_work import CHUNKS
from docmill.services.running.room import Room
from docmill.storage.objects import StoreSpec


@dataclass(frozen=True, slots=True)
class ChunkObject:
    """The chunk file of a document's current version."""

    document_id: str
    object_name: str
    sha256: str


def chunk_objects(room: Room) -> list[ChunkObject]:
    """The chunk files of all current versions of the tenant."""
    found = current_artefacts(room.ledger, room.tenant, CHUNKS)
    return [ChunkObject(document_id, a.object_name, a.sha256) for document_id, a in found]


def slices(objects: Sequence[ChunkObject], size: int) -> list[list[ChunkObject]]:
    """The objects in parts of at most `size`."""
    return [list(objects[at : at + size]) for at in range(0, len(objects), size)]


def damaged_chunks(spec: StoreSpec, part: Sequence[ChunkObject]) -> list[str]:
    """Document ids whose chunk file is missing or has another checksum than the ledger says.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    store = store_of(spec)
    bad = []
    for chunk in part:
        try:
            whole = hashlib.sha256(store.read(chunk.object_name)).hexdigest() == chunk.sha256
        except NotFound:
            whole = False
        if not whole:
            bad.append(chunk.document_id)
    return bad


def rebuild_tenant(room: Room, leave_out: set[str]) -> int:
    """Write the tenant's index anew; the old one serves until then. Returns how many chunks it has.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; the old index stays.
    """
    with tempfile.TemporaryDirectory(prefix="docmill-rebuild-") as folder:
        return room.knowledge.rebuild(room.tenant, _files(room, leave_out, Path(folder)))


def _files(room: Room, leave_out: set[str], folder: Path) -> Iterator[tuple[str, Path]]:
    for chunk in chunk_objects(room):  # asked for now, not before: writers wait from here on, so nothing indexed meanwhile is lost
        if chunk.document_id not in leave_out:
            yield chunk.document_id, room.store.fetch(chunk.object_name, folder)
