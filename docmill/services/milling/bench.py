"""The workbench of one shard on one worker: store, cell, scratch folder, lease, and how files go in and artefacts come out."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from pydantic import JsonValue

from docmill.cell import CellLimits, JsonArgument, thread_cell
from docmill.scratch import scratch_folder
from docmill.services.milling.lease import LeaseWatch
from docmill.services.milling.shard import IS_UNLOCKED, Item, Shard
from docmill.shredding import shred_file
from docmill.storage.objects import StoreSpec, open_store
from docmill.values.jobs import Artefact
from docmill.values.keys import original_name, unlocked_name
from docmill.values.options import MillOptions
from docmill.values.ports import ObjectStore
from docmill.values.usage import Calls, calls_together

Engine = Callable[[MillOptions], dict[str, str]]
"""Names and versions of engines, models and language data that shape a stage's output under some options."""


LARGE_BYTES: Final = 8 * 2**20
"""A file above this size goes to the store piece by piece. Below it, asking a bucket first whether it is there would cost more than memory."""


def facts_of(file: Path) -> tuple[int, str]:
    """A file's size in bytes and its SHA-256; it is not held in memory."""
    with file.open("rb") as source:
        return file.stat().st_size, hashlib.file_digest(source, "sha256").hexdigest()


@lru_cache(maxsize=4)
def store_of(spec: StoreSpec) -> ObjectStore:
    """The store of this process for a spec, opened once."""
    return open_store(spec)


class Bench:
    """Everything a stage needs to mill the items of one shard. Use as a context manager: the scratch folder goes with it."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.store = store_of(shard.store)
        self.watch = LeaseWatch(self.store, shard.tenant, shard.run_id, shard.limits.lease_limit_s)
        self._open = contextlib.ExitStack()
        self._fetched: dict[str, str] = {}
        self._engines: dict[tuple[Engine, MillOptions], dict[str, str]] = {}
        self.scratch: Path
        self.cpu_s = 0.0
        """Processor seconds of the cell so far."""
        self.most_s: float | None = None
        """How long the job's own limit leaves for the next call; None: only the stage's deadline holds."""
        self._called: dict[str, Calls] = {}

    def __enter__(self) -> Self:
        self.scratch = self._open.enter_context(scratch_folder("shard"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()

    def call(self, verb: str, *args: JsonArgument) -> dict[str, JsonValue]:
        """Run a verb in this thread's cell under the stage's deadline; stops when the run stops.

        Raises:
            DocmillError: whatever the verb raised, or TimedOut, ParserDied, Cancelled.
        """
        limits = self.shard.limits
        stage_s = self.shard.deadline_s
        deadline_s = stage_s if self.most_s is None else min(stage_s, self.most_s)
        cell = thread_cell(CellLimits(memory_bytes=limits.cell_memory_bytes, items=limits.cell_items))
        before = cell.cpu_s
        try:
            reply = cell.call(verb, *args, deadline_s=deadline_s, should_stop=self.watch.should_stop)
        finally:
            self.cpu_s += cell.cpu_s - before
        return reply if isinstance(reply, dict) else {"reply": reply}

    def note_calls(self, service: str, calls: Calls) -> None:
        """Note what a service outside answered, whatever becomes of the answers: they have their price."""
        if calls.calls:
            self._called = calls_together(self._called, {service: calls})

    def take_calls(self) -> dict[str, Calls]:
        """What was noted since it was last asked for."""
        called, self._called = self._called, {}
        return called

    def engine(self, engine: Engine, options: MillOptions) -> dict[str, str]:
        """What a stage's engines are, asked once per shard: it costs looks at programs and files, and a shard has hundreds of items."""
        if (engine, options) not in self._engines:
            self._engines[engine, options] = engine(options)
        return self._engines[engine, options]

    def original(self, item: Item) -> str:
        """A local file with the document's bytes; of a locked PDF those of its unlocked copy."""
        name_of = unlocked_name if item.facts.get(IS_UNLOCKED) else original_name
        return self.file(name_of(self.shard.tenant, item.sha256))

    def file(self, object_name: str) -> str:
        """A local file with an object's bytes; fetched once per shard: every page of a document asks for its original."""
        if object_name not in self._fetched:
            self._fetched[object_name] = str(self.store.fetch(object_name, self.scratch))
        return self._fetched[object_name]

    def files(self, artefacts: Sequence[Artefact]) -> list[JsonValue]:
        """Local files of artefacts, in their order."""
        return [self.file(a.object_name) for a in artefacts]

    def out(self, name: str) -> Path:
        """A path in the scratch folder for the cell to write to."""
        return self.scratch / name

    def keep(self, key: str, name: str, object_name: str, source: Path | bytes, *, media_type: str, page: int | None = None) -> Artefact:
        """Put bytes or a file into the store at its deterministic name and say what lies there now. The file is gone then."""
        # somebody may have been quicker: what lies there counts, not what was just made
        if isinstance(source, Path) and source.stat().st_size > LARGE_BYTES:
            size_bytes, sha256 = facts_of(source)
            if not self.store.create_from(object_name, source, media_type=media_type):
                lies_there = self.store.info(object_name)
                size_bytes, sha256 = lies_there.size_bytes, lies_there.sha256 or self._sha256_of(object_name)
        else:
            data = source if isinstance(source, bytes) else source.read_bytes()
            data = data if self.store.create(object_name, data, media_type=media_type) else self.store.read(object_name)
            size_bytes, sha256 = len(data), hashlib.sha256(data).hexdigest()
        if isinstance(source, Path):
            shred_file(source)
        return Artefact(
            stage=self.shard.stage,
            name=name,
            key=key,
            object_name=object_name,
            media_type=media_type,
            size_bytes=size_bytes,
            sha256=sha256,
            page=page,
        )

    def _sha256_of(self, object_name: str) -> str:
        """Of an object whose store keeps none; the copy is the store's own file where it has one, and goes with the scratch folder."""
        return facts_of(self.store.fetch(object_name, self.scratch))[1]
