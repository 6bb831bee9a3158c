"""find_pii and redact: what is personal, and a copy without it, with a certificate. The cell proves, the worker signs: no key enters a cell."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from docmill.cell import JsonArgument
from docmill.errors import StageFailed
from docmill.services.certificate_keys import worker_keys
from docmill.services.certificates import make_certificate, values_of
from docmill.services.milling.bench import Bench, facts_of
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item
from docmill.services.milling.stage_work import JSON, REDACTED, REDACTED_PAGES, SPANS, Keep, StageWork, one_by_one
from docmill.services.redacting import Call, ProvenCopy, Redaction, redact_and_prove
from docmill.settings import settings
from docmill.stages.privacy import version
from docmill.stages.privacy.report import PiiReport, build_report, report_page
from docmill.values.evidence import Span
from docmill.values.jobs import Artefact
from docmill.values.keys import private_name, public_name
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles, read_spans

CERTIFICATE, REPORT, REPORT_PAGE = "certificate", "pii_report", "pii_report_page"
"""Names of artefacts."""


def _find(bench: Bench, item: Item, key: str) -> Keep:
    out, tenant = bench.out(f"{key}.json"), bench.shard.tenant
    paths, began = bench.files(item.inputs_of("read")), time.perf_counter()
    asked = (item.options.language, list(item.options.entities), str(out), _rules(bench, item))
    found = bench.call("docmill.stages.privacy.verbs:find_pii", paths, *asked)
    took_s = time.perf_counter() - began

    def keep() -> Receipt:
        report = _report(item, out, [str(path) for path in paths], took_s)
        shown = (
            bench.keep(
                key, REPORT, public_name(tenant, "find_pii", key, "report.json"), report.model_dump_json().encode(), media_type=JSON
            ),
            bench.keep(key, REPORT_PAGE, public_name(tenant, "find_pii", key, "report.html"), report_page(report), media_type="text/html"),
        )
        kept = bench.keep(key, SPANS, private_name(tenant, "find_pii", key), out, media_type=JSON)
        return Receipt(artefacts=(kept, *shown), facts={"spans": int(str(found["spans"]))})

    return keep


def _rules(bench: Bench, item: Item) -> str:
    """The file of the user's rules; empty without rules."""
    return bench.file(private_name(bench.shard.tenant, "pii_rules", item.options.pii_rules)) if item.options.pii_rules else ""


def _report(item: Item, spans: Path, pages: list[str], seconds: float) -> PiiReport:
    body = json.loads(spans.read_bytes())
    return report_of(item, read_spans(body["spans"]), PageFiles(pages), body["engines"], seconds)


def report_of(item: Item, spans: Sequence[Span], pages: Sequence[Page], engines: Mapping[str, object], seconds: float) -> PiiReport:
    """The report on a document's personal data."""
    return build_report(
        spans,
        pages,
        document_id=item.document_id,
        kind=str(item.facts.get("kind") or "unknown"),
        searched=item.options.entities,
        engines={str(name): str(state) for name, state in engines.items()},
        seconds=seconds,
        created_at=datetime.now(UTC),
    )


def _redact(bench: Bench, item: Item, key: str) -> Receipt:
    folder = bench.out(key)
    folder.mkdir()
    asked = Redaction(
        source=bench.original(item),
        media_type=item.media_type,
        page_paths=[str(path) for path in bench.files(item.inputs_of("read"))],
        spans_path=bench.file(item.inputs_of("find_pii", SPANS)[0].object_name),
        language=item.options.language,
        thorough=item.options.thorough,
        entities=item.options.entities,
        rules_path=_rules(bench, item),
    )
    made = redact_and_prove(_caller(bench), asked, folder, bench.shard.limits.for_reading())
    tenant, (_, proven) = bench.shard.tenant, facts_of(made.path)
    # what belongs to the copy first: whoever finds the receipt finds all, and a public copy never stands without its pages and certificate
    pages = bench.keep(key, REDACTED_PAGES, private_name(tenant, "redact", key), made.pages, media_type=JSON)
    certificate = _certificate(bench, item, key, made)
    shown = bench.keep(key, REDACTED, public_name(tenant, "redact", key, made.path.suffix[1:]), made.path, media_type=made.media_type)
    if shown.sha256 != proven:
        raise StageFailed("another redacted copy lies at this key already")
    return Receipt(artefacts=(pages, certificate, shown), facts={"boxes": made.boxes})


def _caller(bench: Bench) -> Call:
    def call(verb: str, *args: JsonArgument) -> Mapping[str, object]:
        return bench.call(f"docmill.stages.{verb}", *args)

    return call


def _certificate(bench: Bench, item: Item, key: str, made: ProvenCopy) -> Artefact:
    found = item.inputs_of("find_pii", SPANS)[0]
    spans = read_spans(json.loads(Path(bench.file(found.object_name)).read_bytes())["spans"])
    pages = PageFiles(str(path) for path in bench.files(item.inputs_of("read")))
    data = make_certificate(
        made.path,
        made.evidence,
        [*values_of(spans, pages), *made.seen],
        original_sha256=item.sha256,
        engines=version.certified_engines(item.options),
        keys=worker_keys(settings().home.absolute()),
    )
    return bench.keep(key, CERTIFICATE, public_name(bench.shard.tenant, "redact", key, "certificate.json"), data, media_type=JSON)


FIND_PII = StageWork("find_pii", version.FIND_VERSION, version.find_engine, one_by_one(_find))
REDACT = StageWork("redact", version.REDACT_VERSION, version.redact_engine, one_by_one(_redact))
