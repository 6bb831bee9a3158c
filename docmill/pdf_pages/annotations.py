"""A PDF page with its annotations drawn into it, as reading takes its text and redaction its picture: both must see the same.

PDFium's text leaves out what form fields, notes and stamps show, unless they are drawn into the page first. It draws appearances only; the ones
that are missing it makes itself when it renders a page of a document whose form asks for that (form_values.py sees to it).
"""

from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

_WITH_TEXT: Final = frozenset(
    (
        raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_WATERMARK, raw.FPDF_ANNOT_REDACT,
        raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_POLYGON, raw.FPDF_ANNOT_POLYLINE,
    )
)  # fmt: skip
"""Kinds whose appearance may have letters. Links and marks over text have none, and are on so many pages that drawing them in would cost."""

_MOST: Final = 20_000
"""Annotations looked at; where a page has more, they are drawn in without asking."""


def page_with_annotations(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    """A page by its number from 1, with what its annotations show as part of its content; hidden ones stay out.

    Raises:
        pypdfium2.PdfiumError: the page cannot be parsed.
    """
    page = document[number - 1]
    has_text, is_bare = _asked(page)
    if is_bare:  # rendering makes the appearances that are missing, at whatever size
        page.render(scale=1 / max(1.0, *page.get_size()), may_draw_forms=False, draw_annots=True)
    if has_text and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
        page.close()
        page = document[number - 1]
    return page


def _asked(page: pdfium.PdfPage) -> tuple[bool, bool]:
    """Whether an annotation may show text, and whether a form field has no appearance. Those that no screen shows are hidden."""
    count = raw.FPDFPage_GetAnnotCount(page)
    has_text, is_bare = count > _MOST, False
    for index in range(min(count, _MOST)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        has_text = has_text or kind in _WITH_TEXT
        is_bare = is_bare or (kind == raw.FPDF_ANNOT_WIDGET and not raw.FPDFAnnot_HasKey(annotation, b"AP"))
        flags = raw.FPDFAnnot_GetFlags(annotation)
        # "invisible" is said of kinds that a viewer does not know (PDF 1.7, table 165)
        seen = flags & ~raw.FPDF_ANNOT_FLAG_INVISIBLE if kind in _WITH_TEXT else flags
        if flags & raw.FPDF_ANNOT_FLAG_NOVIEW:  # meant for paper alone; PDFium would draw it in
            seen |= raw.FPDF_ANNOT_FLAG_HIDDEN
        if seen != flags:
            raw.FPDFAnnot_SetFlags(annotation, seen)
        raw.FPDFPage_CloseAnnot(annotation)
    return has_text, is_bare
