"""Pages of a PDF as PDFs of their own: nothing but what the pages show is taken over.

Forms and notes are drawn into their pages and every annotation goes with them, because widgets hang together with those of other pages; resources
that a page doesn't use go too, or a part would carry pictures of another one. No scripts, actions, attachments, bookmarks, tags or metadata.
"""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Name

from docmill.errors import Damaged, Encrypted
from docmill.pdf_pages.annotations import page_with_annotations
from docmill.pdf_pages.document_facts import facts_of
from docmill.pdf_pages.form_values import is_fresh, with_fresh_fields

_SHOWN: Final = frozenset(
    {
        "/Type",
        "/Parent",
        "/Resources",
        "/Contents",
        "/MediaBox",
        "/CropBox",
        "/BleedBox",
        "/TrimBox",
        "/ArtBox",
        "/Rotate",
        "/UserUnit",
        "/Group",
    }
)
"""What of a page dictionary says how it looks (ISO 32000-2, table 31)."""


def write_parts(source: Path, spans: Sequence[tuple[int, int, Path]]) -> None:
    """Write each span of pages as a PDF of its own.

    Args:
        source: the PDF.
        spans: first and last page, counted from 1, both within, and the file to write.

    Raises:
        Encrypted: the PDF asks for a password.
        Damaged: its pages cannot be copied.
    """
    try:
        with pikepdf.open(_with_fresh_fields_drawn(source) or source) as pdf:
            pdf.generate_appearance_streams()
            pdf.flatten_annotations("screen")
            for first, last, out in spans:
                _write_part(pdf, first, last, out)
    except pikepdf.PasswordError:
        raise Encrypted("the PDF asks for a password") from None
    except (pikepdf.PdfError, IndexError, RuntimeError) as error:  # RuntimeError: a page tree that runs in circles
        raise Damaged("pages of the PDF cannot be copied") from error


def _with_fresh_fields_drawn(source: Path) -> io.BytesIO | None:
    """The PDF with its fields and notes drawn into the pages as reading saw them, where appearances are missing or stale: qpdf leaves those out."""
    try:
        document = with_fresh_fields(pdfium.PdfDocument(source), source, has_bare_notes=facts_of(source).has_bare_notes)
        with contextlib.closing(document):
            if not is_fresh(document):
                return None
            for number in range(1, len(document) + 1):
                page_with_annotations(document, number).close()
            copy = io.BytesIO()
            document.save(copy)
            return copy
    except pdfium.PdfiumError:
        return None  # qpdf opens what PDFium refuses, and says what is wrong with the rest


def _write_part(pdf: pikepdf.Pdf, first: int, last: int, out: Path) -> None:
    with pikepdf.new() as part:
        for number in range(first, last + 1):
            part.pages.append(pdf.pages[number - 1])
            sheet = part.pages[-1].obj
            for name in set(sheet.keys()) - _SHOWN:
                del sheet[name]
        if Name.OCProperties in pdf.Root:  # which layers are hidden: without it a viewer shows all
            part.Root.OCProperties = part.copy_foreign(pdf.make_indirect(pdf.Root.OCProperties))
        part.remove_unreferenced_resources()
        part.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
