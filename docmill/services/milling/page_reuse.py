"""Pages that were read before, in another version of the same file: their words are taken over instead of being read again.

A note at the key of a page's content says which artefact holds its words; the words themselves lie with their document and go with it.
"""

import json
from functools import lru_cache
from pathlib import Path

from docmill.errors import NotFound
from docmill.services.milling.bench import Bench, store_of
from docmill.services.milling.shard import Item
from docmill.storage.objects import StoreSpec
from docmill.values.jobs import Artefact
from docmill.values.keys import artefact_key, private_name

PAGE_DIGESTS = "page_digests"
"""The name of inspection's artefact: a JSON array, one digest per page."""


def content_note(bench: Bench, item: Item, version: str, engine: dict[str, str]) -> str | None:
    """Where the note for this page's content lies; None when the content is not known or must be read anew."""
    found = item.inputs_of("inspect", PAGE_DIGESTS)
    if not found or item.options.force:
        return None
    digests = _digests(bench.shard.store, found[0].object_name)
    if not 1 <= item.page <= len(digests):
        return None
    inputs = ["page-content", digests[item.page - 1]]
    key = artefact_key(
        tenant=bench.shard.tenant, stage="read", version=version, inputs=inputs, options=item.options, engine=engine, part=item.name
    )
    return private_name(bench.shard.tenant, "read", key, "note")


def words_read_before(bench: Bench, note: str, out: Path) -> bool:
    """Write the page that a note leads to into `out`; False when there is none, or its document was erased."""
    try:
        out.write_bytes(bench.store.read(json.loads(bench.store.read(note))["object_name"]))
    except (NotFound, ValueError):  # a power cut may leave an empty note
        return False
    return True


def note_words(bench: Bench, note: str, artefact: Artefact) -> None:
    """Note which artefact holds the words of this content; a note that leads nowhere any more is replaced."""
    data = json.dumps({"object_name": artefact.object_name}).encode()
    if not bench.store.create(note, data, media_type="application/json"):
        bench.store.replace(note, data)


@lru_cache(maxsize=8)
def _digests(store: StoreSpec, object_name: str) -> tuple[str, ...]:
    return tuple(json.loads(store_of(store).read(object_name)))
