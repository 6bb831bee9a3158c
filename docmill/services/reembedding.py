"""Chunk files of another model: kept beside a document's own, so that the index can be written anew from files of one model.

    private/<tenant>/index/<2>/<key>.arrow                  as the index stage made it
    private/<tenant>/index/<2>/<key>.<identity>.arrow       the same chunks embedded by another model
    private/<tenant>/index/<2>/<key>.<identity>.json        how that went

They are made create-only, so that any number of processes may embed at once and one that was killed is simply begun again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from docmill.errors import NotFound, StageFailed
from docmill.scratch import scratch_folder
from docmill.services.lookups import current_artefacts
from docmill.services.milling.bench import store_of
from docmill.services.milling.stage_work import CHUNKS
from docmill.services.running.room import Room
from docmill.stages.knowledge.chunk_file import origin_in, read_chunks
from docmill.stages.knowledge.embedding import identity_of, model_of
from docmill.stages.knowledge.reembedding import embed_file
from docmill.storage.objects import StoreSpec
from docmill.values.embedding import EmbeddingSpec, VectorOrigin
from docmill.values.model import Value
from docmill.values.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class ChunkObject:
    """The chunk file of a document's current version."""

    document_id: str
    object_name: str
    sha256: str


class EmbeddingNote(Value):
    """How the embedding of one document's chunks by another model went."""

    chunks: int
    failed: int
    embedded_at: datetime


@dataclass(frozen=True, slots=True)
class Embedded:
    """What embedding a slice of documents did: chunks embedded now and chunks the model failed on; documents without a readable chunk file."""

    processed: int
    failed: int
    left_out: tuple[str, ...]


def chunk_objects(room: Room) -> list[ChunkObject]:
    """The chunk files of all current versions of the tenant."""
    found = current_artefacts(room.ledger, room.tenant, CHUNKS)
    return [ChunkObject(document_id, a.object_name, a.sha256) for document_id, a in found]


def slices(objects: Sequence[ChunkObject], size: int) -> list[list[ChunkObject]]:
    """The objects in parts of at most `size`."""
    return [list(objects[at : at + size]) for at in range(0, len(objects), size)]


def needs_embedding(room: Room) -> bool:
    """Whether the tenant's index was made with another model than the settings name, or holds chunks that wait for their vector.

    Raises:
        StoreUnavailable: the knowledge base did not answer.
        VersionMismatch: another version of docmill wrote it.
        EngineMissing: the wanted model is not there.
    """
    serving = room.knowledge.model(room.tenant)
    if serving is None:
        return False
    is_wanted = serving.identity == identity_of(room.settings.embedding)
    return not is_wanted or room.knowledge.statistics(room.tenant).without_vector > 0


def wanted_origin(room: Room) -> VectorOrigin:
    """What vectors of the settings' model are marked with; opens it.

    Raises:
        EngineMissing: it is not there.
    """
    return model_of(room.settings.embedding).origin


def note_name(object_name: str, identity: str) -> str:
    """Where the note beside a chunk file of another model lies."""
    return f"{object_name.removesuffix('.arrow')}.{identity}.json"


def companions(object_name: str) -> str:
    """Prefix of a chunk file and all that lies beside it."""
    return object_name.removesuffix("arrow")


def embed_slice(spec: StoreSpec, model: EmbeddingSpec, part: Sequence[ChunkObject]) -> Embedded:
    """Make sure that documents have a chunk file of a model; what is there is not made again.

    Raises:
        StoreUnavailable, EngineUnavailable: worth another try.
        EngineMissing, SettingsInvalid: of the model.
    """
    store, processed, failed, left_out = store_of(spec), 0, 0, []
    for chunk in part:
        with scratch_folder("embed") as folder:
            try:
                _, note = file_of_model(store, chunk, model, folder)
            except (NotFound, StageFailed):
                left_out.append(chunk.document_id)
                continue
            if note is not None:
                processed, failed = processed + note.chunks, failed + note.failed
    return Embedded(processed, failed, tuple(left_out))


def file_of_model(store: ObjectStore, chunk: ChunkObject, model: EmbeddingSpec, folder: Path) -> tuple[Path, EmbeddingNote | None]:
    """A local chunk file of a document with vectors of a model, embedded now where there is none; and the note of doing so now.

    Raises:
        NotFound: the document's own chunk file is gone.
        StageFailed: it is damaged.
        EngineMissing, EngineUnavailable, SettingsInvalid, StoreUnavailable: of model and store.
    """
    own = store.fetch(chunk.object_name, folder)
    if hashlib.sha256(own.read_bytes()).hexdigest() != chunk.sha256:
        raise StageFailed("a chunk file has another checksum than the ledger says")
    identity = identity_of(model)
    if origin_in(read_chunks(own).schema).identity == identity:
        return own, None
    name = f"{companions(chunk.object_name)}{identity}.arrow"
    try:
        return store.fetch(name, folder), None
    except NotFound:
        out = folder / f"{chunk.document_id}.{identity}.arrow"
    made, failed = embed_file(own, out, model)
    note = EmbeddingNote(chunks=made, failed=failed, embedded_at=datetime.now(UTC))
    # the note first: whoever finds the file finds both
    store.create(note_name(chunk.object_name, identity), note.model_dump_json().encode(), media_type="application/json")
    store.create(name, out.read_bytes(), media_type="application/vnd.apache.arrow.file")
    return out, note
