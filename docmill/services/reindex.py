"""Writing the search index anew from the chunk files that the index stage kept. Nothing is read or embedded again."""

import hashlib
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.errors import NotFound
from docmill.services.lookups import current_artefacts
from docmill.services.milling.bench import store_of
from docmill.services.milling.stage_work import CHUNKS, UNDERSTANDING, understanding_in
from docmill.services.running.room import Room
from docmill.services.search_facts import date_in, facts_of
from docmill.stages.knowledge.chunk_file import is_chunks_file
from docmill.storage.knowledge.ports import Source
from docmill.storage.ledger import cards
from docmill.storage.objects import StoreSpec
from docmill.values.jobs import Artefact


@dataclass(frozen=True, slots=True)
class ChunkObject:
    """The chunk file of a document's current version."""

    document_id: str
    object_name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. `left_out` are documents whose chunk file is missing, damaged or of another version: remill them."""

    documents: int
    chunks: int
    left_out: tuple[str, ...]


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


def rebuild_tenant(room: Room, leave_out: Collection[str] = ()) -> Rebuilt:
    """Write the tenant's index anew; the old one serves until then.

    Args:
        room: the opened parts.
        leave_out: document ids not to index, beside those without a readable chunk file.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; the old index stays.
    """
    bad = set(leave_out)
    with tempfile.TemporaryDirectory(prefix="docmill-rebuild-") as folder:
        sources = _Sources(room, bad, Path(folder))
        chunks = room.knowledge.rebuild(room.tenant, sources)
    return Rebuilt(documents=sources.documents, chunks=chunks, left_out=tuple(sorted(bad)))


def _understood(room: Room) -> dict[str, Artefact | None]:
    made: dict[str, list[Artefact]] = {}
    for name, artefact in current_artefacts(room.ledger, room.tenant, UNDERSTANDING):
        made.setdefault(name, []).append(artefact)
    return {name: understanding_in(artefacts) for name, artefacts in made.items()}


class _Sources:
    """The chunk files of all current versions, with facts. Documents without a readable one are added to `bad`."""

    def __init__(self, room: Room, bad: set[str], folder: Path) -> None:
        self._room, self._bad, self._folder = room, bad, folder
        self.documents = 0

    def __iter__(self) -> Iterator[Source]:
        room = self._room
        # asked for now, not before: writers wait from here on, so nothing indexed meanwhile is lost
        objects = chunk_objects(room)
        understood = _understood(room)
        with room.ledger.reading() as conn:
            found = cards.of_current(conn, room.tenant, [chunk.document_id for chunk in objects])
        for chunk in objects:
            name, card = chunk.document_id, found.get(chunk.document_id)
            if name in self._bad or card is None:
                continue
            try:
                path = room.store.fetch(chunk.object_name, self._folder)
                day = date_in(room.store, understood.get(name))
            except NotFound:
                path = None
            if path is None or not is_chunks_file(path):
                self._bad.add(name)
                continue
            self.documents += 1
            yield Source(name, path, facts_of(card, kind=card.kind, document_date=day))
            if path.is_relative_to(self._folder):
                path.unlink()  # a copy; of a directory store it is the object itself
