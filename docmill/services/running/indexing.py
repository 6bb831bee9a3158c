"""Putting the chunks of a shard's documents into the knowledge base: one commit, in the flow process, because small commits of many workers collide."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from docmill.errors import DocmillError
from docmill.services.milling.stage_work import CHUNKS
from docmill.services.running.room import Room
from docmill.services.running.tracked import Tracked
from docmill.values.outcome import problem_from


def index_documents(room: Room, documents: Sequence[Tracked]) -> None:
    """Replace the documents' chunks. If the knowledge base refuses, every document concerned carries the problem and goes on."""
    chunked = [(t, a) for t in documents for a in t.inputs("index") if a.name == CHUNKS]
    if not chunked:
        return
    with tempfile.TemporaryDirectory(prefix="docmill-index-") as folder:
        try:
            files = {t.job.document_id: room.store.fetch(a.object_name, Path(folder)) for t, a in chunked}
            room.knowledge.replace(room.tenant, files)
        except DocmillError as error:
            for tracked, _ in chunked:
                tracked.failed.add("index")
                tracked.problems.append(problem_from(error, "index"))
