"""The gates for a redacted PDF; see `proof`."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.redaction.burning import Burn, PixelBox
from docmill.stages.privacy.redaction.proof import Secret, require_absent, require_black

_ROOT_KEYS = {"/Type", "/Pages"}
_PAGE_KEYS = {"/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"}
_RESOURCE_KEYS = {"/XObject", "/Font"}
_IMAGE_KEYS = {
    "/Type", "/Subtype", "/Width", "/Height", "/ColorSpace", "/BitsPerComponent", "/Filter", "/DecodeParms", "/Length",
}  # fmt: skip
_TRAILER_KEYS = {"/Root", "/Size", "/ID", "/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"}
_POINTS_PER_INCH = 72


def prove_pdf(path: Path, burns: Sequence[Burn], secrets: Sequence[Secret]) -> None:
    """All gates for a redacted PDF.

    Raises:
        RedactionUnproven: a gate failed.
    """
    _prove_structure(path, len(burns))
    with pikepdf.open(path) as pdf:
        for number, page in enumerate(pdf.pages, start=1):
            require_absent(shown_text(page), secrets, f"the text operators of page {number}")
        for text in _strings(pdf):
            require_absent(text, secrets, "the file's objects")
    document = pdfium.PdfDocument(path)
    try:
        for index, burned in enumerate(burns):
            _prove_page(document[index], burned, secrets)
    finally:
        document.close()


def _prove_structure(path: Path, page_count: int) -> None:
    """Nothing but pages of one picture and text: by allow-list, so that what nobody thought of fails too."""
    raw = path.read_bytes()
    with pikepdf.open(path) as pdf:
        faults = [
            raw.count(b"%%EOF") != 1 or not raw.rstrip().endswith(b"%%EOF"),
            not set(pdf.trailer.keys()) <= _TRAILER_KEYS,
            not set(pdf.Root.keys()) <= _ROOT_KEYS,
            len(pdf.pages) != page_count,
            *(not _is_plain(page) for page in pdf.pages),
        ]
    if any(faults):
        raise RedactionUnproven("the redacted PDF carries more than pages of one picture and text")


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


def _prove_page(sheet: pdfium.PdfPage, burned: Burn, secrets: Sequence[Secret]) -> None:
    number, dpi = burned.page.number, burned.page.dpi
    text = sheet.get_textpage()
    require_absent(text.get_text_range(), secrets, f"the text of page {number}")
    _require_nothing_under(text, sheet.get_height(), burned.boxes, dpi / _POINTS_PER_INCH, number)
    for share in (1.0, 0.5):
        image = sheet.render(scale=share * dpi / _POINTS_PER_INCH, grayscale=True).to_pil()
        require_black(image, burned.boxes, share, number)
    text.close()
    sheet.close()


def _require_nothing_under(text: pdfium.PdfTextPage, height_pt: float, boxes: Sequence[PixelBox], scale: float, number: int) -> None:
    """No character may lie under a box: `Ida` is too short to be searched for, not to be selected."""
    covered = 0
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index)
        x, y = (left + right) / 2 * scale, (height_pt - (bottom + top) / 2) * scale
        if right > left and any(b.x0 + 1 < x < b.x1 - 1 and b.y0 + 1 < y < b.y1 - 1 for b in boxes):
            covered += not text.get_text_range(index, 1).isspace()
    if covered:
        raise RedactionUnproven(f"{covered} character(s) of text lie under boxes of page {number}", characters=covered, page=number)
