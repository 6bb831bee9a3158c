"""What other rooms call by name, in the cell: JSON-able arguments in, a small JSON-able dict out, big things in files."""

import json
from collections import Counter
from pathlib import Path

from pydantic import TypeAdapter

from docmill.stages.privacy.finding import find_spans
from docmill.stages.privacy.redaction.copies import write_copy
from docmill.values.evidence import Span
from docmill.values.page import Page

PAGES_FILE = "pages.json"
_PAGES = TypeAdapter(tuple[Page, ...])
_SPANS = TypeAdapter(tuple[Span, ...])


def find_pii(page_paths: list[str], language: str, entities: list[str], out_path: str) -> dict[str, object]:
    """Find personal data in a document's pages and write `{"spans": [Span...], "engines": {...}}`.

    Args:
        page_paths: Page JSON files.
        language: ISO 639-1.
        entities: types to look for.
        out_path: the file to write.

    Returns:
        `{"spans": count, "by_type": {type: count}}`.

    Raises:
        EngineMissing: names are wanted and their engine is not installed.
    """
    spans, engines = find_spans(_read_pages(page_paths), language=language, entities=entities)
    body = {"spans": [span.model_dump(mode="json") for span in spans], "engines": engines}
    Path(out_path).write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    return {"spans": len(spans), "by_type": dict(sorted(Counter(span.type for span in spans).items()))}


def redact(path: str, media_type: str, page_paths: list[str], spans_path: str, out_dir: str) -> dict[str, object]:
    """Write a proven redacted copy and `pages.json`, a list of masked Page JSON, into `out_dir`.

    Args:
        path: the original file.
        media_type: of the original.
        page_paths: Page JSON of every page of the document.
        spans_path: what `find_pii` wrote for these pages.
        out_dir: an existing directory.

    Returns:
        `{"redacted": file name, "media_type": type, "pages": "pages.json", "boxes": count}`.

    Raises:
        RedactionUnproven: the copy could not be proven clean; nothing is left in `out_dir`.
        Damaged, Encrypted, TooLarge, UnsupportedType: the original can't be rendered.
    """
    spans = _SPANS.validate_python(json.loads(Path(spans_path).read_bytes())["spans"])
    copy = write_copy(Path(path), media_type, _read_pages(page_paths), spans, Path(out_dir))
    (Path(out_dir) / PAGES_FILE).write_bytes(_PAGES.dump_json(copy.pages))
    return {"redacted": copy.path.name, "media_type": copy.media_type, "pages": PAGES_FILE, "boxes": copy.boxes}


def _read_pages(page_paths: list[str]) -> tuple[Page, ...]:
    pages = (Page.model_validate_json(Path(path).read_bytes()) for path in page_paths)
    return tuple(sorted(pages, key=lambda page: page.number))
