"""enrich and speak: what a document tells beside kind and fields, and its spoken version. Both work on the pages that may be shown."""

from docmill.services.milling.bench import Bench
from docmill.services.milling.receipts import Receipt
from docmill.services.milling.shard import Item
from docmill.services.milling.stage_work import ENRICHMENT, JSON, SPANS, Keep, StageWork, one_by_one
from docmill.services.milling.stages_text import page_files
from docmill.stages.understanding.enrichment import version
from docmill.values.keys import private_name, public_name

SPEECH = "speech"
"""Name of the artefact."""


def _enrich(bench: Bench, item: Item, key: str) -> Keep:
    out, spans = bench.out(f"{key}.json"), item.inputs_of("find_pii", SPANS)
    # spans count characters of the pages as read: beside redacted pages they say nothing, and what they name must not come back
    found = "" if item.options.redact or not spans else bench.file(spans[0].object_name)
    told = bench.call("docmill.stages.understanding.enrichment.verbs:enrich", [*page_files(bench, item)], found, str(out))

    def keep() -> Receipt:
        kept = bench.keep(key, ENRICHMENT, private_name(bench.shard.tenant, "enrich", key), out, media_type=JSON)
        return Receipt(artefacts=(kept,), facts={f"enriched_{name}": int(str(count)) for name, count in told.items()})

    return keep


def _speak(bench: Bench, item: Item, key: str) -> Receipt:
    out, limit_s = bench.out(f"{key}.wav"), bench.shard.limits.document_deadline_s * 0.9
    told = bench.call(
        "docmill.stages.understanding.enrichment.speech:speak", [*page_files(bench, item)], item.options.language, str(out), limit_s
    )
    kept = bench.keep(key, SPEECH, public_name(bench.shard.tenant, "speak", key, "wav"), out, media_type="audio/wav")
    return Receipt(artefacts=(kept,), facts={"spoken_characters": int(str(told["characters"]))})


ENRICH = StageWork("enrich", version.VERSION, version.engine, one_by_one(_enrich))
SPEAK = StageWork("speak", version.SPEECH_VERSION, version.speech_engine, one_by_one(_speak))
