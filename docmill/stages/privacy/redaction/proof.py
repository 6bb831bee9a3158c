"""The proof: the written file is opened again, as a stranger would, and searched for what must be gone. Anything found fails it.

Gates: structure (an allow-list, so no metadata, annotation, attachment or earlier revision can be there), text by two independent ways,
raw strings and streams, words under boxes, and black pixels at two resolutions. Values of fewer than `literals.SHORTEST` characters are not
searched as text; for them the gates on boxes stand alone.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageStat

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.literals import Haystack
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.values.options import KNOWN_ENTITIES
from docmill.values.page import Page

BLACKEST = 10
"""Mean grey value, of 255, below which a box counts as black."""

_MASK = re.compile(rf"\[(?:{'|'.join(KNOWN_ENTITIES)})\]")
_MASK_GAP = " \N{WHITE SQUARE}\N{WHITE SQUARE}\N{WHITE SQUARE}\N{WHITE SQUARE} "  # wider than any gap inside a value


class Secret(NamedTuple):
    """A value that must not be in the file, and its entity type."""

    value: str
    type: str


def require_absent(text: str, secrets: Iterable[Secret], where: str) -> None:
    """Fail when a value is in the text, also split, spaced, accented or re-cased. Masks such as `[PERSON]` don't count as text.

    Raises:
        RedactionUnproven: with the number of values, never the values.
    """
    haystack = Haystack(_MASK.sub(_MASK_GAP, text))
    if left := sum(haystack.holds(secret.value, secret.type) for secret in secrets):
        raise RedactionUnproven(f"{left} redacted value(s) can still be read in {where}", values=left)


def require_black(image: Image.Image, boxes: Sequence[PixelBox], scale: float, page: int) -> None:
    """Fail when a box is not black in this image, which is `scale` times the size the boxes count in.

    Raises:
        RedactionUnproven: with the number of boxes.
    """
    grey = image.convert("L")
    light = 0
    for box in boxes:
        inner = _inner(box, scale)
        light += ImageStat.Stat(grey.crop(inner)).mean[0] >= BLACKEST
    if light:
        raise RedactionUnproven(f"{light} box(es) on page {page} are not black", boxes=light, page=page)


def prove_image(path: Path, boxes: Sequence[PixelBox]) -> None:
    """The gates for a redacted image: one frame, no metadata, black boxes in full and half size.

    Raises:
        RedactionUnproven: a gate failed.
    """
    with Image.open(path) as image:
        image.load()
        extra = set(image.info) - {"dpi", "jfif", "jfif_version", "jfif_unit", "jfif_density"}
        if extra or getattr(image, "n_frames", 1) != 1 or image.getexif():
            raise RedactionUnproven("the redacted image carries more than pixels")
        require_black(image, boxes, 1.0, 1)
        half = image.convert("L").resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)
        require_black(half, boxes, 0.5, 1)


def prove_pages(pages: Iterable[Page], secrets: Sequence[Secret]) -> None:
    """Fail when a masked page still holds a value.

    Raises:
        RedactionUnproven: a value is left.
    """
    for page in pages:
        require_absent(page.text, secrets, f"the text of page {page.number}")


def prove_text(path: Path, secrets: Sequence[Secret]) -> None:
    """Fail when the written text file holds a value.

    Raises:
        RedactionUnproven: a value is left.
    """
    require_absent(path.read_text(encoding="utf-8"), secrets, "the redacted text")


def _inner(box: PixelBox, scale: float) -> tuple[int, int, int, int]:
    """The box in the image's pixels without a rim of one, which anti-aliasing and JPEG may tint; at least one pixel."""
    x0, y0, x1, y1 = (round(side * scale) for side in box)
    x0, x1 = (x0 + 1, x1 - 1) if x1 - x0 > 2 else (x0, max(x1, x0 + 1))  # noqa: PLR2004 - a rim on either side
    y0, y1 = (y0 + 1, y1 - 1) if y1 - y0 > 2 else (y0, max(y1, y0 + 1))  # noqa: PLR2004
    return x0, y0, x1, y1
