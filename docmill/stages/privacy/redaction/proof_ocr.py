"""The OCR gate: what can be read in the picture around each box, by an engine that had no part in finding.

Boxes are as good as the word boxes of whoever read the page. This gate doesn't trust them: it draws the written file, cuts out two line
heights around each box (or takes whole pages) and looks for the values in what the engine reads there. The engine belongs to another stage, so
services carry pictures and texts between the two. What OCR mistakes for one another (0 and O, 1 and l, 5 and S, 8 and B) counts as the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image

from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.stages.privacy.redaction.evidence import Evidence, PageGeometry
from docmill.stages.privacy.redaction.proof import Secret, require_absent

AROUND_LINES = 2.0
"""Heights of a box that are read on each of its sides; a box is a line's height and a little more."""

_POINTS_PER_INCH = 72
_ALIKE = str.maketrans("oOiIlL|!sS$bB", "0011111155588")


def write_crops(copy: Path, evidence: Evidence, out_dir: Path, *, thorough: bool) -> list[Path]:
    """Draw the finished copy and write what must be read, as PNG files in `out_dir`.

    Args:
        copy: a PDF or image that passed the other gates; text has no pictures.
        evidence: its pages and boxes.
        out_dir: an existing directory.
        thorough: whole pages, also those without boxes.
    """
    written: list[Path] = []
    for page, image in pictures_of_copy(copy, evidence):
        areas = [PixelBox(0, 0, *image.size)] if thorough else areas_around([PixelBox(*box) for box in page.boxes], *image.size)
        for area in areas:
            written.append(out_dir / f"crop-{page.number}-{len(written)}.png")
            image.crop(area).save(written[-1], compress_level=1, dpi=(page.dpi, page.dpi))
    return written


def areas_around(boxes: Iterable[PixelBox], width_px: int, height_px: int) -> list[PixelBox]:
    """The boxes' surroundings on a page of this size; those that overlap are one."""
    areas: list[PixelBox] = []
    for box in boxes:
        reach = round(AROUND_LINES * (box.y1 - box.y0))
        area = PixelBox(max(0, box.x0 - reach), max(0, box.y0 - reach), min(width_px, box.x1 + reach), min(height_px, box.y1 + reach))
        while touching := [one for one in areas if _overlap(one, area)]:
            areas = [one for one in areas if one not in touching]
            area = _around([area, *touching])
        areas.append(area)
    return areas


def require_unreadable(texts: Sequence[str], secrets: Sequence[Secret]) -> None:
    """Fail when a value was read in a picture of the copy.

    Raises:
        RedactionUnproven: with the number of values.
    """
    alike, known = Known(Secret(alike_folded(value), kind) for value, kind in secrets), Known(secrets)
    for text in texts:
        require_absent(text, known, "the picture of a page")
        require_absent(alike_folded(text), alike, "the picture of a page")


def alike_folded(text: str) -> str:
    """The text with one character for all that OCR takes for one another."""
    return text.translate(_ALIKE)


def pictures_of_copy(copy: Path, evidence: Evidence) -> Iterator[tuple[PageGeometry, Image.Image]]:
    """Each page of a finished copy, drawn grey in the page's own pixels."""
    if evidence.media_type != "application/pdf":
        with Image.open(copy) as image:
            yield evidence.pages[0], image.convert("L")
        return
    document = pdfium.PdfDocument(copy)
    try:
        for index, page in enumerate(evidence.pages):
            yield page, document[index].render(scale=page.dpi / _POINTS_PER_INCH, grayscale=True).to_pil()
    finally:
        document.close()


def _overlap(one: PixelBox, other: PixelBox) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1


def _around(boxes: Sequence[PixelBox]) -> PixelBox:
    return PixelBox(min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes))
