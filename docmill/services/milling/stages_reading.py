"""inspect and read: from the original bytes to page words. Untrusted bytes are touched in the cell only."""

from pydantic import JsonValue

from docmill.services.milling.bench import Bench
from docmill.services.milling.page_reuse import PAGE_DIGESTS, content_note, note_words, words_read_before
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item
from docmill.services.milling.stage_work import JSON, PAGE_WORDS, Keep, StageWork, document_input, one_by_one
from docmill.settings import settings
from docmill.stages.reading import version
from docmill.stages.reading.file_properties import CREATED, MODIFIED, PRODUCER
from docmill.values.keys import private_name
from docmill.values.options import MillOptions
from docmill.values.page import Page
from docmill.values.usage import VISION, Calls

FACTS = ("source", "confidence", "words", "width_px", "height_px")
"""What is told of a page beside its words."""
BLANK = "none"
"""The source of a page without words: its image was looked at all the same."""


def _inspect(bench: Bench, item: Item, key: str) -> Keep:
    out = bench.out(f"{key}.json")
    args: list[JsonValue] = [bench.original(item), dict(bench.shard.limits.for_reading()), str(out)]
    found = bench.call("docmill.stages.reading.verbs:inspect", *args)
    name = private_name(bench.shard.tenant, "inspect", key)
    told = ("media_type", "page_count", "einvoice", PRODUCER, CREATED, MODIFIED)

    def keep() -> Receipt:
        kept = (bench.keep(key, PAGE_DIGESTS, name, out, media_type=JSON),) if out.exists() else ()
        return Receipt(artefacts=kept, facts={name: found[name] for name in told})

    return keep


def engine_name(engine: str, vision_endpoint: str | None) -> str:
    """The engine with what it needs to be opened inside the cell, whose environment holds nothing: endpoint and credential file of this machine."""
    if engine != VISION:
        return f"{engine}?gpu=1" if settings().use_gpu and engine in {"auto", "rapidocr"} else engine
    if vision_endpoint:
        return f"{engine}@{vision_endpoint}"
    credentials = settings().google_credentials
    return f"{engine}?credentials={credentials.absolute()}" if credentials else engine


def _read(bench: Bench, item: Item, key: str) -> Keep:
    out = bench.out(f"{key}.json")
    note = content_note(bench, item, version.VERSION, bench.engine(version.engine, item.options))
    is_known = note is not None and words_read_before(bench, note, out)
    facts = _facts(Page.model_validate_json(out.read_bytes())) if is_known else _read_anew(bench, item, str(out))

    def keep() -> Receipt:
        kept = bench.keep(key, PAGE_WORDS, private_name(bench.shard.tenant, "read", key), out, media_type=JSON, page=item.page)
        if note is not None and not is_known:
            note_words(bench, note, kept)
        return Receipt(artefacts=(kept,), facts=facts)

    return keep


def _read_anew(bench: Bench, item: Item, out: str) -> dict[str, JsonValue]:
    """Have the page read in the cell, which tells what `_facts` would: parsing its words here again would cost as much as placing them there."""
    told = bench.call(
        "docmill.stages.reading.verbs:read_page",
        bench.original(item),
        item.media_type,
        item.page,
        item.options.language,
        engine_name(item.options.engine, bench.shard.limits.vision_endpoint),
        str(bench.scratch),
        out,
        dict(bench.shard.limits.for_reading()),
    )
    if item.options.engine == VISION and told["source"] in {VISION, BLANK}:
        bench.note_calls(VISION, Calls(calls=1))
    return {name: told[name] for name in FACTS}


def _facts(page: Page) -> dict[str, JsonValue]:
    """What the next stages need to know of a page."""
    values = (page.source, page.confidence, len(page.words), page.width_px, page.height_px)
    return dict(zip(FACTS, values, strict=True))


def _inspect_engine(options: MillOptions) -> dict[str, str]:
    del options
    return {}


INSPECT = StageWork("inspect", version.INSPECT_VERSION, _inspect_engine, one_by_one(_inspect), inputs=document_input)
READ = StageWork("read", version.VERSION, version.engine, one_by_one(_read), inputs=document_input)
