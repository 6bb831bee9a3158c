"""What other rooms call by name, in the cell: JSON-able arguments in, a small JSON-able dict out, big things in files.

Belongs here: finding and masking. Does not belong here: redacted copies (redaction/verbs.py).
"""

import json
from collections import Counter
from pathlib import Path

from docmill.errors import Damaged
from docmill.stages.privacy.finding import find_in_text, find_spans
from docmill.stages.privacy.hits import Hit
from docmill.stages.privacy.inputs import read_found, read_rules
from docmill.stages.privacy.masking import mask_pages
from docmill.values.options import DATA_LABELS
from docmill.values.pages_file import PageFiles, open_pages, write_pages

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
    spans, engines = find_spans(PageFiles(page_paths), language=language, entities=entities, rules=read_rules(rules_path))
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
    spans = read_found(spans_path)
    write_pages(Path(out_path), mask_pages(open_pages(Path(pages_path)), spans))
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
    rules = read_rules(rules_path)
    with Path(in_path).open(encoding="utf-8") as source, Path(out_path).open("w", encoding="utf-8") as out:
        for number, line in enumerate(source, start=1):
            if line.strip():
                name, text = _text_line(line, number)
                hits = find_in_text(text, language=language, entities=entities, rules=rules).hits
                found = [_text_span(hit, text) for hit in hits]
                out.write(json.dumps({"id": name, "spans": found}, ensure_ascii=False) + "\n")
                lines, spans = lines + 1, spans + len(found)
    return {"lines": lines, "spans": spans}


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
