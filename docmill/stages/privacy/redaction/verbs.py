"""What other rooms call by name, in the cell, to make redacted copies and to prove them: JSON-able arguments in, big things in files."""

import json
from pathlib import Path

from pydantic import TypeAdapter

from docmill.stages.privacy.inputs import read_found, read_rules
from docmill.stages.privacy.redaction.burning import BOX
from docmill.stages.privacy.redaction.code_contents import readable_text
from docmill.stages.privacy.redaction.codes import Code, codes_of_copy, require_gone
from docmill.stages.privacy.redaction.copies import write_copy
from docmill.stages.privacy.redaction.covered_text import covered_text
from docmill.stages.privacy.redaction.evidence import Evidence
from docmill.stages.privacy.redaction.proof import secrets_of
from docmill.stages.privacy.redaction.proof_ocr import require_unreadable, write_crops
from docmill.stages.privacy.redaction.proving import evidence_of, prove_again
from docmill.stages.privacy.redaction.spreading import values_seen
from docmill.stages.privacy.redaction.unread import Reading, write_pictures
from docmill.stages.privacy.redaction.unread import find_unread as look_at
from docmill.values.evidence import Span
from docmill.values.page import Page
from docmill.values.pages_file import PageFiles

EVIDENCE_FILE, CODES_FILE = "evidence.json", "codes.json"
_UNREAD = TypeAdapter(list[tuple[Page, tuple[Span, ...]]])
_CODES = TypeAdapter(list[Code])


def unread_pictures(path: str, media_type: str, page_paths: list[str], out_dir: str, thorough: bool) -> dict[str, object]:  # noqa: FBT001 - verbs take positional arguments
    """Draw what no text layer explains, as PNG files, so that OCR can read it before the document counts as searched; read QR codes and bar codes.

    Args:
        path: the original file.
        media_type: of the original.
        page_paths: Page JSON of every page of the document.
        out_dir: an existing directory.
        thorough: pages with a text layer as a whole.

    Returns:
        `{"pictures": [[file name, page number, x, y], ...], "codes": count}`; x and y are the picture's corner in the page's pixels. The codes are
        in `codes.json` of `out_dir`.

    Raises:
        Damaged, Encrypted, TooLarge, RedactionUnproven: the original can't be rendered as it was read.
    """
    written = write_pictures(Path(path), media_type, PageFiles(page_paths), Path(out_dir), thorough=thorough)
    (Path(out_dir) / CODES_FILE).write_bytes(_CODES.dump_json(written.codes))
    return {"pictures": [[file.name, *place] for file, *place in written.files], "codes": len(written.codes)}


def find_unread(
    readings: list[list[str | int]],
    page_paths: list[str],
    spans_path: str,
    language: str,
    entities: list[str],
    out_path: str,
    rules_path: str = "",
    codes_path: str = "",
) -> dict[str, object]:
    """Find personal data in what OCR read in those pictures, and in codes; write `[[Page, [Span...]], ...]`, which `redact` takes.

    Args:
        readings: `[Page JSON file, page number, x, y]` for each picture.
        page_paths: Page JSON of every page of the document.
        spans_path: what `find_pii` wrote for these pages.
        language: ISO 639-1.
        entities: types to look for.
        out_path: the file to write.
        rules_path: PiiRules JSON; empty without rules.
        codes_path: what `unread_pictures` wrote of codes; afterwards it says which go. Empty without codes.

    Returns:
        `{"spans": count}`.

    Raises:
        EngineMissing: names are wanted and their engine is not installed.
    """
    spans = read_found(spans_path)
    read = [Reading(int(number), int(x), int(y), Page.model_validate_json(Path(str(file)).read_bytes())) for file, number, x, y in readings]
    codes = _CODES.validate_json(Path(codes_path).read_bytes()) if codes_path else []
    rules = read_rules(rules_path)
    found = look_at(read, PageFiles(page_paths), spans, language=language, entities=entities, rules=rules, codes=codes)
    Path(out_path).write_bytes(_UNREAD.dump_json(found))
    if codes:
        known = [code.model_copy(update={"goes": bool(goes)}) for code, (_, goes) in zip(codes, found[-len(codes) :], strict=True)]
        Path(codes_path).write_bytes(_CODES.dump_json(known))
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
    spans = read_found(spans_path)
    unread = _UNREAD.validate_json(Path(unread_path).read_bytes()) if unread_path else ()
    copy = write_copy(Path(path), media_type, PageFiles(page_paths), spans, Path(out_dir), style=style, unread=unread)
    (Path(out_dir) / EVIDENCE_FILE).write_text(evidence_of(copy).model_dump_json(), encoding="utf-8")
    return {
        "redacted": copy.path.name,
        "media_type": copy.media_type,
        "pages": copy.pages.name,
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


def prove_codes(path: str, evidence_path: str, out_path: str, known_path: str = "", strange_path: str = "") -> dict[str, object]:
    """Read the QR codes and bar codes of a finished copy and write what they say, a JSON list of texts.

    Args:
        path: the redacted copy.
        evidence_path: Evidence JSON.
        out_path: the file to write.
        known_path: the codes of the original, from `find_unread`; empty where nobody knows them.
        strange_path: the file to write of codes that only the copy has, for `find_unread`; none is written without any.

    Returns:
        `{"codes": count}`; none for text.

    Raises:
        RedactionUnproven: a code can be seen that must not be.
    """
    codes = codes_of_copy(Path(path), Evidence.model_validate_json(Path(evidence_path).read_bytes()))
    if known_path:
        strange = require_gone(codes, _CODES.validate_json(Path(known_path).read_bytes()))
        if strange and strange_path:
            Path(strange_path).write_bytes(_CODES.dump_json(strange))
    Path(out_path).write_text(json.dumps([readable_text(code) for code in codes], ensure_ascii=False), encoding="utf-8")
    return {"codes": len(codes)}


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
    spans = read_found(spans_path)
    seen = values_seen(_UNREAD.validate_json(Path(unread_path).read_bytes())) if unread_path else []
    require_unreadable(texts, [*secrets_of(PageFiles(page_paths), spans), *seen])
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
