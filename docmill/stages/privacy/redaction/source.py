"""The pages of the file to redact as upright images, the way reading saw them.

Only what was read is drawn: on a page read from its text layer, annotations are drawn only where reading took their text too (form fields,
free text, stamps, shapes with captions; annotations.py); others are left out, because their words were not searched.
A page whose image has not the size of the page that was read is refused: boxes would miss.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pikepdf
import pypdfium2 as pdfium
from PIL import Image, ImageChops, UnidentifiedImageError

from docmill.errors import Damaged, Encrypted, RedactionUnproven, TooLarge, UnsupportedType
from docmill.pdf_pages.annotations import page_with_annotations
from docmill.pdf_pages.document_facts import facts_of
from docmill.pdf_pages.form_values import with_fresh_fields
from docmill.stages.picture_modes import upright_colour
from docmill.values.page import Page

_POINTS_PER_INCH = 72
_SLACK_PX = 2  # renderers round page sizes up or down
_COLOUR_PREVIEW_PX = 400
_COLOURED = 24  # difference between channels, of 255, that is no scanner's tint

_CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}  # Pillow counts the other way

_TIFF, _GIF = "image/tiff", "image/gif"
_FRAMED = frozenset({_TIFF, _GIF})  # every frame is a page; what telephones store behind a photo is none
_DECODERS = MappingProxyType(
    {
        "image/png": ("PNG",), "image/jpeg": ("JPEG", "MPO"), _TIFF: ("TIFF",), "image/bmp": ("BMP",), "image/webp": ("WEBP",), _GIF: ("GIF",),
        "image/jp2": ("JPEG2000",),
    },
)  # fmt: skip
IMAGE_TYPES = frozenset(_DECODERS)


@dataclass(frozen=True, slots=True)
class Source:
    """A file with pages. `render` gives the upright image (mode RGB, L or 1) of a page as it was read, in that page's pixels."""

    page_count: int
    render: Callable[[Page], Image.Image]


@contextmanager
def open_source(path: Path, media_type: str) -> Iterator[Source]:
    """Open the file to redact.

    Raises:
        Damaged, Encrypted: it cannot be opened or rendered.
        TooLarge: an image has more pixels than Pillow decodes.
        UnsupportedType: no pages to render in this type.
        RedactionUnproven: from `render`, when the image has not the size of the page that was read.
    """
    if media_type == "application/pdf":
        with _open_pdf(path) as source:
            yield source
    elif media_type in IMAGE_TYPES:
        with _open_image(path, media_type) as source:
            yield source
    else:
        raise UnsupportedType(f"{media_type} has no pages to redact")


@contextmanager
def _open_pdf(path: Path) -> Iterator[Source]:
    facts = facts_of(path)
    document = _pdfium_document(path, has_bare_notes=facts.has_bare_notes)
    try:
        # no init_forms: it can take minutes on odd forms, and fields show their appearance streams without it
        yield Source(len(document), lambda page: _render_pdf_page(document, page, facts.units.get(page.number, 1.0)))
    finally:
        document.close()


def _pdfium_document(path: Path, *, has_bare_notes: bool) -> pdfium.PdfDocument:
    with suppress(pdfium.PdfiumError):
        document = pdfium.PdfDocument(path)
        if len(document):
            return with_fresh_fields(document, path, has_bare_notes=has_bare_notes)
        document.close()
    # qpdf opens files with lost page trees, or with an empty AES-256 password, that PDFium refuses; reading does the same
    rewritten = io.BytesIO()
    try:
        with pikepdf.open(path) as pdf:
            pdf.save(rewritten)
        rewritten.seek(0)
        return pdfium.PdfDocument(rewritten, autoclose=True)
    except pikepdf.PasswordError as error:
        raise Encrypted from error
    except (pikepdf.PdfError, pdfium.PdfiumError) as error:
        raise Damaged("the PDF cannot be opened") from error


def _render_pdf_page(document: pdfium.PdfDocument, page: Page, unit_pt: float) -> Image.Image:
    try:
        sheet = page_with_annotations(document, page.number)
        scale = page.dpi * unit_pt / _POINTS_PER_INCH
        _require_size(page, *_turned_size(page, *(side * scale for side in sheet.get_size())))
        was_seen = page.source != "text_layer"
        preview = sheet.render(scale=_COLOUR_PREVIEW_PX / max(sheet.get_size()), draw_annots=was_seen).to_pil()
        # pdfium keeps the picture until it is closed; the copy lives on
        image: Image.Image = sheet.render(scale=scale, grayscale=not _has_colour(preview), draw_annots=was_seen).to_pil().copy()
        sheet.close()
    except pdfium.PdfiumError as error:
        raise Damaged(f"page {page.number} cannot be rendered") from error
    return _turned(image.convert("RGB") if image.mode not in {"RGB", "L"} else image, page)


@contextmanager
def _open_image(path: Path, media_type: str) -> Iterator[Source]:
    # from an open file: given a path Pillow maps an uncompressed TIFF into memory, and garbles it when it is turned
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # pixels are limited when the file is read first
                image = Image.open(file, formats=_DECODERS[media_type])
        except Image.DecompressionBombError as error:
            raise TooLarge("the image has too many pixels") from error
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
            raise Damaged("the image cannot be opened") from error
        with image:
            yield Source(getattr(image, "n_frames", 1) if media_type in _FRAMED else 1, lambda page: _frame(image, page))


def _frame(image: Image.Image, page: Page) -> Image.Image:
    try:
        image.seek(page.number - 1)
        upright = upright_colour(image)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Damaged(f"page {page.number} cannot be decoded") from error
    _require_size(page, *_turned_size(page, *upright.size))
    return _turned(upright.copy() if upright is image else upright, page)  # it is drawn upon


def _turned_size(page: Page, width_px: float, height_px: float) -> tuple[float, float]:
    return (height_px, width_px) if page.turned_deg in {90, 270} else (width_px, height_px)


def _turned(image: Image.Image, page: Page) -> Image.Image:
    """The image turned as reading turned the page it found on its side or head; boxes count in the turned image."""
    return image.transpose(_CLOCKWISE[page.turned_deg]) if page.turned_deg else image


def _require_size(page: Page, width_px: float, height_px: float) -> None:
    if abs(width_px - page.width_px) > _SLACK_PX or abs(height_px - page.height_px) > _SLACK_PX:
        raise RedactionUnproven(f"the image of page {page.number} has another size than the page that was read")


def _has_colour(image: Image.Image) -> bool:
    """Whether any pixel is clearly neither black, grey nor white."""
    red, green, blue = image.convert("RGB").split()
    spread = ImageChops.lighter(ImageChops.difference(red, green), ImageChops.difference(green, blue))
    return sum(spread.histogram()[_COLOURED:]) > 0
