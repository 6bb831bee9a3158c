"""Pages as text, JSON, hOCR, ALTO or Markdown. Knows pages only, nothing of how they were read, so that services may use it too."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple
from xml.sax.saxutils import escape

from docmill.errors import InvalidOptions
from docmill.stages.reading.alto import alto_of
from docmill.stages.reading.markdown import markdown_of
from docmill.stages.reading.tables import tables_of
from docmill.values.outcome import Problem
from docmill.values.page import Line, Page

PAGE_BREAK = "\n\f"
"""Between two pages of plain text: a line end and a form feed, as pdftotext and Tesseract write it."""


SEARCHABLE_PDF = "pdf"
"""The one format that needs the document itself: searchable_pdf.py writes it, in the cell."""


class Rendered(NamedTuple):
    """A document in a format, its media type, and its file extension without the dot."""

    data: bytes
    media_type: str
    extension: str

    @property
    def text(self) -> str:
        """The characters of a format that is text."""
        return self.data.decode()


def rendered_pdf(data: bytes) -> Rendered:
    """A searchable PDF among the formats."""
    return Rendered(data, "application/pdf", SEARCHABLE_PDF)


def render(pages: Sequence[Page], extract_format: str, *, document_id: str = "", problems: Sequence[Problem] = ()) -> Rendered:
    """The pages in one of FORMATS.

    Args:
        pages: in order; pages that failed are left out and named in `problems`.
        extract_format: text, json, hocr, alto or markdown.
        document_id: for json.
        problems: for json, what is missing or doubtful.

    Raises:
        InvalidOptions: unknown format; the message names the known ones.
    """
    if extract_format == "json":
        return Rendered(_json(pages, document_id, problems).encode(), "application/json", "json")
    if extract_format not in FORMATS:
        raise InvalidOptions(f"unknown format; known are {', '.join(sorted((*FORMATS, 'json')))}")
    write, media_type, extension = FORMATS[extract_format]
    return Rendered(write(pages).encode(), media_type, extension)


def document_text(pages: Sequence[Page]) -> str:
    """The canonical texts of the pages, form feeds between them."""
    return PAGE_BREAK.join(page.text for page in pages)


def _text(pages: Sequence[Page]) -> str:
    return document_text(pages) + "\n"


def _json(pages: Sequence[Page], document_id: str, problems: Sequence[Problem]) -> str:
    body = {
        "document_id": document_id,
        "text": document_text(pages),
        "pages": [
            {
                "number": page.number,
                "width_px": page.width_px,
                "height_px": page.height_px,
                "dpi": page.dpi,
                "turned_deg": page.turned_deg,
                "exif_orientation": page.exif_orientation,
                "source": page.source,
                "reason": page.reason,
                "language": page.language,
                "confidence": page.confidence,
                "text": page.text,
                "words": [{"text": w.text, "box": list(w.box), "confidence": w.confidence} for w in page.words],
                "quality": page.quality,
                "quality_reasons": list(page.quality_reasons),
                "tables": [{"box": list(table.box), "rows": table.rows} for table in tables_of(page.lines)],
            }
            for page in pages
        ],
        "problems": [problem.model_dump(mode="json") for problem in problems],
    }
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def _alto(pages: Sequence[Page]) -> str:
    return alto_of(pages, _xml_text)


def _hocr(pages: Sequence[Page]) -> str:
    """HOCR 1.2 as XHTML: http://kba.cloud/hocr-spec/1.2/ . Boxes in whole pixels, x_wconf 0-100.

    `x_turned` and `x_orientation` of a page are its turned_deg and exif_orientation (the specification's names of an engine's own properties
    have no underscore behind x_).
    """
    language = pages[0].language if pages else "en"
    body = "\n".join(_hocr_page(page) for page in pages)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="{language}" lang="{language}">
<head>
<title></title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="ocr-system" content="docmill" />
<meta name="ocr-capabilities" content="ocr_page ocr_line ocrx_word" />
<meta name="ocr-number-of-pages" content="{len(pages)}" />
</head>
<body>
{body}
</body>
</html>
"""


def _hocr_page(page: Page) -> str:
    lines = "\n".join(_hocr_line(line, page.number, at) for at, line in enumerate(page.lines, 1))
    title = (
        f"bbox 0 0 {page.width_px} {page.height_px}; ppageno {page.number - 1}; scan_res {page.dpi} {page.dpi}"
        f"; x_turned {page.turned_deg}; x_orientation {page.exif_orientation}"
    )
    return f'<div class="ocr_page" id="page_{page.number}" title="{title}">\n{lines}\n</div>'


def _hocr_line(line: Line, page_number: int, at: int) -> str:
    words = " ".join(
        f'<span class="ocrx_word" id="word_{page_number}_{at}_{n}" title="{_bbox(w.box)}; x_wconf {round(w.confidence * 100)}">'
        f"{escape(_xml_text(w.text))}</span>"
        for n, w in enumerate(line.words, 1)
    )
    return f'<span class="ocr_line" id="line_{page_number}_{at}" title="{_bbox(line.box)}">{words}</span><br />'


def _bbox(box: tuple[float, float, float, float]) -> str:
    return "bbox " + " ".join(str(round(v)) for v in box)


def _xml_text(text: str) -> str:
    # XML 1.0 has no way to write control characters and noncharacters, not even escaped
    return "".join(c if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff" else "\ufffd" for c in text)


FORMATS: Mapping[str, tuple[Callable[[Sequence[Page]], str], str, str]] = MappingProxyType(
    {
        "text": (_text, "text/plain; charset=utf-8", "txt"),
        "alto": (_alto, "application/xml", "xml"),
        "hocr": (_hocr, "application/xhtml+xml", "hocr"),
        "markdown": (markdown_of, "text/markdown; charset=utf-8", "md"),
    }
)
"""Format -> writer, media type, extension. `json` stands beside them because it takes the document's id and problems too."""
