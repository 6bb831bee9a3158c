"""find_pii and redact: what is personal, and a copy without it."""

from pathlib import Path

from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item
from docmill.services.milling.stage_work import JSON, REDACTED, REDACTED_PAGES, SPANS, StageWork, one_by_one
from docmill.stages.privacy import version
from docmill.values.keys import private_name, public_name


def _find(bench: Bench, item: Item, key: str) -> Receipt:
    out = bench.out(f"{key}.json")
    found = bench.call(
        "docmill.stages.privacy.verbs:find_pii",
        bench.files(item.inputs_of("read")),
        item.options.language,
        list(item.options.entities),
        str(out),
    )
    kept = bench.keep(key, SPANS, private_name(bench.shard.tenant, "find_pii", key), out, media_type=JSON)
    return Receipt(artefacts=(kept,), facts={"spans": int(str(found["spans"]))})


def _redact(bench: Bench, item: Item, key: str) -> Receipt:
    folder = bench.out(key)
    folder.mkdir()
    spans = bench.file(item.inputs_of("find_pii", SPANS)[0].object_name)
    made = bench.call(
        "docmill.stages.privacy.verbs:redact",
        bench.original(item),
        item.media_type,
        bench.files(item.inputs_of("read")),
        spans,
        str(folder),
    )
    copy = folder / Path(str(made["redacted"])).name  # only the name: the cell does not choose where we read
    tenant = bench.shard.tenant
    # the pages first: whoever finds the receipt finds both, and a public copy never stands without its pages
    pages = bench.keep(key, REDACTED_PAGES, private_name(tenant, "redact", key), folder / "pages.json", media_type=JSON)
    shown = bench.keep(key, REDACTED, public_name(tenant, "redact", key, copy.suffix[1:]), copy, media_type=str(made["media_type"]))
    return Receipt(artefacts=(pages, shown), facts={"boxes": int(str(made["boxes"]))})


FIND_PII = StageWork("find_pii", version.FIND_VERSION, version.find_engine, one_by_one(_find))
REDACT = StageWork("redact", version.REDACT_VERSION, version.redact_engine, one_by_one(_redact))
