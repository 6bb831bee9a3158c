"""consult: a language model is asked for the fields that rules leave open or contradictory.

Without an answer the rules' understanding stands, and the document carries the problem.
"""

from functools import partial
from pathlib import Path

from docmill.errors import StageFailed
from docmill.services.language_model.consulting import Papers, consult, required_model
from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item, Shard
from docmill.services.milling.stage_work import (
    JSON,
    PAGE_WORDS,
    SPANS,
    UNDERSTANDING,
    StageWork,
    artefact_inputs,
    one_by_one,
    understanding_in,
)
from docmill.settings import settings
from docmill.values.keys import private_name
from docmill.values.language_model import ModelUse
from docmill.values.options import MillOptions
from docmill.values.pages_file import PageFiles, write_pages
from docmill.values.usage import LANGUAGE_MODEL, Calls

VERSION = "1"


def _consult(bench: Bench, item: Item, key: str) -> Receipt:
    spec, found = required_model(bench.shard.limits.language_model), understanding_in(item.inputs)
    if found is None:
        return Receipt()  # nothing was understood, so nothing is known to be open
    folder, is_masked = bench.out(f"{key}.consult"), spec.masks(redact=item.options.redact)
    folder.mkdir(exist_ok=True)
    pages = _pages(bench, item, folder)
    papers = Papers(bench.file(found.object_name), pages, _masked(bench, item, pages, folder) if is_masked else pages, folder)
    out = bench.out(f"{key}.json")
    counts = consult(bench.call, spec, papers, out, is_masked=is_masked, note=partial(_note, bench))
    if not counts["asked"]:
        return Receipt(facts={"model_asked": 0})
    kept = bench.keep(key, UNDERSTANDING, private_name(bench.shard.tenant, "consult", key), out, media_type=JSON)
    facts = {name: counts[name] for name in ("fields", "line_items", "doubts")}
    return Receipt(artefacts=(kept,), facts={**facts, "model_asked": counts["asked"], "model_answered": counts["answered"]})


def _note(bench: Bench, use: ModelUse) -> None:
    bench.note_calls(LANGUAGE_MODEL, Calls(calls=use.requests, input_tokens=use.input_tokens, output_tokens=use.output_tokens))


def _pages(bench: Bench, item: Item, folder: Path) -> str:
    out = folder / "pages.json"
    write_pages(out, PageFiles(bench.file(one.object_name) for one in item.inputs_of("read", PAGE_WORDS)))
    return str(out)


def _masked(bench: Bench, item: Item, pages: str, folder: Path) -> str:
    """A file of the pages with personal data masked.

    Raises:
        StageFailed: personal data was not searched; then nothing may leave.
    """
    found = item.inputs_of("find_pii", SPANS)
    if not found:
        raise StageFailed("personal data was not searched, so nothing was sent to the language model")
    out = str(folder / "masked.json")
    bench.call("docmill.stages.privacy.verbs:mask", pages, bench.file(found[0].object_name), out)
    return out


def _inputs(shard: Shard, item: Item) -> list[str]:
    # who is asked, within which limits, and what it may see belong to the answer
    spec = shard.limits.language_model
    return [*artefact_inputs(shard, item), spec.model_dump_json() if spec else ""]


def engine(options: MillOptions) -> dict[str, str]:
    """The model that the settings name, where it is asked: part of what decides whether a document was milled like this before."""
    spec = settings().language_model if options.ask_model else None
    return {"model": spec.model, "endpoint": spec.base_url, "text": "plain" if spec.sees_plain_text else "masked"} if spec else {}


CONSULT = StageWork("consult", VERSION, engine, one_by_one(_consult), inputs=_inputs)
