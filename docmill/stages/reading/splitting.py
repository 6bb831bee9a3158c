"""Pages of a PDF as PDFs of their own: nothing but what the pages show is taken over.

Forms and notes are drawn into their pages and every annotation goes with them, because widgets hang together with those of other pages; resources
that a page doesn't use go too, or a part would carry pictures of another one. No scripts, actions, attachments, bookmarks, tags or metadata.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Name

from docmill.errors import Damaged, Encrypted

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
        with pikepdf.open(source) as pdf:
            pdf.generate_appearance_streams()
            pdf.flatten_annotations("screen")
            for first, last, out in spans:
                _write_part(pdf, first, last, out)
    except pikepdf.PasswordError:
        raise Encrypted("the PDF asks for a password") from None
    except (pikepdf.PdfError, IndexError, RuntimeError) as error:  # RuntimeError: a page tree that runs in circles
        raise Damaged("pages of the PDF cannot be copied") from error


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
