"""inspect and read: from the original bytes to page words. Untrusted bytes are touched in the cell only."""

from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item
from docmill.services.milling.stage_work import JSON, PAGE_WORDS, StageWork, document_input, one_by_one
from docmill.settings import settings
from docmill.stages.reading import version
from docmill.values.keys import private_name
from docmill.values.options import MillOptions


def _inspect(bench: Bench, item: Item, key: str) -> Receipt:
    del key
    found = bench.call("docmill.stages.reading.verbs:inspect", bench.original(item), dict(bench.shard.limits.for_reading()))
    return Receipt(facts={name: found[name] for name in ("media_type", "page_count", "einvoice")})


def engine_name(engine: str, vision_endpoint: str | None) -> str:
    """The engine with what it needs to be opened inside the cell, whose environment holds nothing: endpoint and credential file of this machine."""
    if engine != "vision":
        return engine
    if vision_endpoint:
        return f"{engine}@{vision_endpoint}"
    credentials = settings().google_credentials
    return f"{engine}?credentials={credentials.absolute()}" if credentials else engine


def _read(bench: Bench, item: Item, key: str) -> Receipt:
    out = bench.out(f"{key}.json")
    facts = bench.call(
        "docmill.stages.reading.verbs:read_page",
        bench.original(item),
        item.media_type,
        item.page,
        item.options.language,
        engine_name(item.options.engine, bench.shard.limits.vision_endpoint),
        str(bench.scratch),
        str(out),
        dict(bench.shard.limits.for_reading()),
    )
    kept = bench.keep(key, PAGE_WORDS, private_name(bench.shard.tenant, "read", key), out, media_type=JSON, page=item.page)
    return Receipt(artefacts=(kept,), facts=facts)


def _inspect_engine(options: MillOptions) -> dict[str, str]:
    del options
    return {}


INSPECT = StageWork("inspect", version.VERSION, _inspect_engine, one_by_one(_inspect), inputs=document_input)
READ = StageWork("read", version.VERSION, version.engine, one_by_one(_read), inputs=document_input)
