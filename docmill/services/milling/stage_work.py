"""What a stage must say so that a worker can do it: its version and engines (they enter the key), its inputs, and how to make its artefacts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from docmill.services.milling.bench import Bench, Engine
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import IS_UNLOCKED, Item, Shard
from docmill.values.jobs import Artefact
from docmill.values.keys import artefact_key, digest
from docmill.values.options import MillOptions

JSON = "application/json"
PAGE_WORDS, UNDERSTANDING, SPANS, REDACTED, REDACTED_PAGES, ENRICHMENT, CHUNKS, CHECKED_ROW = (
    "page_words",
    "understanding",
    "spans",
    "redacted",
    "redacted_pages",
    "enrichment",
    "chunks",
    "checked_row",
)
"""Names of artefacts."""


def understanding_in(artefacts: Iterable[Artefact]) -> Artefact | None:
    """What is known of a document: what a person decided, else what a language model was asked beside the rules, else what the rules say."""
    found = {one.stage: one for one in artefacts if one.name == UNDERSTANDING}
    return next((found[stage] for stage in ("review", "consult", "understand") if stage in found), None)


Keep = Callable[[], Receipt]
"""The second half of making an artefact: puts what was made into the store. It asks no cell, so it may run beside the next item's first half."""


def document_input(shard: Shard, item: Item) -> list[str]:
    """The key input of stages that read the original bytes: a verdict on a locked file says nothing about its unlocked copy."""
    del shard
    return [item.document_id, *([IS_UNLOCKED] if item.facts.get(IS_UNLOCKED) else [])]


def artefact_inputs(shard: Shard, item: Item) -> list[str]:
    """The key input of stages that read artefacts: their keys, in order, after the document's."""
    del shard
    return [item.document_id, *(a.key for a in item.inputs)]


@dataclass(frozen=True, slots=True)
class StageWork:
    """How a worker does one stage.

    Attributes:
        stage: its name.
        version: raised when its output changes.
        engine: names and versions of engines, models and language data that shape its output.
        make: makes the artefacts of items; one receipt for each, in their order, or what will keep them and then say so.
        inputs: what enters the key.
        whole_shard: whether `make` takes all items of a shard at once.
    """

    stage: str
    version: str
    engine: Engine
    make: Callable[[Bench, Sequence[tuple[Item, str]]], Sequence[Receipt | Keep]]
    inputs: Callable[[Shard, Item], list[str]] = artefact_inputs
    whole_shard: bool = False

    def key(self, bench: Bench, item: Item) -> str:
        """The artefact key of an item. A forced job has keys of its own, so that it finds nothing of the earlier ones but its own."""
        part = item.name if item.page else ""
        return artefact_key(
            tenant=bench.shard.tenant,
            stage=self.stage,
            version=self.version,
            inputs=self.inputs(bench.shard, item),
            options=item.options,
            engine=bench.engine(self.engine, item.options),
            part=f"{part}!{item.count}" if item.options.force else part,
        )


def one_by_one(make: Callable[[Bench, Item, str], Receipt | Keep]) -> Callable[[Bench, Sequence[tuple[Item, str]]], list[Receipt | Keep]]:
    """A `make` for stages that look at one item at a time."""

    def make_each(bench: Bench, items: Sequence[tuple[Item, str]]) -> list[Receipt | Keep]:
        return [make(bench, item, key) for item, key in items]

    return make_each


def plan_digest(options: MillOptions, works: Sequence[StageWork], *own: str) -> str:
    """Digest of everything that decides what milling a document gives: options, stage versions, engines, and digests of the user's own files.

    Same digest, same result.
    """
    return digest("plan", options.digest(), [(w.stage, w.version, w.engine(options)) for w in works], *own)
