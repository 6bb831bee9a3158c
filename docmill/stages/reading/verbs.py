"""What the cell can be asked to do with a document's bytes: inspect it, read one page, draw one page.

Arguments and answers are plain JSON values; everything else stays behind this border. Errors are docmill's own.
"""

import contextlib
import json
import time
from pathlib import Path

from docmill.errors import Damaged, EngineMissing, EngineUnavailable, LanguageMissing, TimedOut, TooLarge, UnsupportedType
from docmill.scratch import folder_within
from docmill.shredding import shred_file
from docmill.stages.reading.embedded_pictures import picture
from docmill.stages.reading.engines import EngineSpec, ocr_engine, read_by
from docmill.stages.reading.file_properties import file_properties
from docmill.stages.reading.gray_pixels import gray_kept
from docmill.stages.reading.image_file import frames_told, is_gray_png
from docmill.stages.reading.judgement import judge_text_layer
from docmill.stages.reading.layout import lines_in_order
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import IMAGE_TYPES, PDF, PNG, TEXT_TYPES, ZIP
from docmill.stages.reading.mixed_page import mixed_page
from docmill.stages.reading.office_container import type_of
from docmill.stages.reading.page_digests import page_digests
from docmill.stages.reading.pdf_file import geometry_of, pdf_page
from docmill.stages.reading.plain_text import count_pages, read_text_page
from docmill.stages.reading.quality import rated
from docmill.stages.reading.raster import OCR_DPI, gray_page_image, page_image_of, readable_as_it_is, turned_copy
from docmill.stages.reading.survey import survey
from docmill.stages.reading.text_layer import text_layer_of
from docmill.stages.reading.unlocking import unlock_pdf
from docmill.stages.reading.unpacking import members_of
from docmill.values.options import AUTO
from docmill.values.page import Page
from docmill.values.pages_file import open_pages
from docmill.values.ports import OcrEngine

_BY_TESSERACT = frozenset({AUTO, "tesseract"})  # engines that begin with it


def inspect(path: str, limits: dict[str, float], digests_path: str = "") -> dict[str, str | int | None]:
    """What a file is: {"media_type", "page_count", "einvoice": name of an embedded XML invoice, "bare" or None}, and its `file_properties`.

    With `digests_path` a digest of each page's content is written there as a JSON array, for a PDF that has reliable ones.

    Raises:
        UnsupportedType, Damaged, Encrypted, TooLarge: why it cannot be read.
    """
    kept = Limits.of(limits)
    found = survey(Path(path), kept)
    digests = page_digests(Path(path), found.page_count) if digests_path and found.media_type == PDF else []
    if digests:
        Path(digests_path).write_text(json.dumps(digests), encoding="utf-8")
    said = file_properties(Path(path), found.media_type, kept)
    return {"media_type": found.media_type, "page_count": found.page_count, "einvoice": found.einvoice, **said}


def unlock(path: str, password: str, out_path: str) -> dict[str, bool]:
    """Write a copy of a locked PDF that asks for no password.

    Args:
        path: the PDF.
        password: the owner's or the user's.
        out_path: where the copy goes.

    Returns:
        {"unlocked": whether a copy was written; a PDF that opens without a password needs none}.

    Raises:
        Encrypted: the password does not open it, or none would.
        Damaged: it is damaged beyond repair.
    """
    return {"unlocked": unlock_pdf(Path(path), password, Path(out_path))}


def unpack(path: str, media_type: str, out_dir: str, limits: dict[str, float]) -> dict[str, object]:
    """Take a ZIP or a mail apart, one level deep, into files below `out_dir`.

    Args:
        path: the file.
        media_type: application/zip or message/rfc822.
        out_dir: an existing folder; belongs to the caller.
        limits: max_members, max_unpacked_bytes, max_ratio.

    Returns:
        {"members": [[name, file name in out_dir, error code or "", message], ...], "is_document": whether it is a Word or Excel file after all}.

    Raises:
        TooLarge, Damaged, UnsupportedType: it cannot be taken apart at all.
    """
    found = list(members_of(Path(path), media_type, Path(out_dir), Limits.of(limits)))
    rows = [[one.name, one.path.name, one.error.code if one.error else "", one.error.message if one.error else ""] for one in found]
    return {"members": rows, "is_document": media_type == ZIP and type_of(Path(path)) != ZIP}


def read_page(
    path: str, media_type: str, number: int, language: str, engine: str, scratch_dir: str, out_path: str, limits: dict[str, float]
) -> dict[str, str | float | int]:
    """Read one page and write it as Page JSON to `out_path`.

    Args:
        path: the document.
        media_type: as `inspect` said.
        number: from 1.
        language: ISO 639-1.
        engine: auto takes a usable text layer and OCR for the rest; an engine's name reads the page image (see engines.py).
        scratch_dir: for temporary files, all removed before this returns.
        out_path: where the Page JSON goes.
        limits: max_pages, max_pixels, max_bytes, and deadline_s for outside programs.

    Returns:
        {"source", "confidence" 0.0-1.0, "words", "width_px", "height_px"}; no words for a blank page.

    Raises:
        Damaged, Encrypted, TooLarge, UnsupportedType: the page cannot be read; others of the document may be.
        TimedOut: an outside program took longer than deadline_s.
        EngineMissing, LanguageMissing, EngineUnavailable, InvalidOptions: of the OCR engine.
    """
    started = time.perf_counter()
    spec, kept = EngineSpec.of(engine), Limits.of(limits)
    if media_type in TEXT_TYPES:
        page = _text_document_page(Path(path), media_type, number, language, spec, Path(scratch_dir), kept)
    elif media_type == PDF and spec.name == AUTO:
        page = _pdf_page_by_layer(Path(path), number, language, spec, Path(scratch_dir), kept)
    elif media_type == PDF or media_type in IMAGE_TYPES:
        reason = "an image has no text layer" if spec.name == AUTO else "asked for"
        page = _page_by_ocr(Path(path), media_type, number, language, spec, reason, Path(scratch_dir), kept)
    else:
        raise UnsupportedType("no reader for this media type", media_type=media_type)
    page = page.model_copy(update={"seconds": round(time.perf_counter() - started, 3)})
    Path(out_path).write_text(page.model_dump_json(), encoding="utf-8")
    return {
        "source": page.source,
        "confidence": page.confidence,
        "words": len(page.words),
        "width_px": page.width_px,
        "height_px": page.height_px,
    }


def searchable_pdf(path: str, pages_path: str, out_path: str, scratch_dir: str, limits: dict[str, float]) -> dict[str, int]:
    """Write a document as a searchable PDF.

    Args:
        path: the document.
        pages_path: its pages as read, one JSON array.
        out_path: where the PDF goes.
        scratch_dir: for temporary files, all removed before this returns.
        limits: as for `read_page`.

    Returns:
        {"pages": how many were read}.

    Raises:
        Damaged, Encrypted, TooLarge, UnsupportedType: a page cannot be drawn.
    """
    from docmill.stages.reading.searchable_pdf import write_searchable_pdf  # noqa: PLC0415 - only where PDFs are written

    kept, pages = Limits.of(limits), open_pages(Path(pages_path))
    write_searchable_pdf(Path(path), survey(Path(path), kept).media_type, pages, Path(out_path), Path(scratch_dir), kept)
    return {"pages": len(pages)}


def split(path: str, spans: list[tuple[int, int, str]]) -> dict[str, int]:
    """Write pages of a PDF as PDFs of their own.

    Args:
        path: the PDF.
        spans: first and last page, counted from 1, both within, and the file to write.

    Returns:
        {"files": how many were written}.

    Raises:
        Damaged, Encrypted: its pages cannot be copied.
    """
    from docmill.stages.reading.splitting import write_parts  # noqa: PLC0415 - only where PDFs are written

    write_parts(Path(path), [(first, last, Path(out)) for first, last, out in spans])
    return {"files": len(spans)}


def read_pictures(
    paths: list[str], language: str, engine: str, scratch_dir: str, out_path: str, limits: dict[str, float]
) -> dict[str, int]:
    """Read single pictures, parts of pages, by one engine and write their texts, a JSON list in their order, to `out_path`.

    Args:
        paths: PNG files, upright.
        language: ISO 639-1.
        engine: an engine's name.
        scratch_dir: for temporary files.
        out_path: where the texts go.
        limits: as for `read_page`; deadline_s for each picture.

    Returns:
        {"pictures": count}.

    Raises:
        Damaged, EngineMissing, LanguageMissing, EngineUnavailable, InvalidOptions: as `read_page`.
    """
    kept = Limits.of(limits)
    reader = ocr_engine(EngineSpec.of(engine), Path(scratch_dir), kept.deadline_s)
    images = (readable_as_it_is(Path(path), PNG, 1, kept) for path in paths)
    texts = [reader.read(image, language=language).text if image else "" for image in images]
    Path(out_path).write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    return {"pictures": len(texts)}


def page_image(path: str, media_type: str, number: int, dpi: int, scratch_dir: str, turned_deg: int = 0) -> dict[str, str | int]:
    """Draw one page upright, in its colours, into a new PBM, PGM or PPM file below `scratch_dir`.

    Args:
        path: the document.
        media_type: as `inspect` said.
        number: from 1.
        dpi: resolution for a PDF page; an image keeps its own pixels, and the answer names its own resolution.
        scratch_dir: the file belongs to the caller.
        turned_deg: by how much reading turned the page clockwise; its boxes count in the turned page.

    Returns:
        {"path", "width_px", "height_px", "dpi", "number"}.

    Raises:
        Damaged, Encrypted, TooLarge: the page cannot be drawn.
        UnsupportedType: a text document has no page image.
    """
    drawn = page_image_of(Path(path), media_type, number, dpi=dpi, colour="colour", scratch_dir=Path(scratch_dir), limits=Limits())
    if turned_deg:
        as_it_lies, drawn = drawn, turned_copy(drawn, turned_deg, Path(scratch_dir))
        shred_file(as_it_lies.path)
    return {"path": str(drawn.path), "width_px": drawn.width_px, "height_px": drawn.height_px, "dpi": drawn.dpi, "number": number}


def _text_document_page(
    path: Path, media_type: str, number: int, language: str, spec: EngineSpec, scratch_dir: Path, limits: Limits
) -> Page:
    """A page of text, or behind the last of these a picture that lies in the document."""
    at = number - count_pages(path, media_type, limits)
    if at <= 0:
        return read_text_page(path, media_type, number, language, limits)
    found = picture(path, media_type, at, limits)
    with folder_within(scratch_dir) as folder:
        file = folder / "picture"
        file.write_bytes(found.data)
        page = _page_by_ocr(file, found.media_type, 1, language, spec, f"picture {at} in the document", folder, limits)
    return page.model_copy(update={"number": number})


def _pdf_page_by_layer(path: Path, number: int, language: str, spec: EngineSpec, scratch_dir: Path, limits: Limits) -> Page:
    with pdf_page(path, number) as page:
        geometry = geometry_of(page)
        dpi = geometry.dpi_within(OCR_DPI, limits.max_pixels)
        layer = text_layer_of(page, dpi)
    width, height = geometry.size_px(dpi)
    usable, reason = judge_text_layer(layer)
    if not usable and not layer.is_blank:
        return _page_by_ocr(path, PDF, number, language, spec, reason, scratch_dir, limits)
    lines = lines_in_order(layer.words) if usable else ()
    by_layer = Page(
        number=number,
        width_px=width,
        height_px=height,
        dpi=dpi,
        lines=lines,
        source="text_layer" if usable else "none",
        language=language,
        reason=reason if usable else "blank page: nothing is drawn on it",
    )
    if not usable or not layer.shows_other_letters:
        return by_layer
    try:
        by_engine = _page_by_ocr(path, PDF, number, language, spec, "letters beside the text layer", scratch_dir, limits)
    except (Damaged, TooLarge, TimedOut, EngineMissing, LanguageMissing, EngineUnavailable) as error:  # the layer is fine without an engine
        return by_layer.model_copy(update={"reason": f"{reason}; letters beside the text layer not read: {error.message}"})
    return mixed_page(layer, by_layer, by_engine)


def _page_by_ocr(
    path: Path, media_type: str, number: int, language: str, spec: EngineSpec, reason: str, scratch_dir: Path, limits: Limits
) -> Page:
    engine = ocr_engine(spec, scratch_dir, limits.deadline_s)
    with gray_kept():
        page = _read_by(engine, path, media_type, number, language, scratch_dir, limits)
    found = {} if page.words else {"source": "none"}
    reason = f"{reason}: page image read by {page.source}" + (f" ({page.reason})" if page.reason else "")
    told = (*page.quality_reasons, *frames_told(path, media_type, limits))
    return page.model_copy(update={"reason": reason + ("" if page.words else ", which found no words"), "quality_reasons": told, **found})


def _read_by(engine: OcrEngine, path: Path, media_type: str, number: int, language: str, scratch_dir: Path, limits: Limits) -> Page:
    # measures need a gray PNG's pixels, too: decoded here once they serve all, and Tesseract, which decodes slower, gets them plain
    is_decoded_once = engine.name in _BY_TESSERACT and is_gray_png(path, media_type, limits)
    as_it_is = None if is_decoded_once else readable_as_it_is(path, media_type, number, limits)
    if as_it_is:
        with contextlib.suppress(Damaged):  # the engine's decoder gave up; Pillow's may still read the file
            return rated(as_it_is, read_by(engine, as_it_is, language))
    with gray_page_image(path, media_type, number, scratch_dir=scratch_dir, limits=limits) as image:
        return rated(image, read_by(engine, image, language))
