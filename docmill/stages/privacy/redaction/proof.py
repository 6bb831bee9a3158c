"""The proof: the written file is opened again, as a stranger would, and searched for what must be gone. Anything found fails it.

Gates: structure (an allow-list, so no metadata, annotation, attachment or earlier revision can be there), text by two independent ways,
raw strings and streams, words under boxes, opaque boxes at two resolutions, and the page outside the boxes as it was; proof_ocr adds what OCR
reads around the boxes. Gates are rows of tables (`IMAGE_GATES`, `TEXT_GATES`, `proof_pdf.PDF_GATES`), whose names the certificate carries.
Values of fewer than `literals.SHORTEST` characters are not searched as text; for them the gates on boxes stand alone.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageStat

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.redaction.burning import Burn, PixelBox
from docmill.values.evidence import Span
from docmill.values.options import KNOWN_ENTITIES
from docmill.values.page import Page
from docmill.values.pii_rules import OWN_TYPE

BLACKEST = 10
"""Mean difference, of 255, to a black box below which one counts as opaque."""

_LABELLED = 40  # the same with a white name in it, whose edges the half resolution blurs; bare paper differs by more than 200
_LOSSY = 4.0  # mean difference, of 255, that JPEG may make outside the boxes
_SLACK_PX = 2  # renderers round page sizes up or down
_IMAGE_INFO = {"dpi", "jfif", "jfif_version", "jfif_unit", "jfif_density"}

MASK = re.compile(rf"\[(?:{'|'.join(KNOWN_ENTITIES)}|{OWN_TYPE})\]")
_MASK_GAP = " \N{WHITE SQUARE}\N{WHITE SQUARE}\N{WHITE SQUARE}\N{WHITE SQUARE} "  # wider than any gap inside a value


class Secret(NamedTuple):
    """A value that must not be in the file, and its entity type."""

    value: str
    type: str


def secrets_of(pages: Sequence[Page], spans: Sequence[Span]) -> list[Secret]:
    """The values of spans, each once."""
    on_page = defaultdict[int, list[Span]](list)
    for span in spans:
        on_page[span.page].append(span)
    return sorted({Secret(page.text[s.start : s.end], s.type) for page in pages for s in on_page[page.number]})


def require_absent(text: str, secrets: Known, where: str) -> None:
    """Fail when a value is in the text, also split, spaced, accented or re-cased. Masks such as `[PERSON]` don't count as text.

    Raises:
        RedactionUnproven: with the number of values, never the values.
    """
    if left := secrets.held(without_masks(text)):
        raise RedactionUnproven(f"{left} redacted value(s) can still be read in {where}", values=left)


def without_masks(text: str) -> str:
    """The text with a gap, wider than any inside a value, for each mask."""
    return MASK.sub(_MASK_GAP, text)


def require_opaque(image: Image.Image, burned: Burn, scale: float) -> None:
    """Fail when a box does not look like the box that was drawn, in this image of `scale` times the page's size.

    Raises:
        RedactionUnproven: with the number of boxes.
    """
    grey = image.convert("L")
    light = 0
    for box, picture in burned.pictures:
        inner = _inner(box, scale)
        wanted = picture.resize((inner[2] - inner[0], inner[3] - inner[1]), Image.Resampling.BOX)
        difference = ImageStat.Stat(ImageChops.difference(grey.crop(inner), wanted)).mean[0]
        light += difference >= (_LABELLED if picture.getbbox() else BLACKEST)
    if light:
        raise RedactionUnproven(f"{light} box(es) on page {burned.page.number} are not opaque", boxes=light, page=burned.page.number)


def require_same_outside(before: Image.Image, after: Image.Image, burned: Burn, *, lossy: bool) -> None:
    """Fail when the page outside the boxes is not what it was.

    Args:
        before: the page before anything was burned.
        after: the picture that the written file holds.
        burned: where the boxes are.
        lossy: whether the file's encoding may change pixels a little.

    Raises:
        RedactionUnproven: another size, or more difference than the encoding makes.
    """
    page = burned.page.number
    mode = "L" if after.mode in {"1", "L"} else "RGB"
    if before.size != after.size:
        raise RedactionUnproven(f"the picture of page {page} has another size than the page", page=page)
    one, other = before.convert(mode), after.convert(mode)
    for image in (one, other):
        draw = ImageDraw.Draw(image)
        for box in burned.boxes:
            draw.rectangle((box.x0, box.y0, box.x1 - 1, box.y1 - 1), fill=0 if mode == "L" else (0, 0, 0))
    difference = max(ImageStat.Stat(ImageChops.difference(one, other)).mean)
    if difference > (_LOSSY if lossy else 0.0):
        raise RedactionUnproven(f"page {page} has changed outside the boxes", page=page)


def _pixels_only(image: Image.Image, burned: Burn) -> None:
    del burned
    if set(image.info) - _IMAGE_INFO or getattr(image, "n_frames", 1) != 1 or image.getexif():
        raise RedactionUnproven("the redacted image carries more than pixels")


def _opaque_in_full(image: Image.Image, burned: Burn) -> None:
    require_opaque(image, burned, 1.0)


def _opaque_in_half(image: Image.Image, burned: Burn) -> None:
    half = image.convert("L").resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)
    require_opaque(half, burned, 0.5)


IMAGE_GATES: Mapping[str, Callable[[Image.Image, Burn], None]] = MappingProxyType(
    {"pixels_only": _pixels_only, "boxes_opaque": _opaque_in_full, "boxes_opaque_half_size": _opaque_in_half},
)
"""Name -> gate, for a redacted image."""


def prove_image(path: Path, burned: Burn) -> None:
    """The gates for a redacted image: one frame, no metadata, opaque boxes in full and half size.

    Raises:
        RedactionUnproven: a gate failed.
    """
    with Image.open(path) as image:
        image.load()
        if any(abs(a - b) > _SLACK_PX for a, b in zip(image.size, (burned.page.width_px, burned.page.height_px), strict=True)):
            raise RedactionUnproven("the redacted image has another size than the page")
        for gate in IMAGE_GATES.values():
            gate(image, burned)


def proven_pages(pages: Iterable[Page], secrets: Iterable[Secret]) -> Iterator[Page]:
    """The masked pages, each once it was searched.

    Raises:
        RedactionUnproven: a value is left.
    """
    known = Known(secrets)
    for page in pages:
        require_absent(page.text, known, f"the text of page {page.number}")
        yield page


TEXT_GATES = ("text",)
"""Names of the gates for a redacted text file."""

PIXELS_GATE = "pixels_outside_boxes"
"""Name of the gate that needs the original; only who made the copy can run it."""


def prove_text(path: Path, secrets: Sequence[Secret]) -> None:
    """Fail when the written text file holds a value.

    Raises:
        RedactionUnproven: a value is left.
    """
    require_absent(path.read_text(encoding="utf-8"), Known(secrets), "the redacted text")


def _inner(box: PixelBox, scale: float) -> tuple[int, int, int, int]:
    """The box in the image's pixels without a rim of one, which anti-aliasing and JPEG may tint; at least one pixel."""
    x0, y0, x1, y1 = (round(side * scale) for side in box)
    x0, x1 = (x0 + 1, x1 - 1) if x1 - x0 > 2 else (x0, max(x1, x0 + 1))  # noqa: PLR2004 - a rim on either side
    y0, y1 = (y0 + 1, y1 - 1) if y1 - y0 > 2 else (y0, max(y1, y0 + 1))  # noqa: PLR2004
    return x0, y0, x1, y1
