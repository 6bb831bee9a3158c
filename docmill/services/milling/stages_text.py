"""understand, index and validate: stages that work on page words, in the cell like all work on what a document says."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from docmill.errors import StageFailed
from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item, Shard, type_fact
from docmill.services.milling.stage_work import (
    CHECKED_ROW,
    CHUNKS,
    JSON,
    PAGE_WORDS,
    REDACTED_PAGES,
    SPANS,
    UNDERSTANDING,
    Keep,
    StageWork,
    artefact_inputs,
    one_by_one,
    understanding_in,
)
from docmill.services.review.rules import ChunkFact, find_doubts
from docmill.services.review.thresholds import eyes_of, parse_thresholds
from docmill.stages.knowledge import version as knowledge
from docmill.stages.knowledge.embedding import identity_of
from docmill.stages.knowledge.endpoint_model import answers_counted
from docmill.stages.knowledge.reembedding import embed_file
from docmill.stages.understanding import version as understanding
from docmill.stages.validation import version as validation
from docmill.stages.validation.rows import ValidationRow, row_from
from docmill.stages.validation.suite import Checks, checks, checks_in
from docmill.stages.validation.suite_file import read_suite
from docmill.values.embedding import PACKAGED, EmbeddingSpec
from docmill.values.evidence import Kind, Understanding
from docmill.values.jobs import Artefact
from docmill.values.keys import private_name
from docmill.values.page import Page
from docmill.values.pages_file import open_pages, read_spans
from docmill.values.usage import EMBEDDINGS, Calls

if TYPE_CHECKING:
    from pydantic import JsonValue

NOT_UNDERSTOOD = Understanding(kind=Kind(name="other", confidence=0.0, reason="the stage failed"))


def _understand(bench: Bench, item: Item, key: str) -> Keep:
    out = bench.out(f"{key}.json")
    pages = bench.files(item.inputs_of("read"))
    attachment = item.facts.get("einvoice")
    # the original is only fetched where inspection found an e-invoice in it
    with_original: list[JsonValue] = [bench.original(item), str(attachment)] if attachment else [None, None]
    limits = bench.shard.limits
    learned: list[JsonValue] = [bench.file(name) if name else None for name in (limits.kind_model, limits.ranker)]
    facts = bench.call("docmill.stages.understanding.verbs:understand", pages, item.options.kind, str(out), *with_original, *learned)
    counts = {name: int(str(facts[name])) for name in ("fields", "line_items", "doubts")}

    def keep() -> Receipt:
        kept = bench.keep(key, UNDERSTANDING, private_name(bench.shard.tenant, "understand", key), out, media_type=JSON)
        return Receipt(artefacts=(kept,), facts={"kind": str(facts["kind"]), **counts})

    return keep


def _understand_inputs(shard: Shard, item: Item) -> list[str]:
    # keys stay as they are where nothing was learned
    return [*artefact_inputs(shard, item), *filter(None, [shard.limits.kind_model, shard.limits.ranker])]


def page_files(bench: Bench, item: Item) -> list[str]:
    """Local page files that may be shown on: the redacted ones when redaction is on, else as read.

    Raises:
        StageFailed: redaction is on and there are no redacted pages; nothing unredacted may go on.
    """
    if not item.options.redact:
        return [str(path) for path in bench.files(item.inputs_of("read", PAGE_WORDS))]
    redacted = item.inputs_of("redact", REDACTED_PAGES)
    if not redacted:
        raise StageFailed("redaction is on but there are no redacted pages")
    return [_write_page(bench, page) for page in open_pages(Path(bench.file(redacted[0].object_name)))]


def _write_page(bench: Bench, page: Page) -> str:
    path = bench.out(f"page-{page.number}.json")
    path.write_text(page.model_dump_json(), encoding="utf-8")
    return str(path)


def _index(bench: Bench, item: Item, key: str) -> Keep:
    out, spec = bench.out(f"{key}.arrow"), bench.shard.limits.embedding
    asked: tuple[list[JsonValue], str] = [*page_files(bench, item)], item.document_id
    if spec.provider == "openai":
        # no cell asks a service, and no key enters a cell: what is embedded here are docmill's own chunks
        cut = bench.out(f"{key}.cut.arrow")
        facts = bench.call("docmill.stages.knowledge.verbs:cut", *asked, str(cut))
        made, failed = _embedded(bench, cut, out, spec)
        facts |= {"chunks": made, "failed": failed}
    else:
        facts = bench.call("docmill.stages.knowledge.verbs:index", *asked, str(out), *([spec.model_dump()] if spec != PACKAGED else []))
    counts = {"chunks": int(str(facts["chunks"])), "chunks_failed": int(str(facts["failed"])), "embedding": identity_of(spec)}
    place = private_name(bench.shard.tenant, "index", key, "arrow")

    def keep() -> Receipt:
        kept = bench.keep(key, CHUNKS, place, out, media_type="application/vnd.apache.arrow.file")
        return Receipt(artefacts=(kept,), facts={**counts, "chunks_least_sure": json.dumps(facts["least_sure"])})

    return keep


def _embedded(bench: Bench, cut: Path, out: Path, spec: EmbeddingSpec) -> tuple[int, int]:
    with answers_counted() as answered:
        try:
            return embed_file(cut, out, spec, bench.watch.should_stop)
        finally:
            bench.note_calls(EMBEDDINGS, Calls(calls=answered.calls, input_tokens=answered.tokens))


def _index_inputs(shard: Shard, item: Item) -> list[str]:
    # of another model than the packaged one, which the engine names
    spec = shard.limits.embedding
    return [*artefact_inputs(shard, item), *([identity_of(spec)] if spec != PACKAGED else [])]


def _understood(bench: Bench, item: Item) -> Understanding:
    found = understanding_in(item.inputs)
    return Understanding.model_validate_json(Path(bench.file(found.object_name)).read_bytes()) if found else NOT_UNDERSTOOD


def _row(item: Item, understood: Understanding) -> ValidationRow:
    facts = item.facts
    # the facts carry the document's sums: they stand on the first page, the others only count
    pages = [(int(facts.get("words") or 0), float(facts.get("confidence") or 0.0)), *[(0, 0.0)] * (int(facts.get("pages_read") or 1) - 1)]
    chunks = facts.get("chunks")
    return row_from(
        item.document_id,
        understood,
        pages=pages,
        chunks=None if chunks is None else int(chunks),
        checked_on=date.fromisoformat(item.accepted_on),
    )


def _review_settings(shard: Shard) -> list[str]:
    four_eyes = shard.limits.review_four_eyes
    return [shard.limits.review_thresholds, *([four_eyes] if four_eyes != "fraud" else [])]  # keys stay as they were by default


def _validate_inputs(shard: Shard, item: Item) -> list[str]:
    # one check asks whether a date lies in the future: the day it is asked belongs to the answer
    own = filter(None, [shard.limits.checks])  # its name holds its digest
    return [*artefact_inputs(shard, item), item.accepted_on, *_review_settings(shard), str(item.options.redact), *own]


def known_checks(bench: Bench) -> Checks:
    """The checks of the suite that this run asks.

    Raises:
        SettingsInvalid: the user's suite cannot be used.
    """
    own = bench.shard.limits.checks
    return checks_in(read_suite(Path(bench.file(own)).read_text(encoding="utf-8"))) if own else checks()


def _validate(bench: Bench, items: Sequence[tuple[Item, str]]) -> list[Receipt]:
    understood = [_understood(bench, item) for item, _ in items]
    made = [_row(item, one) for (item, _), one in zip(items, understood, strict=True)]
    rows: list[JsonValue] = [row.model_dump(mode="json") for row in made]
    own = bench.shard.limits.checks
    reply = bench.call("docmill.stages.validation.verbs:validate", rows, *([bench.file(own)] if own else []))["reply"]
    if not isinstance(reply, list) or len(reply) != len(items):
        raise StageFailed("validation did not answer for every document")
    failed = [[str(name) for name in verdict["failed"]] for verdict in reply]  # type: ignore[index,call-overload,union-attr] # list of dicts by contract
    return [
        Receipt(artefacts=(_keep_row(bench, key, row),), facts=_verdict(bench, item, one, names))
        for (item, key), row, one, names in zip(items, made, understood, failed, strict=True)
    ]


def _keep_row(bench: Bench, key: str, row: ValidationRow) -> Artefact:
    """The checks over the whole batch ask it once more."""
    place = private_name(bench.shard.tenant, "validate", key)
    return bench.keep(key, CHECKED_ROW, place, row.model_dump_json().encode(), media_type=JSON)


def _verdict(bench: Bench, item: Item, understood: Understanding, failed: list[str]) -> dict[str, type_fact]:
    found = item.inputs_of("find_pii", SPANS)
    limits = bench.shard.limits
    thresholds = parse_thresholds(limits.review_thresholds)
    doubts = find_doubts(
        understood,
        spans=read_spans(json.loads(Path(bench.file(found[0].object_name)).read_bytes())["spans"]) if found else (),
        chunks=[ChunkFact(*one) for one in json.loads(str(item.facts.get("chunks_least_sure") or "[]"))],
        failed_checks=failed,
        known=known_checks(bench),
        is_redacted=item.options.redact,
        is_sampled=thresholds.is_sampled(item.document_id),
        thresholds=thresholds,
    )
    return {
        "failed_checks": ",".join(failed),
        "validation_tasks_created": len(doubts),
        "total_chunks": int(item.facts.get("chunks") or 0),
        "doubts_found": json.dumps(
            [{**one.model_dump(mode="json", exclude_defaults=True), "eyes": eyes_of(one, limits.review_four_eyes)} for one in doubts]
        ),
    }


UNDERSTAND = StageWork("understand", understanding.VERSION, understanding.engine, one_by_one(_understand), inputs=_understand_inputs)
INDEX = StageWork("index", knowledge.VERSION, knowledge.engine, one_by_one(_index), inputs=_index_inputs)
VALIDATE = StageWork("validate", validation.VERSION, validation.engine, _validate, inputs=_validate_inputs, whole_shard=True)
