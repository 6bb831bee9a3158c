"""A redacted copy, proven by two stages in one cell: privacy makes and proves it, reading's OCR looks at it once more.

Belongs here: carrying pictures and texts between the two stages, for single files and for milling alike. Does not belong here: certificates.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from pydantic import TypeAdapter

from docmill.errors import RedactionUnproven, StageFailed
from docmill.scratch import folder_within
from docmill.shredding import shred_file
from docmill.stages.privacy.redaction.evidence import Evidence, is_value
from docmill.stages.reading.rapid_models import LANGUAGES
from docmill.values.evidence import Span
from docmill.values.options import DEFAULT_ENTITIES
from docmill.values.page import Page

if TYPE_CHECKING:
    from docmill.cell import JsonArgument

OCR_ENGINE: Final = "rapidocr"
AROUND_BOXES, WHOLE_PAGES = "ocr_around_boxes", "ocr_whole_pages"
"""Names of the OCR gate, as the certificate carries them."""

CODES_GATE: Final = "codes"
"""Name of the gate that looks for QR codes and bar codes."""

CROPS_AT_ONCE: Final = 32
"""Pictures per call: a long document's OCR is many calls, each with a deadline of its own."""

STRANGE: Final = "strange-codes.json"

_UNREAD = TypeAdapter(list[tuple[Page, tuple[Span, ...]]])
_LATIN_ONLY = "_latin_only"  # behind the name where the engine doesn't know the document's letters: figures and Latin words were looked for


class Call(Protocol):
    """Runs a verb (`privacy.redaction.verbs:redact`) in a cell; the answer is an object."""

    def __call__(self, verb: str, *args: "JsonArgument") -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is to be done: the original and its type, its pages and spans, how the copy should look and be proven, and what was searched."""

    source: str
    media_type: str
    page_paths: Sequence[str]
    spans_path: str
    language: str
    style: str = "box"
    thorough: bool = False
    entities: Sequence[str] = DEFAULT_ENTITIES
    rules_path: str = ""


@dataclass(frozen=True, slots=True)
class ProvenCopy:
    """A copy that passed every gate. `pages` is the file of masked pages; `seen` is (value, type) of what only a second reading found."""

    path: Path
    media_type: str
    pages: Path
    boxes: int
    evidence: Evidence
    seen: Sequence[tuple[str, str]] = ()


class Unread(NamedTuple):
    """Files of what a second reading found, and of the codes on the pages; empty where there is nothing."""

    found: str = ""
    codes: str = ""


def redact_and_prove(call: Call, asked: Redaction, out_dir: Path, limits: Mapping[str, float]) -> ProvenCopy:
    """Make a redacted copy in `out_dir` and prove it, OCR included.

    Args:
        call: runs verbs in a cell.
        asked: what is to be done.
        out_dir: an existing directory.
        limits: as reading's verbs take them.

    Raises:
        RedactionUnproven: a gate failed; no copy is left.
        EngineMissing: OCR is not installed, so nothing can be proven.
        DocmillError: the original cannot be rendered.
    """
    pages = list(asked.page_paths)
    with folder_within(out_dir) as scratch:
        unread = read_the_unread(call, asked, scratch, limits)
        made = call(
            "privacy.redaction.verbs:redact",
            asked.source,
            asked.media_type,
            pages,
            asked.spans_path,
            str(out_dir),
            asked.style,
            unread.found,
        )
        return _proven(call, asked, made, out_dir, scratch, limits, unread)


def _proven(
    call: Call, asked: Redaction, made: Mapping[str, object], out_dir: Path, scratch: Path, limits: Mapping[str, float], unread: Unread
) -> ProvenCopy:
    """The copy, once OCR has looked at it.

    Raises:
        RedactionUnproven: a value can be read in it; it is gone then.
    """
    # only the names: the cell does not choose where we read
    copy, evidence_file = out_dir / Path(str(made["redacted"])).name, out_dir / Path(str(made["evidence"])).name
    try:
        evidence = Evidence.model_validate_json(evidence_file.read_bytes())
        texts = scratch / "texts.json"
        if read_pictures(
            call, copy, evidence_file, scratch, texts, limits, asked.language, thorough=asked.thorough, known_codes=unread.codes
        ):
            call("privacy.redaction.verbs:prove_readings", str(texts), list(asked.page_paths), asked.spans_path, unread.found)
        _search_strange(call, asked, scratch)
    except BaseException:
        shred_file(copy)
        raise
    gates = (*evidence.gates, CODES_GATE, gate_name(asked.language, thorough=asked.thorough)) if evidence.pages else evidence.gates
    return ProvenCopy(
        path=copy,
        media_type=str(made["media_type"]),
        pages=out_dir / Path(str(made["pages"])).name,
        boxes=int(str(made["boxes"])),
        evidence=evidence.model_copy(update={"gates": gates}),
        seen=_seen_values(Path(unread.found)) if unread.found else (),
    )


def _search_strange(call: Call, asked: Redaction, scratch: Path) -> None:
    """Search codes that can be read in the copy alone, such as one at the edge of being readable that became so by encoding.

    Raises:
        RedactionUnproven: one of them would have had to go.
    """
    strange = scratch / STRANGE
    if strange.is_file():
        searched = (asked.language, list(asked.entities), str(scratch / "strange-found.json"), asked.rules_path, str(strange))
        said = call("privacy.redaction.verbs:find_unread", [], list(asked.page_paths), asked.spans_path, *searched)
        if said["spans"]:
            raise RedactionUnproven("a code that had to go can be read in the picture of a page")


def _seen_values(unread: Path) -> list[tuple[str, str]]:
    """(value, type) of what only the second reading found, beyond doubt: the certificate speaks of it as well."""
    found = _UNREAD.validate_json(unread.read_bytes())
    return [(page.text[span.start : span.end], span.type) for page, spans in found for span in spans if is_value(span)]


def read_the_unread(call: Call, asked: Redaction, scratch: Path, limits: Mapping[str, float]) -> Unread:
    """Have OCR read what stands on pages but not in their text layer, and find what must go of it, and of what codes say.

    Raises:
        EngineMissing: OCR is not installed, so the page cannot be searched.
        StageFailed: the cell's answer makes no sense.
    """
    pages, codes = list(asked.page_paths), scratch / "codes.json"
    drawn = call("privacy.redaction.verbs:unread_pictures", asked.source, asked.media_type, pages, str(scratch), asked.thorough)
    pictures = drawn["pictures"]
    if not isinstance(pictures, list) or not codes.is_file():
        raise StageFailed("the cell did not say what OCR must read")
    engine = OCR_ENGINE if asked.language in LANGUAGES else "tesseract"
    readings: list[list[str | int]] = []
    for name, number, x, y in pictures:
        picture, out = scratch / Path(str(name)).name, scratch / f"reading-{len(readings)}.json"
        call("reading.verbs:read_page", str(picture), "image/png", 1, asked.language, engine, str(scratch), str(out), dict(limits))
        readings.append([str(out), int(str(number)), int(str(x)), int(str(y))])
    if not readings and not drawn["codes"]:
        return Unread(codes=str(codes))
    found = scratch / "unread.json"
    searched = (asked.language, list(asked.entities), str(found), asked.rules_path, str(codes))
    said = call("privacy.redaction.verbs:find_unread", readings, pages, asked.spans_path, *searched)
    return Unread(str(found) if said["spans"] else "", str(codes))


def read_pictures(
    call: Call,
    copy: Path,
    evidence: Path,
    scratch: Path,
    out: Path,
    limits: Mapping[str, float],
    language: str,
    *,
    thorough: bool,
    known_codes: str = "",
) -> int:
    """Have OCR read the copy around its boxes, or whole, and what its codes say; write the texts, a JSON list, to `out`; how many there are.

    Raises:
        RedactionUnproven: a code is left that goes by the file `known_codes`. Codes that are not in it are left in STRANGE.
        EngineMissing: OCR is not installed.
        StageFailed: the cell's answer makes no sense.
    """
    crops = call("privacy.redaction.verbs:ocr_crops", str(copy), str(evidence), str(scratch), thorough)["crops"]
    if not isinstance(crops, list):
        raise StageFailed("the cell did not say what OCR must read")
    strange = str(scratch / STRANGE) if known_codes else ""
    call("privacy.redaction.verbs:prove_codes", str(copy), str(evidence), str(out), known_codes, strange)
    known, texts = language if language in LANGUAGES else "en", json.loads(out.read_bytes())
    for at in range(0, len(crops), CROPS_AT_ONCE):
        part = [str(crop) for crop in crops[at : at + CROPS_AT_ONCE]]
        call("reading.verbs:read_pictures", part, known, OCR_ENGINE, str(scratch), str(out), dict(limits))
        texts += json.loads(out.read_bytes())
    out.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return len(texts)


def gate_name(language: str, *, thorough: bool) -> str:
    """What the certificate calls the gate."""
    return (WHOLE_PAGES if thorough else AROUND_BOXES) + ("" if language in LANGUAGES else _LATIN_ONLY)
