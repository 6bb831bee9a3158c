"""Upright page images in files: a PDF page through poppler (PDFium stands behind it), a frame of an image file through Pillow.

Raw PGM and PPM files are written, because encoding PNG costs more than rendering; they lie in the caller's scratch folder.
"""

import contextlib
import math
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pdf2image import convert_from_path, pdfinfo_from_path
from pdf2image.exceptions import PDFInfoNotInstalledError, PDFPageCountError, PDFPopplerTimeoutError, PDFSyntaxError
from PIL import Image, ImageFile

from docmill.errors import Damaged, UnsupportedType
from docmill.pdf_pages.form_values import is_fresh
from docmill.scratch import folder_within
from docmill.shredding import shred_file
from docmill.stages.picture_modes import is_upright, orientation_of, upright_colour
from docmill.stages.reading import image_file
from docmill.stages.reading.gray_pixels import keep_gray
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import IMAGE_TYPES, PDF
from docmill.stages.reading.pdf_file import geometry_of, pdf_page
from docmill.values.ports import PageImage

OCR_DPI: Final = 200
"""Resolution at which PDF pages are read and at which boxes of PDF pages are given."""

_POPPLER_FAILURES = (PDFPopplerTimeoutError, PDFInfoNotInstalledError, PDFPageCountError, PDFSyntaxError, OSError, ValueError)
_POPPLER_SHARE: Final = 0.3  # of the deadline; afterwards PDFium draws the page, until the cell's deadline ends it
_COUNTER_CLOCKWISE: Final = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
Colour = Literal["gray", "colour"]


def page_image_of(path: Path, media_type: str, number: int, *, dpi: int, colour: Colour, scratch_dir: Path, limits: Limits) -> PageImage:
    """The upright image of a page in a new file below `scratch_dir`, which belongs to the caller.

    A PDF page comes at `dpi`, or lower where limits.max_pixels asks for it; an image keeps its own pixels and its own resolution.

    Raises:
        Damaged, TooLarge: the page cannot be drawn, or not within the limits.
        UnsupportedType: the document is text and has no page image.
    """
    if media_type == PDF:
        return _pdf_page_image(path, number, dpi, colour, scratch_dir, limits)
    if media_type not in IMAGE_TYPES:
        raise UnsupportedType("a text document has no page image", media_type=media_type)
    with image_file.opened(path, media_type, limits, number) as image:
        orientation = orientation_of(image)
        picture = upright_colour(image)
        own_dpi = image_file.dpi_of(image, *picture.size)
        if colour == "gray" and picture.mode == "RGB":
            picture = picture.convert("L")
        return replace(saved_image(picture, own_dpi, number, scratch_dir), exif_orientation=orientation)


@contextlib.contextmanager
def gray_page_image(path: Path, media_type: str, number: int, *, scratch_dir: Path, limits: Limits) -> Iterator[PageImage]:
    """The upright gray page image for an OCR engine, at OCR_DPI for a PDF; its file is overwritten and removed afterwards.

    Raises:
        Damaged, TooLarge: as `page_image_of`.
    """
    made = page_image_of(path, media_type, number, dpi=OCR_DPI, colour="gray", scratch_dir=scratch_dir, limits=limits)
    try:
        yield made
    finally:
        shred_file(made.path)


def turned_copy(image: PageImage, clockwise_deg: int, scratch_dir: Path) -> PageImage:
    """A copy of a page image in a new file, turned by 90, 180 or 270 degrees.

    Raises:
        Damaged: the image cannot be decoded.
    """
    try:
        with Image.open(image.path) as picture:
            plain = picture if picture.mode in {"1", "L", "RGB"} else picture.convert("RGB")
            # Pillow turns counter-clockwise
            turned = plain.transpose(_COUNTER_CLOCKWISE[360 - clockwise_deg])
        return replace(saved_image(turned, image.dpi, image.number, scratch_dir), exif_orientation=image.exif_orientation)
    except (OSError, ValueError, SyntaxError) as error:
        raise Damaged("the page image cannot be decoded", page=image.number) from error


@contextlib.contextmanager
def turned_image(image: PageImage, clockwise_deg: int, scratch_dir: Path) -> Iterator[PageImage]:
    """`turned_copy` for as long as the block runs; its file is overwritten and removed afterwards.

    Raises:
        Damaged: the image cannot be decoded.
    """
    made = turned_copy(image, clockwise_deg, scratch_dir)
    try:
        yield made
    finally:
        shred_file(made.path)


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Lets libraries that make temporary files of their own make them in `folder`, which the caller empties even after a kill."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def readable_as_it_is(path: Path, media_type: str, number: int, limits: Limits) -> PageImage | None:
    """The document's own file as page image, if it is a JPEG or PNG that is upright and plain: nothing is encoded.

    Raises:
        Damaged, TooLarge: as `page_image_of`.
    """
    if media_type not in {"image/jpeg", "image/png"}:
        return None
    with image_file.opened(path, media_type, limits, number) as image:
        if image.mode not in {"1", "L", "RGB"} or "transparency" in image.info or not is_upright(image):
            return None
        if isinstance(image, ImageFile.ImageFile) and not image.tile:
            keep_gray(path, image)  # a PNG was decoded to see whether it states how it lies
        width, height = image.size
        return PageImage(path=path, width_px=width, height_px=height, dpi=image_file.dpi_of(image, width, height), number=number)


def _pdf_page_image(path: Path, number: int, dpi: int, colour: Colour, scratch_dir: Path, limits: Limits) -> PageImage:
    with pdf_page(path, number) as page:
        geometry = geometry_of(page)
        dpi = geometry.dpi_within(dpi, limits.max_pixels)
        is_changed = is_fresh(page.pdf)  # poppler would draw fields and notes from the file, elsewhere than a redacted copy shows them
    drawn = None if is_changed else _by_poppler(path, number, dpi * geometry.unit_pt, colour, scratch_dir, limits)
    if drawn is None:
        return _by_pdfium(path, number, dpi, colour, scratch_dir)
    with Image.open(drawn) as image:
        width, height = image.size
    return PageImage(path=drawn, width_px=width, height_px=height, dpi=dpi, number=number)


def _by_poppler(path: Path, number: int, dots_per_72_units: float, colour: Colour, scratch_dir: Path, limits: Limits) -> Path | None:
    stat = path.stat()
    timeout_s = math.ceil(limits.deadline_s * _POPPLER_SHARE)
    if not _poppler_opens(path, stat.st_mtime_ns, stat.st_size, timeout_s):
        return None
    # a folder of its own: a run that is cut off leaves half a file behind
    with folder_within(scratch_dir) as own_dir:
        try:
            # without use_cropbox poppler draws the media box, and every box of the text layer would be off
            drawn = convert_from_path(
                path,
                dpi=dots_per_72_units,  # type: ignore[arg-type]  # a word of pdftoppm's, which knows no units
                first_page=number,
                last_page=number,
                fmt="ppm",
                grayscale=colour == "gray",
                use_cropbox=True,
                output_folder=own_dir,
                paths_only=True,
                timeout=timeout_s,
            )
        except _POPPLER_FAILURES:
            return None
        return Path(str(drawn[0])).rename(_new_file(scratch_dir, number, Path(str(drawn[0])).suffix)) if drawn else None


@lru_cache(maxsize=4)
def _poppler_opens(path: Path, _mtime_ns: int, _size: int, timeout_s: int) -> bool:
    # pdf2image asks pdfinfo before it draws, and sets no timeout there; a file that hangs poppler is found out here first
    try:
        pdfinfo_from_path(str(path), timeout=timeout_s)
    except _POPPLER_FAILURES:
        return False
    return True


def _by_pdfium(path: Path, number: int, dpi: int, colour: Colour, scratch_dir: Path) -> PageImage:
    with pdf_page(path, number) as page:
        try:
            picture = page.render(scale=geometry_of(page).scale(dpi), grayscale=colour == "gray").to_pil()
        except Exception as error:  # the binding raises several types
            raise Damaged(f"page {number} cannot be drawn", page=number) from error
    return saved_image(picture if picture.mode == "L" else picture.convert("RGB"), dpi, number, scratch_dir)


def saved_image(picture: Image.Image, dpi: int, number: int, scratch_dir: Path) -> PageImage:
    """A picture (mode 1, L or RGB) as page image in a new file, which belongs to the caller."""
    suffix = {"1": ".pbm", "L": ".pgm"}.get(picture.mode, ".ppm")
    target = _new_file(scratch_dir, number, suffix)
    picture.save(target, format="PPM")
    width, height = picture.size
    return PageImage(path=target, width_px=width, height_px=height, dpi=dpi, number=number)


def _new_file(scratch_dir: Path, number: int, suffix: str) -> Path:
    return scratch_dir / f"page-{number}-{uuid.uuid4().hex}{suffix}"
