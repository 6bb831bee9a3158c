"""What other rooms call by name, in the cell: JSON-able arguments in, a small JSON-able dict out, big things in files."""

import json
from collections import Counter
from pathlib import Path

from pydantic import TypeAdapter

from docmill.errors import Damaged
from docmill.stages.privacy.finding import find_in_text, find_spans
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.masking import mask_pages
from docmill.stages.privacy.redaction.burning import BOX
from docmill.stages.privacy.redaction.copies import write_copy
from docmill.stages.privacy.redaction.covered_text import covered_text
from docmill.stages.privacy.redaction.evidence import Evidence
from docmill.stages.privacy.redaction.proof import secrets_of
from docmill.stages.privacy.redaction.proof_ocr import require_unreadable, write_crops
from docmill.stages.privacy.redaction.proving import evidence_of, prove_again
from docmill.stages.privacy.redaction.unread import Reading, values_seen, write_pictures
from docmill.stages.privacy.redaction.unread import find_unread as look_at
from docmill.values.evidence import Span
from docmill.values.options import DATA_LABELS
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles
from docmill.values.pii_rules import NO_RULES, PiiRules

PAGES_FILE, EVIDENCE_FILE = "pages.json", "evidence.json"
_PAGES = TypeAdapter(tuple[Page, ...])
_SPANS = TypeAdapter(tuple[Span, ...])
_UNREAD = TypeAdapter(list[tuple[Page, tuple[Span, ...]]])
_TEXT_LABELS = {**DATA_LABELS, "BIRTH_DATE": "DATE"}


def find_pii(page_paths: list[str], language: str, entities: list[str], out_path: str, rules_path: str = "") -> dict[str, object]:
    """Find personal data in a document's pages and write `{"spans": [Span...], "engines": {...}}`.

    Args:
        page_paths: Page JSON files in page order.
        language: ISO 639-1.
        entities: types to look for.
        out_path: the file to write.
        rules_path: PiiRules JSON; empty without rules.

    Returns:
        `{"spans": count, "by_type": {type: count}}`.

    Raises:
        EngineMissing: names are wanted and their engine is not installed.
    """
    spans, engines = find_spans(PageFiles(page_paths), language=language, entities=entities, rules=_read_rules(rules_path))
    body = {"spans": [span.model_dump(mode="json") for span in spans], "engines": engines}
    Path(out_path).write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return {"spans": len(spans), "by_type": dict(sorted(Counter(span.type for span in spans).items()))}


def mask(pages_path: str, spans_path: str, out_path: str) -> dict[str, object]:
    """Write the pages with personal data masked, a JSON array of Page.

    Args:
        pages_path: a JSON array of Page.
        spans_path: what `find_pii` wrote for these pages.
        out_path: the file to write.

    Returns:
        `{"spans": count}`.
    """
    spans = _SPANS.validate_python(json.loads(Path(spans_path).read_bytes())["spans"])
    pages = _PAGES.validate_json(Path(pages_path).read_bytes())
    Path(out_path).write_bytes(_PAGES.dump_json(mask_pages(pages, spans)))
    return {"spans": len(spans)}


def find_in_lines(in_path: str, language: str, entities: list[str], out_path: str, rules_path: str = "") -> dict[str, object]:
    """Find personal data in many short texts: JSON lines `{"id", "text"}` in, `{"id", "spans"}` out, in their order.

    A span is `{"start", "end", "type", "entity", "confidence", "source", "text", "votes"}`; `start` and `end` count characters of `text`, types are
    DATA_LABELS, but a birth date is a DATE as in the data sets of texts; `entity` is docmill's own type.

    Raises:
        Damaged: a line is not such an object.
        EngineMissing: names are wanted and their engine is not installed.
    """
    lines = spans = 0
    rules = _read_rules(rules_path)
    with Path(in_path).open(encoding="utf-8") as source, Path(out_path).open("w", encoding="utf-8") as out:
        for number, line in enumerate(source, start=1):
            if line.strip():
                name, text = _text_line(line, number)
                hits = find_in_text(text, language=language, entities=entities, rules=rules).hits
                found = [_text_span(hit, text) for hit in hits]
                out.write(json.dumps({"id": name, "spans": found}, ensure_ascii=False) + "\n")
                lines, spans = lines + 1, spans + len(found)
    return {"lines": lines, "spans": spans}


def unread_pictures(path: str, media_type: str, page_paths: list[str], out_dir: str, thorough: bool) -> dict[str, object]:  # noqa: FBT001 - verbs take positional arguments
    """Draw what no text layer explains, as PNG files, so that OCR can read it before the document counts as searched.

    Args:
        path: the original file.
        media_type: of the original.
        page_paths: Page JSON of every page of the document.
        out_dir: an existing directory.
        thorough: pages with a text layer as a whole.

    Returns:
        `{"pictures": [[file name, page number, x, y], ...]}`; x and y are the picture's corner in the page's pixels.

    Raises:
        Damaged, Encrypted, TooLarge, RedactionUnproven: the original can't be rendered as it was read.
    """
    written = write_pictures(Path(path), media_type, _read_pages(page_paths), Path(out_dir), thorough=thorough)
    return {"pictures": [[file.name, *place] for file, *place in written]}


def find_unread(
    readings: list[list[str | int]],
    page_paths: list[str],
    spans_path: str,
    language: str,
    entities: list[str],
    out_path: str,
    rules_path: str = "",
) -> dict[str, object]:
    """Find personal data in what OCR read in those pictures and write `[[Page, [Span...]], ...]`, which `redact` takes.

    Args:
        readings: `[Page JSON file, page number, x, y]` for each picture.
        page_paths: Page JSON of every page of the document.
        spans_path: what `find_pii` wrote for these pages.
        language: ISO 639-1.
        entities: types to look for.
        out_path: the file to write.
        rules_path: PiiRules JSON; empty without rules.

    Returns:
        `{"spans": count}`.

    Raises:
        EngineMissing: names are wanted and their engine is not installed.
    """
    spans = _SPANS.validate_python(json.loads(Path(spans_path).read_bytes())["spans"])
    read = [Reading(int(number), int(x), int(y), Page.model_validate_json(Path(str(file)).read_bytes())) for file, number, x, y in readings]
    found = look_at(read, _read_pages(page_paths), spans, language=language, entities=entities, rules=_read_rules(rules_path))
    Path(out_path).write_bytes(_UNREAD.dump_json(found))
    return {"spans": sum(len(spans) for _, spans in found)}


def redact(
    path: str, media_type: str, page_paths: list[str], spans_path: str, out_dir: str, style: str = BOX, unread_path: str = ""
) -> dict[str, object]:
    """Write a proven redacted copy, `pages.json` (a list of masked Page JSON) and `evidence.json` into `out_dir`.

    Args:
        path: the original file.
        media_type: of the original.
        page_paths: Page JSON of every page of the document.
        spans_path: what `find_pii` wrote for these pages.
        out_dir: an existing directory.
        style: `box` or `label`.
        unread_path: what `find_unread` wrote; empty where everything was read.

    Returns:
        `{"redacted": file name, "media_type": type, "pages": "pages.json", "evidence": "evidence.json", "boxes": count}`.

    Raises:
        RedactionUnproven: the copy could not be proven clean; nothing is left in `out_dir`.
        Damaged, Encrypted, TooLarge, UnsupportedType: the original can't be rendered.
    """
    spans = _SPANS.validate_python(json.loads(Path(spans_path).read_bytes())["spans"])
    unread = _UNREAD.validate_json(Path(unread_path).read_bytes()) if unread_path else ()
    copy = write_copy(Path(path), media_type, _read_pages(page_paths), spans, Path(out_dir), style=style, unread=unread)
    (Path(out_dir) / PAGES_FILE).write_bytes(_PAGES.dump_json(copy.pages))
    (Path(out_dir) / EVIDENCE_FILE).write_text(evidence_of(copy).model_dump_json(), encoding="utf-8")
    return {
        "redacted": copy.path.name,
        "media_type": copy.media_type,
        "pages": PAGES_FILE,
        "evidence": EVIDENCE_FILE,
        "boxes": copy.boxes,
    }


def prove(path: str, evidence_path: str, out_path: str) -> dict[str, object]:
    """Run the gates on a finished copy again and write its texts, a JSON list, for whoever may look for the values.

    Args:
        path: the redacted copy.
        evidence_path: Evidence JSON, as a certificate carries it.
        out_path: the file to write.

    Returns:
        `{"gates": [names]}`.

    Raises:
        RedactionUnproven: a gate failed.
        UnsupportedType: no copies of this type are made.
    """
    gates, texts = prove_again(Path(path), Evidence.model_validate_json(Path(evidence_path).read_bytes()))
    Path(out_path).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return {"gates": list(gates)}


def ocr_crops(path: str, evidence_path: str, out_dir: str, thorough: bool) -> dict[str, object]:  # noqa: FBT001 - verbs take positional arguments
    """Draw a finished copy and write what OCR must read, as PNG files: two line heights around each box, or whole pages.

    Args:
        path: the redacted copy.
        evidence_path: Evidence JSON.
        out_dir: an existing directory.
        thorough: whole pages.

    Returns:
        `{"crops": [paths]}`; none for text.
    """
    evidence = Evidence.model_validate_json(Path(evidence_path).read_bytes())
    crops = write_crops(Path(path), evidence, Path(out_dir), thorough=thorough) if evidence.pages else []
    return {"crops": [str(crop) for crop in crops]}


def prove_readings(texts_path: str, page_paths: list[str], spans_path: str, unread_path: str = "") -> dict[str, object]:
    """Look for the redacted values in what OCR read in the pictures of the copy.

    Args:
        texts_path: a JSON list of texts.
        page_paths: Page JSON of every page of the document, as read.
        spans_path: what `find_pii` wrote for these pages.
        unread_path: what `find_unread` wrote; empty where everything was read.

    Returns:
        `{"texts": count}`.

    Raises:
        RedactionUnproven: a value can be read.
    """
    texts = json.loads(Path(texts_path).read_bytes())
    spans = _SPANS.validate_python(json.loads(Path(spans_path).read_bytes())["spans"])
    seen = values_seen(_UNREAD.validate_json(Path(unread_path).read_bytes())) if unread_path else []
    require_unreadable(texts, [*secrets_of(_read_pages(page_paths), spans), *seen])
    return {"texts": len(texts)}


def check_redactions(path: str, out_path: str) -> dict[str, object]:
    """Find text under boxes in somebody's PDF and write it, a JSON list of `{"page", "box", "text"}`.

    Returns:
        `{"found": count}`.

    Raises:
        Damaged, Encrypted: the PDF can't be opened or rendered.
    """
    found = covered_text(Path(path))
    Path(out_path).write_text(json.dumps([one.model_dump(mode="json") for one in found], ensure_ascii=False), encoding="utf-8")
    return {"found": len(found)}


def _text_span(hit: Hit, text: str) -> dict[str, object]:
    return {
        "start": hit.start,
        "end": hit.end,
        "type": _TEXT_LABELS.get(hit.type, hit.type),
        "entity": hit.type,
        "confidence": hit.confidence,
        "source": hit.source,
        "text": text[hit.start : hit.end],
        "votes": [vote.model_dump() for vote in hit.reasons],
    }


def _text_line(line: str, number: int) -> tuple[str | int | None, str]:
    try:
        body = json.loads(line)
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("text"), str):
        raise Damaged(f"line {number} is not an object with a text", line=number)
    name = body.get("id")
    return (name if isinstance(name, str | int) else None), body["text"]


def _read_rules(path: str) -> PiiRules:
    return PiiRules.model_validate_json(Path(path).read_bytes()) if path else NO_RULES


def _read_pages(page_paths: list[str]) -> tuple[Page, ...]:
    pages = (Page.model_validate_json(Path(path).read_bytes()) for path in page_paths)
    return tuple(sorted(pages, key=lambda page: page.number))
