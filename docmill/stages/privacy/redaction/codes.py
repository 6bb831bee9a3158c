"""QR codes, Data Matrix, PDF417, Aztec and bar codes in the picture of a page: where they are and what they say to a camera.

Belongs here: seeing codes, in originals and in finished copies, and the gate that looks at copies. Does not belong here: which content is
personal (code_contents).

A code in two dimensions corrects its own errors: what it says is certain, and one that is found and cannot be read is known to be there. A bar code
has a check digit at most, so a fence of lines may read as one: nothing is concluded from where a bar code stands, only from what it says.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.stages.privacy.redaction.evidence import Evidence
from docmill.stages.privacy.redaction.proof_ocr import pictures_of_copy
from docmill.values.model import Value

if TYPE_CHECKING:
    import zxingcpp

_DAMAGED_KINDS = frozenset({"QRCode", "QRCodeModel1", "QRCodeModel2", "Aztec", "AztecCode", "PDF417"})
"""Kinds whose marks nothing else has. Not Micro QR and rMQR, which are "found" in the corners of damaged QR codes."""

_SQUARE = 1.25  # a damaged Data Matrix is one L of two lines, which tables have too: only squares that fail by their check words count
_LEAST_DAMAGED_PX = 24  # a damaged code smaller than this was print


class Code(Value):
    """One code in a page's picture.

    Attributes:
        page: counted from 1.
        corners: (x, y) in pixels of the upright page image, clockwise from the code's own top left.
        text: what it says; empty when it could not be read.
        is_matrix: whether it is a code in two dimensions.
        goes: whether it must not be seen on the copy; decided after it was searched.
    """

    page: int
    corners: tuple[tuple[int, int], ...]
    text: str
    is_matrix: bool
    goes: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the code could be decoded."""
        return bool(self.text)

    @property
    def box(self) -> PixelBox:
        """The smallest upright box around the corners."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return PixelBox(min(xs), min(ys), max(xs) + 1, max(ys) + 1)


def codes_of(image: Image.Image, number: int) -> list[Code]:
    """The codes of a page's picture (mode L), those that are damaged too."""
    import zxingcpp  # noqa: PLC0415 - a binary that only redaction needs

    linear = {kind.symbology for kind in zxingcpp.barcode_formats_list(zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.AllLinear]))}
    found, damaged = list[Code](), list[Code]()
    for one in zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain, return_errors=True):
        place = one.position
        corners = tuple((int(p.x), int(p.y)) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left))
        is_matrix = one.symbology not in linear
        if one.valid:
            found.append(Code(page=number, corners=corners, text=one.text or one.bytes.hex(), is_matrix=is_matrix))
        elif one.format.name in _DAMAGED_KINDS or (_fails_by_check_words(one) and _is_square(corners)):
            # a decoder that fails at one threshold tries others: the same place comes more than once
            damaged.append(Code(page=number, corners=corners, text="", is_matrix=True))
    for code in damaged:
        if _is_large(code.box) and not any(_share(code.box, other.box) for other in found):
            found.append(code)
    return found


def without_codes(image: Image.Image, codes: Iterable[Code]) -> Image.Image:
    """The picture with paper where readable codes in two dimensions stand, so that no OCR is asked what their dots say."""
    wanted = [one for one in codes if one.is_matrix and one.is_readable]
    if not wanted:
        return image
    blank = image.copy()
    draw = ImageDraw.Draw(blank)
    for one in wanted:
        draw.polygon(one.corners, fill=255)
    return blank


def codes_of_copy(copy: Path, evidence: Evidence) -> list[Code]:
    """The codes in the pictures of a finished copy; none for text."""
    if not evidence.pages:
        return []
    return [code for page, image in pictures_of_copy(copy, evidence) for code in codes_of(image, page.number)]


def require_gone(left: Sequence[Code], known: Sequence[Code]) -> None:
    """The gate: what can be read in a copy must be a code that was searched and left alone, and no code that goes may be seen, not even damaged.

    Args:
        left: the codes of the finished copy.
        known: those of the original.

    Raises:
        RedactionUnproven: a code in two dimensions is there that must not be; with the number of codes, never what they say.
    """
    if wrong := sum(one.is_matrix and _is_wrong(one, known) for one in left):
        raise RedactionUnproven(f"{wrong} code(s) that had to go can still be seen in the picture of a page", codes=wrong)


def _is_wrong(one: Code, known: Sequence[Code]) -> bool:
    here = [other for other in known if other.page == one.page and _share(one.box, other.box)]
    if one.is_readable:
        return not any(other.text == one.text and not other.goes for other in here)
    return any(other.goes for other in here)  # elsewhere boxes beside print may look like a damaged code


def _fails_by_check_words(one: "zxingcpp.Barcode") -> bool:
    return one.format.name == "DataMatrix" and one.error is not None and one.error.type.name == "Checksum"


def _is_square(corners: Sequence[tuple[int, int]]) -> bool:
    sides = [math.dist(one, other) for one, other in zip(corners, (*corners[1:], corners[0]), strict=True)]
    return max(sides) <= _SQUARE * min(sides)


def _is_large(box: PixelBox) -> bool:
    return min(box.x1 - box.x0, box.y1 - box.y0) >= _LEAST_DAMAGED_PX


def _share(one: PixelBox, other: PixelBox) -> bool:
    x, y = (one.x0 + one.x1) / 2, (one.y0 + one.y1) / 2
    return other.x0 <= x < other.x1 and other.y0 <= y < other.y1
