"""The gates for a redacted PDF; see `proof`."""

import mmap
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pikepdf
import pypdfium2 as pdfium
from PIL import Image

from docmill.errors import RedactionUnproven
from docmill.pdf_pages.invisible_text import from_the_left
from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.redaction.burning import Burn, PixelBox
from docmill.stages.privacy.redaction.proof import MASK, Secret, require_absent, require_opaque

_ROOT_KEYS = {"/Type", "/Pages"}
_PAGE_KEYS = {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
_RESOURCE_KEYS = {"/XObject", "/Font"}
_IMAGE_KEYS = {
    "/Type", "/Subtype", "/Width", "/Height", "/ColorSpace", "/BitsPerComponent", "/Filter", "/DecodeParms", "/Length",
}  # fmt: skip
_TRAILER_KEYS = {"/Root", "/Size", "/ID", "/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"}
_POINTS_PER_INCH = 72
_LAST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """A written PDF, opened by two libraries, with what was burned and what must be gone."""

    path: Path
    pdf: pikepdf.Pdf
    document: pdfium.PdfDocument
    burns: Sequence[Burn]
    secrets: Sequence[Secret]
    known: Known

    @property
    def sheets(self) -> Iterator[tuple[pdfium.PdfPage, Burn]]:
        """Each page with what was burned on it, open while it is looked at."""
        for index, burned in enumerate(self.burns):
            sheet = self.document[index]
            yield sheet, burned
            sheet.close()


def prove_pdf(path: Path, burns: Sequence[Burn], secrets: Sequence[Secret]) -> None:
    """All gates for a redacted PDF.

    Args:
        path: the written file.
        burns: page by page what was burned.
        secrets: what must be gone; none when a stranger checks, who does not know them.

    Raises:
        RedactionUnproven: a gate failed.
    """
    try:
        with pikepdf.open(path) as pdf, closing(pdfium.PdfDocument(path)) as document:
            finished = Finished(path, pdf, document, burns, secrets, Known(secrets))
            for gate in PDF_GATES.values():
                gate(finished)
    except (pikepdf.PdfError, pdfium.PdfiumError) as error:
        raise RedactionUnproven("the redacted PDF cannot be opened again") from error


def _structure(done: Finished) -> None:
    """Nothing but pages of one picture and text: by allow-list, so that what nobody thought of fails too."""
    pdf = done.pdf
    faults = [
        _revisions(done.path) != 1,
        not set(pdf.trailer.keys()) <= _TRAILER_KEYS,
        not set(pdf.Root.keys()) <= _ROOT_KEYS,
        len(pdf.pages) != len(done.burns),
        *(not _is_plain(page) for page in pdf.pages),
    ]
    if any(faults):
        raise RedactionUnproven("the redacted PDF carries more than pages of one picture and text")


def _revisions(path: Path) -> int:
    """How often the file ends; 0 where something stands behind its end."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        is_at_its_end = raw[-_LAST_BYTES:].rstrip().endswith(b"%%EOF")
        return len(re.findall(b"%%EOF", raw)) if is_at_its_end else 0


def _page_sizes(done: Finished) -> None:
    for sheet, burned in done.sheets:
        dots = [side * burned.page.dpi / _POINTS_PER_INCH for side in sheet.get_size()]
        if any(abs(a - b) > 1 for a, b in zip(dots, (burned.page.width_px, burned.page.height_px), strict=True)):
            raise RedactionUnproven(f"page {burned.page.number} has another size than the page that was redacted")


def _text_operators(done: Finished) -> None:
    # words of right-to-left scripts are written from the left
    turned = {Secret(" ".join(map(from_the_left, secret.value.split())), secret.type) for secret in done.secrets}
    known = Known(sorted(turned | set(done.secrets)))
    for number, page in enumerate(done.pdf.pages, start=1):
        require_absent(shown_text(page), known, f"the text operators of page {number}")


def _text_layer(done: Finished) -> None:
    for sheet, burned in done.sheets:
        with closing(sheet.get_textpage()) as text:
            require_absent(text.get_text_range(), done.known, f"the text of page {burned.page.number}")


def _objects(done: Finished) -> None:
    for text in _strings(done.pdf):
        require_absent(text, done.known, "the file's objects")


def _is_plain(page: pikepdf.Page) -> bool:
    resources = page.obj.Resources
    pictures = list(resources.XObject.values())
    return (
        set(page.obj.keys()) <= _PAGE_KEYS
        and set(resources.keys()) <= _RESOURCE_KEYS
        and len(pictures) == 1
        and set(pictures[0].keys()) <= _IMAGE_KEYS
        and all(font.Subtype == pikepdf.Name.Type3 for font in resources.get("/Font", pikepdf.Dictionary()).values())
    )


def shown_text(page: pikepdf.Page) -> str:
    """What the page's text operators show, decoded by the fonts' ToUnicode maps: an extractor without layout, clipping or rendering."""
    maps = {name: _unicode_map(font) for name, font in page.obj.Resources.get("/Font", pikepdf.Dictionary()).items()}
    current: dict[int, str] = {}
    shown: list[str] = []
    for instruction in pikepdf.parse_content_stream(page):
        operands, operator = instruction.operands, instruction.operator
        if str(operator) == "Tf":
            current = maps[str(operands[0])]
        elif str(operator) in {"Tj", "TJ", "'", '"'}:
            pieces = operands[-1] if isinstance(operands[-1], pikepdf.Array) else [operands[-1]]
            shown += [current.get(code, chr(code)) for piece in pieces if isinstance(piece, pikepdf.String) for code in bytes(piece)]
    return "".join(shown)


def _unicode_map(font: pikepdf.Object) -> dict[int, str]:
    if "/ToUnicode" not in font:
        return {}
    rows = re.findall(rb"<([0-9A-Fa-f]{2})>\s*<([0-9A-Fa-f]+)>", font.ToUnicode.read_bytes())
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be", "replace") for code, text in rows}


def _strings(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Every string of the file, and every decompressed stream that is no picture, as text."""
    for item in pdf.objects:
        yield from _strings_in(item)
        if isinstance(item, pikepdf.Stream) and item.get("/Subtype") != pikepdf.Name.Image:
            yield item.read_bytes().decode("latin-1")


def _strings_in(item: pikepdf.Object) -> Iterator[str]:
    if isinstance(item, pikepdf.String):
        yield str(item)
    elif isinstance(item, pikepdf.Array):
        for part in item:
            if isinstance(part, pikepdf.Object) and not part.is_indirect:
                yield from _strings_in(part)
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        for key, part in item.items():
            yield key
            if isinstance(part, pikepdf.Object) and not part.is_indirect:
                yield from _strings_in(part)


def _nothing_under_boxes(done: Finished) -> None:
    """No character may lie under a box: `Ida` is too short to be searched for, not to be selected. A box's own label may."""
    for sheet, burned in done.sheets:
        with closing(sheet.get_textpage()) as text:
            under = characters_under(text, sheet.get_height(), burned.boxes, burned.page.dpi / _POINTS_PER_INCH)
            shown = "".join(text.get_text_range(index, 1)[:1] or " " for index in range(text.count_chars()))
        labels = {i for match in MASK.finditer(shown) if match[0] in burned.labels for i in range(*match.span())}
        if covered := len(under - labels):
            number = burned.page.number
            raise RedactionUnproven(f"{covered} character(s) of text lie under boxes of page {number}", characters=covered, page=number)


def characters_under(text: pdfium.PdfTextPage, height_pt: float, boxes: Sequence[PixelBox], scale: float) -> set[int]:
    """Numbers of the characters whose middle lies under a box; blanks and what has no width don't count.

    Args:
        text: a page's text.
        height_pt: of the page.
        boxes: in pixels.
        scale: pixels per point.
    """
    found = set()
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index)
        x, y = (left + right) / 2 * scale, (height_pt - (bottom + top) / 2) * scale
        is_under = right > left and any(b.x0 + 1 < x < b.x1 - 1 and b.y0 + 1 < y < b.y1 - 1 for b in boxes)
        if is_under and not text.get_text_range(index, 1).isspace():
            found.add(index)
    return found


def _opaque(done: Finished, share: float) -> None:
    for sheet, burned in done.sheets:
        image = sheet.render(scale=share * burned.page.dpi / _POINTS_PER_INCH, grayscale=True).to_pil()
        require_opaque(image, burned, share)


PDF_GATES: Mapping[str, Callable[[Finished], None]] = MappingProxyType(
    {
        "structure": _structure,
        "page_sizes": _page_sizes,
        "text_operators": _text_operators,
        "text_layer": _text_layer,
        "objects": _objects,
        "nothing_under_boxes": _nothing_under_boxes,
        "boxes_opaque": partial(_opaque, share=1.0),
        "boxes_opaque_half_size": partial(_opaque, share=0.5),
    },
)
"""Name -> gate, for a redacted PDF."""


def pictures_of(path: Path) -> Iterator[tuple[Image.Image, bool]]:
    """Each page's picture as it is kept in a written PDF, and whether its encoding is lossy.

    Raises:
        RedactionUnproven: a picture cannot be decoded.
    """
    with pikepdf.open(path) as pdf:
        for page in pdf.pages:
            (stream,) = (item for item in page.obj.Resources.XObject.values() if isinstance(item, pikepdf.Stream))
            try:
                yield pikepdf.PdfImage(stream).as_pil_image(), stream.get("/Filter") == pikepdf.Name.DCTDecode
            except (pikepdf.PdfError, OSError, NotImplementedError, ValueError) as error:
                raise RedactionUnproven("a picture of the redacted PDF cannot be decoded") from error
