"""Writing the search index anew from the chunk files that the index stage kept. Nothing is read again, and embedded only by a model that was changed."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from docmill.errors import NotFound, StageFailed, VersionMismatch
from docmill.scratch import scratch_folder
from docmill.services.lookups import current_artefacts
from docmill.services.milling.bench import store_of
from docmill.services.milling.stage_work import UNDERSTANDING, understanding_in
from docmill.services.reembedding import (
    ChunkObject,
    chunk_objects,
    embed_slice,
    file_of_model,
    needs_embedding,
    slices,
    wanted_origin,
)
from docmill.services.running.room import Room
from docmill.services.search_facts import date_in, facts_of
from docmill.shredding import shred_file
from docmill.storage.knowledge.ports import Source
from docmill.storage.ledger import cards
from docmill.storage.objects import StoreSpec
from docmill.values.jobs import Artefact


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. `left_out` are documents whose chunk file is missing, damaged or of another version: remill them."""

    documents: int
    chunks: int
    left_out: tuple[str, ...]


__all__ = ["ChunkObject", "Rebuilt", "chunk_objects", "damaged_chunks", "rebuild_tenant", "require_most", "slices"]


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
    """Write the tenant's index anew, with vectors of the model that the settings name; the old one serves until then.

    Args:
        room: the opened parts.
        leave_out: document ids not to index, beside those without a readable chunk file.

    Raises:
        StoreUnavailable: the store or the knowledge base did not answer; the old index stays.
        EngineMissing, EngineUnavailable, SettingsInvalid: of a model that was changed; the old index stays.
        StageFailed: that model failed on most chunks; the old index stays.
    """
    bad = set(leave_out)
    if _is_of_another_model(room):  # before the writers have to wait
        done = embed_slice(room.store_spec, room.settings.embedding, chunk_objects(room))
        require_most(done.processed, done.failed)
    with scratch_folder("rebuild") as folder:
        sources = _Sources(room, bad, folder)
        chunks = room.knowledge.rebuild(room.tenant, sources, wanted_origin(room))
    return Rebuilt(documents=sources.documents, chunks=chunks, left_out=tuple(sorted(bad)))


def require_most(processed: int, failed: int) -> None:
    """Refuse to give an index away for one of which most is missing.

    Raises:
        StageFailed: the model failed on more than half of the chunks.
    """
    if failed > processed:
        raise StageFailed(f"the embedding model failed on {failed} of {processed + failed} passages; the old index stays")


def _is_of_another_model(room: Room) -> bool:
    try:
        return needs_embedding(room)
    except VersionMismatch:
        return False  # the stream of files embeds what it must


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
                path, _ = file_of_model(room.store, chunk, room.settings.embedding, self._folder)
                day = date_in(room.store, understood.get(name))
            except (NotFound, StageFailed):
                self._bad.add(name)
                continue
            self.documents += 1
            yield Source(name, path, facts_of(card, kind=card.kind, document_date=day))
            for copy in self._folder.iterdir():  # of a directory store the path is the object itself and nothing lies here
                shred_file(copy)
