"""A document as a searchable PDF: every page as it looks, with the words that were read lying invisibly over them.

A PDF page that was read from its own text stays as it is. One that was read from its image keeps its drawing and gets a text layer, or the words
that its own one lacks; if that one is unusable, the page's picture takes its place, or searching would find both. Image files become pictures, text
documents are drawn. Of the original its pages are taken over, what layers they show and their form fields: no scripts, actions, attachments or metadata.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageDraw, ImageFont

from docmill.errors import Damaged, TooLarge
from docmill.pdf_pages.catalog import keep_catalog
from docmill.pdf_pages.invisible_text import InvisibleText
from docmill.pdf_pages.spilled_pictures import SpilledPictures
from docmill.shredding import shred_file
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import PDF, TEXT_TYPES
from docmill.stages.reading.mixed_page import is_same_place
from docmill.stages.reading.pdf_file import PageGeometry, geometry_of, pdf_page
from docmill.stages.reading.raster import page_image_of
from docmill.stages.reading.text_layer import text_layer_of
from docmill.values.page import Line, Page

if TYPE_CHECKING:
    from docmill.values.geometry import Box

_POINTS_PER_INCH: Final = 72
_FONT_PREFIX: Final = "DocmillF"
_CLOCKWISE: Final = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
_TEXT_SIZE: Final = 0.72  # of a row's height
_ACTIONS: Final = (Name.A, Name.AA, Name.PA)


def write_searchable_pdf(source: Path, media_type: str, pages: Sequence[Page], out: Path, scratch_dir: Path, limits: Limits) -> None:
    """Write the searchable PDF of a document; pages that were not read are left out, except those of a PDF, which stay as they are.

    Args:
        source: the document.
        media_type: as `inspect` said.
        pages: as read, any number of them; each is loaded when it is its turn, if they are files.
        out: the file to write.
        scratch_dir: for temporary files.
        limits: for drawing pages.

    Raises:
        Encrypted: the PDF asks for a password.
    """
    read = _Read(pages)
    with pikepdf.new() as pdf, SpilledPictures(pdf, scratch_dir) as pictures:
        made = _Sheets(pdf, pictures)
        if media_type == PDF:
            _of_pdf(made, source, read, scratch_dir, limits)
        else:
            for number in sorted(read.at):
                page, is_text = pages[read.at[number]], media_type in TEXT_TYPES
                made.add_picture(page, _drawn(page) if is_text else _pictured(source, media_type, page, scratch_dir, limits))
        made.finish(out)


class _Read:
    """Pages by their numbers; none is kept."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self.at = {page.number: index for index, page in enumerate(pages)}

    def page(self, number: int) -> Page | None:
        """The page, unless it was not read."""
        return self._pages[self.at[number]] if number in self.at else None


class _Sheets:
    """The PDF that is being written."""

    def __init__(self, pdf: pikepdf.Pdf, pictures: SpilledPictures) -> None:
        self.pdf = pdf
        self._pictures = pictures
        self._text = InvisibleText(_FONT_PREFIX)
        self._with_text: list[pikepdf.Page] = []
        self._has_originals = False

    def add_picture(self, page: Page, image: Image.Image) -> None:
        """A page of its own: the upright image under its words."""
        scale = _POINTS_PER_INCH / page.dpi
        width, height = page.width_px * scale, page.height_px * scale
        shown = b"q %.3f 0 0 %.3f 0 0 cm /Im Do Q\n" % (width, height)
        sheet = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, round(width, 3), round(height, 3)]))
        sheet.Resources = self._pictures.resources(image)
        sheet.Contents = self.pdf.make_stream(shown + self._text.content(page.lines, scale=scale, height_pt=height))
        self.pdf.pages.append(pikepdf.Page(self.pdf.make_indirect(sheet)))
        self._with_text.append(self.pdf.pages[-1])

    def add_original(self, original: pikepdf.Page) -> pikepdf.Page:
        """A page of the document as it is."""
        self.pdf.pages.append(original)
        self._has_originals = True
        sheet = self.pdf.pages[-1]
        _disarm(sheet)
        return sheet

    def add_under(self, lines: Iterable[Line], original: pikepdf.Page, page: Page, geometry: PageGeometry) -> None:
        """A page of the document with lines that were read laid over it."""
        sheet = self.add_original(original)
        turned = PageGeometry(geometry.box_pt, (geometry.rotation_deg + page.turned_deg) % 360, geometry.unit_pt)
        sheet.obj.Rotate = turned.rotation_deg
        words = self._text.content(lines, scale=1 / turned.scale(page.dpi), height_pt=turned.size_pt[1] / turned.unit_pt)
        sheet.contents_add(b"q\n", prepend=True)
        sheet.contents_add(b"\nQ\nq %s cm\n%s\nQ\n" % (_upright(turned), words))
        self._with_text.append(sheet)

    def keep_catalog(self, original: pikepdf.Pdf) -> None:
        """Take over the layers and the form of the document whose pages were added."""
        if self._has_originals:
            keep_catalog(self.pdf, original)

    def finish(self, out: Path) -> None:
        """Give every page its picture and the fonts of its words, and write."""
        self._pictures.finish()
        fonts = self._text.fonts(self.pdf)
        for sheet in self._with_text:
            for name, font in fonts.items():
                sheet.add_resource(font, Name.Font, Name(name))
        self.pdf.save(out, deterministic_id=True, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _of_pdf(made: _Sheets, source: Path, read: _Read, scratch_dir: Path, limits: Limits) -> None:
    with _opened(source) as original:
        count = _page_count(original)
        for number in range(1, max([count, *read.at]) + 1):
            page, own = read.page(number), original.pages[number - 1] if number <= count else None
            lacking = None if page is None or own is None else _lacking(source, page)
            if own is not None and (page is None or lacking == ()):
                made.add_original(own)
            elif page is not None and own is not None and lacking is not None:
                with pdf_page(source, number) as sheet:
                    geometry = geometry_of(sheet)
                made.add_under(lacking, own, page, geometry)
            elif page is not None:
                made.add_picture(page, _pictured(source, PDF, page, scratch_dir, limits))
        made.keep_catalog(original)


def _opened(source: Path) -> pikepdf.Pdf:
    """The document, or an empty one where qpdf gives up on what PDFium reads: then every page comes as a picture."""
    try:
        return pikepdf.open(source)
    except pikepdf.PdfError:
        return pikepdf.new()


def _page_count(document: pikepdf.Pdf) -> int:
    try:
        return len(document.pages)
    except (pikepdf.PdfError, RuntimeError):  # a page tree that runs in circles
        return 0


def _lacking(source: Path, page: Page) -> tuple[Line, ...] | None:
    """The lines that a page's own text lacks; None where that text is not what was read, so that searching would find both."""
    if page.source == "text_layer":
        return ()
    with pdf_page(source, page.number) as sheet:
        layer = text_layer_of(sheet, page.dpi)
    if layer.chars == 0:
        return page.lines
    read: defaultdict[str, list[Box]] = defaultdict(list)
    for word in page.words:
        read[word.text].append(word.box)
    for own in layer.words:
        found = next((box for box in read[own.text] if is_same_place(box, own.box)), None)
        if found is None:
            return None
        read[own.text].remove(found)
    lines = ([word for word in line.words if word.box in read[word.text]] for line in page.lines)
    return tuple(Line(words=tuple(words)) for words in lines if words) if layer.words else None


def _upright(geometry: PageGeometry) -> bytes:
    """The matrix from the upright page (in its own units, origin bottom left) to the page's own coordinates."""
    left, bottom, right, top = geometry.box_pt
    turn, x, y = {
        0: (b"1 0 0 1", left, bottom),
        90: (b"0 1 -1 0", right, bottom),
        180: (b"-1 0 0 -1", right, top),
        270: (b"0 -1 1 0", left, top),
    }[geometry.rotation_deg]
    return b"%s %.3f %.3f" % (turn, x, y)


def _disarm(sheet: pikepdf.Page) -> None:
    """Take away what a page would do by itself: actions of the page and of its annotations."""
    if Name.AA in sheet.obj:
        del sheet.obj.AA
    for annotation in sheet.obj.get(Name.Annots, Array()):
        if isinstance(annotation, Dictionary):
            for name in _ACTIONS:
                if name in annotation and not (name == Name.A and _is_link(annotation)):
                    del annotation[name]


def _is_link(annotation: Dictionary) -> bool:
    action = annotation.get(Name.A)
    return isinstance(action, Dictionary) and action.get(Name.S) in {Name.URI, Name.GoTo}


def _pictured(source: Path, media_type: str, page: Page, scratch_dir: Path, limits: Limits) -> Image.Image:
    try:
        made = page_image_of(source, media_type, page.number, dpi=page.dpi, colour="colour", scratch_dir=scratch_dir, limits=limits)
    except (Damaged, TooLarge):
        return _drawn(page)  # the words are there: a page that can be read but not drawn in colour does not cost the document
    try:
        with Image.open(made.path) as image:
            image.load()
            return image.transpose(_CLOCKWISE[page.turned_deg]) if page.turned_deg else image.copy()
    finally:
        shred_file(made.path)


def _drawn(page: Page) -> Image.Image:
    """A text page as a picture: its words where they stand."""
    image = Image.new("1", (page.width_px, page.height_px), 1)
    draw = ImageDraw.Draw(image)
    for word in page.words:
        font = ImageFont.load_default(word.box.height * _TEXT_SIZE)  # Pillow's own font, in the package
        width = draw.textlength(word.text, font=font)
        if isinstance(font, ImageFont.FreeTypeFont) and width > word.box.width > 0:
            font = font.font_variant(size=word.box.height * _TEXT_SIZE * word.box.width / width)
        draw.text((word.box.x0, word.box.y0 + word.box.height * _TEXT_SIZE), word.text, fill=0, font=font, anchor="ls")
    return image
