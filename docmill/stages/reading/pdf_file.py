"""Opening PDFs with PDFium, with qpdf's repair behind it, and keeping the last ones open.

A 500-page PDF is read page by page by 500 calls; parsing it each time would cost more than reading. What is kept is bounded to two
documents, keyed by path, time and size of the file, so a changed file is opened anew. PDFium isn't thread-safe: one document at a time,
as in the cell.
"""

import contextlib
import io
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import pikepdf
import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged, Encrypted
from docmill.pdf_pages.annotations import page_with_annotations
from docmill.pdf_pages.document_facts import DocumentFacts, facts_of
from docmill.pdf_pages.form_values import with_fresh_fields
from docmill.values.geometry import Box

_KEPT_OPEN: Final = 2
_AES_256: Final = 5  # /V of the encryption dictionary, ISO 32000-2 table 20
_LOCKED: Final = "the PDF asks for a password, and none was given"
_open: OrderedDict[tuple[str, int, int], pdfium.PdfDocument] = OrderedDict()
_facts: WeakKeyDictionary[pdfium.PdfDocument, DocumentFacts] = WeakKeyDictionary()
_units: WeakKeyDictionary[pdfium.PdfPage, float] = WeakKeyDictionary()

Corners = tuple[float, float, float, float]
"""Left, bottom, right, top of a character or a word in the page's own points."""


@dataclass(frozen=True, slots=True)
class PageGeometry:
    """How a page's own coordinates (points, mostly; origin bottom-left, not turned) map to its upright image.

    Attributes:
        box_pt: the visible part in units of the page, mostly points, crop box within media box: left, bottom, right, top.
        rotation_deg: /Rotate, clockwise: 0, 90, 180 or 270.
        unit_pt: points to a unit of the page's own coordinates; 1 except on very large pages.
    """

    box_pt: tuple[float, float, float, float]
    rotation_deg: int
    unit_pt: float = 1.0

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the upright page."""
        left, bottom, right, top = self.box_pt
        size = ((right - left) * self.unit_pt, (top - bottom) * self.unit_pt)
        return size if self.rotation_deg % 180 == 0 else (size[1], size[0])

    def scale(self, dpi: int) -> float:
        """Pixels to a unit of the page's own coordinates."""
        return dpi * self.unit_pt / 72

    def size_px(self, dpi: int) -> tuple[int, int]:
        """Size of the upright page image; rounded up, as poppler does."""
        width_pt, height_pt = self.size_pt
        return max(1, math.ceil(width_pt * dpi / 72 - 1e-6)), max(1, math.ceil(height_pt * dpi / 72 - 1e-6))

    def dpi_within(self, dpi: int, max_pixels: int) -> int:
        """The resolution, lowered so far that the page image has at most `max_pixels`."""
        width_pt, height_pt = self.size_pt
        return max(1, min(dpi, int(72 * math.sqrt(max_pixels / max(1.0, width_pt * height_pt)))))

    def upright_px(self, dpi: int) -> Callable[[Corners], Box]:
        """What makes a rectangle of page coordinates a box in pixels of the upright page image, rounded to a tenth.

        It raises OverflowError or ValueError where an edge is infinite or no number.
        """
        x0, y0, x1, y1 = self.box_pt
        tenths = 10 * self.scale(dpi)
        # each edge of the box is an edge of the rectangle, from the page's side that comes to lie left or on top
        (a, from_a), (b, from_b), (c, from_c), (d, from_d) = {
            0: ((0, x0), (3, y1), (2, x0), (1, y1)),
            90: ((1, y0), (0, x0), (3, y0), (2, x0)),
            180: ((2, x1), (1, y0), (0, x1), (3, y0)),
            270: ((3, y1), (2, x1), (1, y1), (0, x1)),
        }[self.rotation_deg]
        right = tenths if self.rotation_deg < 180 else -tenths  # noqa: PLR2004
        down = tenths if self.rotation_deg in {90, 180} else -tenths

        def box(at: Corners) -> Box:
            # floor is four times as quick as round, and a page has hundreds of words
            return Box(
                floor((at[a] - from_a) * right + 0.5) / 10,
                floor((at[b] - from_b) * down + 0.5) / 10,
                floor((at[c] - from_c) * right + 0.5) / 10,
                floor((at[d] - from_d) * down + 0.5) / 10,
            )

        return box


def open_pdf(path: Path) -> pdfium.PdfDocument:
    """The open document for a file; stays open until two others were opened.

    Raises:
        Encrypted: it asks for a password (an empty user password is no obstacle).
        Damaged: neither PDFium nor qpdf's repair finds pages in it.
    """
    stat = path.stat()
    key = (str(path), stat.st_mtime_ns, stat.st_size)
    if key in _open:
        _open.move_to_end(key)
        return _open[key]
    while len(_open) >= _KEPT_OPEN:
        _open.popitem(last=False)[1].close()
    facts = facts_of(path)
    _open[key] = document = _opened(path, has_bare_notes=facts.has_bare_notes)
    _facts[document] = facts
    return document


def close_all() -> None:
    """Close every document that is kept open."""
    while _open:
        _open.popitem()[1].close()


@contextlib.contextmanager
def pdf_page(path: Path, number: int) -> Iterator[pdfium.PdfPage]:
    """A page by its number from 1, closed afterwards. Filled form fields, notes and stamps are part of its content.

    Raises:
        Damaged: the page cannot be parsed.
    """
    document = open_pdf(path)
    if not 1 <= number <= len(document):
        raise Damaged(f"there is no page {number}", page=number)
    try:
        page = page_with_annotations(document, number)
    except pdfium.PdfiumError as error:
        raise Damaged(f"page {number} cannot be parsed", page=number) from error
    if number in _facts[document].units:
        _units[page] = _facts[document].units[number]
    try:
        yield page
    finally:
        page.close()


def geometry_of(page: pdfium.PdfPage) -> PageGeometry:
    """The page's visible box and rotation."""
    return PageGeometry(tuple(page.get_bbox()), page.get_rotation() % 360, _units.get(page, 1.0))


def hides_layers(page: pdfium.PdfPage) -> bool:
    """Whether the page's document has layers that are switched off: PDFium does not draw them, and yet gives their text."""
    return page.pdf in _facts and _facts[page.pdf].hides_layers


def _opened(path: Path, *, has_bare_notes: bool) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(path)
        if len(document):
            # no form environment: it would walk every form field, which a hostile file nests without end; flattening needs none
            return with_fresh_fields(document, path, has_bare_notes=has_bare_notes)
        document.close()
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_SECURITY:
            raise Encrypted(
                "the PDF is locked in a way that no password opens: by a certificate, or a scheme docmill does not know"
            ) from error
        return _repaired(path, refused_password=error.err_code == raw.FPDF_ERR_PASSWORD)
    return _repaired(path, refused_password=False)


def _repaired(path: Path, *, refused_password: bool) -> pdfium.PdfDocument:
    # qpdf rebuilds lost cross-reference tables and page trees that PDFium gives up on, and opens with an empty password some
    # AES-256 files that PDFium refuses; about older encryption PDFium is believed
    try:
        with pikepdf.open(path) as broken:
            is_locked = refused_password and not (broken.is_encrypted and broken.encryption.V >= _AES_256)
            rewritten = io.BytesIO()
            broken.save(rewritten, encryption=False, fix_metadata_version=False)
        document = pdfium.PdfDocument(rewritten)
        count = len(document)
    except pikepdf.PasswordError as error:
        raise Encrypted(_LOCKED) from error
    except Exception as error:  # both libraries raise what the damage makes of them
        raise Damaged("the PDF is damaged beyond repair") from error
    if is_locked:
        document.close()
        raise Encrypted(_LOCKED)
    if not count:
        raise Damaged("the PDF has no pages")
    return document
