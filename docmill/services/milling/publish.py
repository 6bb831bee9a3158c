"""publish: the results JSON and the extracted text, from what the earlier stages kept.

Works on docmill's own JSON, which needs no cell; only a searchable PDF is made of the document itself, in the cell.
"""

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from docmill.errors import StageFailed
from docmill.services.milling import stages_model as consulting
from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item, Shard
from docmill.services.milling.stage_work import (
    ENRICHMENT,
    JSON,
    PAGE_WORDS,
    REDACTED,
    REDACTED_PAGES,
    SPANS,
    Keep,
    StageWork,
    artefact_inputs,
    one_by_one,
    understanding_in,
)
from docmill.services.milling.stages_text import known_checks
from docmill.services.publishing import PublishInput, build_results
from docmill.stages.knowledge import version as knowledge
from docmill.stages.privacy import version as privacy
from docmill.stages.reading import version as reading
from docmill.stages.reading.file_properties import CREATED, MODIFIED, PRODUCER
from docmill.stages.reading.formats import SEARCHABLE_PDF, render
from docmill.stages.reading.media_types import PDF
from docmill.stages.understanding import version as understanding
from docmill.stages.understanding.enrichment import version as enriching
from docmill.values.embedding import EmbeddingSpec
from docmill.values.enrichment import Enrichment, FileProperties
from docmill.values.evidence import Span, Understanding
from docmill.values.jobs import Artefact, ClaimedJob
from docmill.values.keys import public_name, results_name
from docmill.values.options import MillOptions
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles, open_pages, read_spans, write_pages
from docmill.values.results import Results, read_results, results_bytes

if TYPE_CHECKING:
    from pydantic import JsonValue

VERSION = "4"
RESULTS, TEXT = "results", "text"
TIMED = "seconds_"


def _publish(bench: Bench, item: Item, key: str) -> Keep:
    tenant, accepted = bench.shard.tenant, date.fromisoformat(item.accepted_on)
    pages = _shown_pages(bench, item)
    source, media_type, extension = _rendered(bench, item, pages, key)
    text_name = public_name(tenant, "publish", key, extension)
    name = results_name(tenant, accepted, item.job_id)

    def keep() -> Receipt:
        text = bench.keep(key, TEXT, text_name, source, media_type=media_type)
        built = build_results(_input(bench, item, pages, text))
        kept = bench.keep(key, RESULTS, name, results_bytes(built), media_type=JSON)
        # an earlier attempt of this job may have written its results first: then those are the results
        stored = read_results(bench.store.read(name))
        return Receipt(
            artefacts=(text, kept), facts={"outcome": stored.outcome.name.value, "kind": stored.kind.name, "problems": _problems(stored)}
        )

    return keep


def _rendered(bench: Bench, item: Item, pages: Sequence[Page], key: str) -> tuple[Path | bytes, str, str]:
    """The text in the format that was asked for, or a file of it; its media type, and its extension."""
    if item.options.extract_format != SEARCHABLE_PDF:
        return render(pages, item.options.extract_format, document_id=item.document_id, problems=item.problems)
    source, out = bench.original(item), bench.out(f"{key}.pdf")
    if item.options.redact:
        # only what was proven clean may be shown; a copy that is a PDF has its words already, and a copy is always upright
        copy = item.inputs_of("redact", REDACTED)[0]
        source = bench.file(copy.object_name)
        if copy.media_type == PDF:
            return Path(shutil.copyfile(source, out)), PDF, SEARCHABLE_PDF  # a copy: what is kept is taken away from where it lay
    upright = {"turned_deg": 0} if item.options.redact else {}
    listed = bench.out(f"{key}.pages.json")
    write_pages(listed, (page.model_copy(update=upright) for page in pages))
    args: list[JsonValue] = [source, str(listed), str(out), str(bench.scratch), dict(bench.shard.limits.for_reading())]
    bench.call("docmill.stages.reading.verbs:searchable_pdf", *args)
    return out, PDF, SEARCHABLE_PDF


def _problems(results: Results) -> str:
    """The problems as JSON, for the ledger."""
    return json.dumps([p.model_dump(mode="json") for p in results.outcome.problems])


def _read_pages(bench: Bench, item: Item) -> Sequence[Page]:
    return PageFiles(bench.file(a.object_name) for a in item.inputs_of("read", PAGE_WORDS))


def _shown_pages(bench: Bench, item: Item) -> Sequence[Page]:
    """The pages that may be shown.

    Raises:
        StageFailed: redaction is on and there are no redacted pages; nothing unredacted may be published.
    """
    if not item.options.redact:
        return _read_pages(bench, item)
    redacted = item.inputs_of("redact", REDACTED_PAGES)
    if not redacted:
        raise StageFailed("redaction is on but there are no redacted pages")
    return open_pages(Path(bench.file(redacted[0].object_name)))


def _spans(bench: Bench, item: Item) -> list[Span] | None:
    found = item.inputs_of("find_pii", SPANS)
    return read_spans(json.loads(Path(bench.file(found[0].object_name)).read_bytes())["spans"]) if found else None


def _understanding(bench: Bench, item: Item) -> Understanding | None:
    found = understanding_in(item.inputs)
    return Understanding.model_validate_json(Path(bench.file(found.object_name)).read_bytes()) if found else None


def _enrichment(bench: Bench, item: Item) -> Enrichment | None:
    found, facts = item.inputs_of("enrich", ENRICHMENT), item.facts
    if not found:
        return None
    said = FileProperties.model_validate(
        {"producer": facts.get(PRODUCER), "created_at": facts.get(CREATED), "modified_at": facts.get(MODIFIED)}
    )
    return Enrichment.model_validate_json(Path(bench.file(found[0].object_name)).read_bytes()).model_copy(update={"file": said})


def _input(bench: Bench, item: Item, pages: Sequence[Page], text: Artefact) -> PublishInput:
    spans, facts = _spans(bench, item), item.facts
    made = tuple(a for a in item.inputs if a.stage != "read")
    return PublishInput(
        job=_job(bench.shard, item),
        page_count=int(facts.get("page_count") or 0),
        pages=pages,
        read_pages=_read_pages(bench, item),
        understanding=_understanding(bench, item),
        enrichment=_enrichment(bench, item),
        created_at=datetime.now(UTC),
        spans=spans or (),
        searched=item.options.entities if spans is not None else (),
        failed_checks=[name for name in str(facts.get("failed_checks") or "").split(",") if name],
        known_checks=known_checks(bench),
        problems=item.problems,
        artefacts=(*made, text),
        timings_s={name.removeprefix(TIMED): float(value or 0.0) for name, value in facts.items() if name.startswith(TIMED)},
        engines=_engines(item.options, bench.shard.limits.embedding),
        decided={
            name: (user, datetime.fromisoformat(when)) for name, (user, when) in json.loads(str(facts.get("decided") or "{}")).items()
        },
    )


def _job(shard: Shard, item: Item) -> ClaimedJob:
    return ClaimedJob(
        job_id=item.job_id,
        document_id=item.document_id,
        tenant=shard.tenant,
        sha256=item.sha256,
        size_bytes=item.size_bytes,
        media_type=item.media_type,
        options=item.options,
        accepted_at=datetime.combine(date.fromisoformat(item.accepted_on), datetime.min.time(), UTC),
        fence=0,
        count=item.count,
    )


def _engines(options: MillOptions, embedding: EmbeddingSpec) -> dict[str, dict[str, str]]:
    used = {"read": reading.engine(options), "understand": understanding.engine(options), "find_pii": privacy.find_engine(options)}
    if asked := consulting.engine(options):
        used["consult"] = asked
    if options.redact:
        used["redact"] = privacy.redact_engine(options)
    used["enrich"] = enriching.engine(options)
    if options.speech:
        used["speak"] = enriching.speech_engine(options)
    if options.index:
        used["index"] = knowledge.named_engine(options, embedding)
    return used


def _inputs(shard: Shard, item: Item) -> list[str]:
    # results are a job's own: they carry its id and its problems, so no other job may find them
    return [*artefact_inputs(shard, item), item.job_id, *(p.model_dump_json() for p in item.problems)]


def _engine(options: MillOptions) -> dict[str, str]:
    del options
    return {}


PUBLISH = StageWork("publish", VERSION, _engine, one_by_one(_publish), inputs=_inputs)
