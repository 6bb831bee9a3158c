"""QR codes, Data Matrix, PDF417, Aztec and bar codes in the picture of a page: where they are and what they say to a camera.

Belongs here: seeing codes, in originals and in finished copies, and the gate that looks at copies. Does not belong here: which content is
personal (code_contents).

A code in two dimensions corrects its own errors: what it says is certain, and one that is found and cannot be read is known to be there. A bar code
has a check digit at most, so a fence of lines may read as one. Bars and PDF417 are read once more wherever a picture is striped (stripes), turned until
the stripes stand: readers of bars need a row that crosses all of them.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw, ImageOps

from docmill.errors import RedactionUnproven
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.stages.privacy.redaction.evidence import Evidence
from docmill.stages.privacy.redaction.proof_ocr import pictures_of_copy
from docmill.stages.privacy.redaction.stripes import Striped, striped_places
from docmill.values.model import Value

if TYPE_CHECKING:
    import zxingcpp

_DAMAGED_KINDS = frozenset({"QRCode", "QRCodeModel1", "QRCodeModel2", "Aztec", "AztecCode", "PDF417"})
"""Kinds whose marks nothing else has. Not Micro QR and rMQR, which are "found" in the corners of damaged QR codes."""

_OPAQUE = frozenset({"Binary", "UnknownECI"})
MOST_AT_ONCE: Final = 255
"""zxing-cpp ends a reading at so many codes."""

_READINGS = 8
_SCAN_ROWS = 512  # zxing-cpp looks for bars in no more rows of a picture

_SQUARE = 1.25  # a damaged Data Matrix is one L of two lines, which tables have too: only squares that fail by their check words count
_LEAST_DAMAGED_PX = 24  # a damaged code smaller than this was print


class Code(Value):
    """One code in a page's picture.

    Attributes:
        page: counted from 1.
        corners: (x, y) in pixels of the upright page image, clockwise from the code's own top left.
        text: what it says; empty when it could not be read.
        is_matrix: whether it is a code in two dimensions.
        is_striped: whether it is made of bars, in one row or several.
        is_opaque: whether it holds bytes that are no text.
        goes: whether it must not be seen on the copy; decided after it was searched.
    """

    page: int
    corners: tuple[tuple[int, int], ...]
    text: str
    is_matrix: bool
    is_striped: bool = False
    is_opaque: bool = False
    goes: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether the code could be decoded."""
        return bool(self.text)

    @property
    def area(self) -> int:
        """Of the box, in square pixels."""
        return (self.box.x1 - self.box.x0) * (self.box.y1 - self.box.y0)

    @property
    def box(self) -> PixelBox:
        """The smallest upright box around the corners."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return PixelBox(min(xs), min(ys), max(xs) + 1, max(ys) + 1)


def codes_of(image: Image.Image, number: int) -> list[Code]:
    """The codes of a page's picture (mode L), those that are damaged too.

    Raises:
        RedactionUnproven: there are more than can be looked at.
    """
    found = _as_it_stands(image, number)
    striped = striped_places(image)
    beside = [code for place in striped for code in _in_place(image, place, number)]
    whole = [_spread(code, striped, image.height) for code in found]
    known = {(code.text, code.corners) for code in whole}
    return whole + [code for code in beside if (code.text, code.corners) not in known]


def codes_within(image: Image.Image, area: PixelBox, number: int) -> list[Code]:
    """The codes in an area that are too small to be read as they stand."""
    larger = image.crop(area).resize((2 * (area.x1 - area.x0), 2 * (area.y1 - area.y0)), Image.Resampling.BICUBIC)
    found = (code for code in _as_it_stands(larger, number) if code.is_readable)
    return [code.model_copy(update={"corners": tuple((area.x0 + x // 2, area.y0 + y // 2) for x, y in code.corners)}) for code in found]


def _as_it_stands(image: Image.Image, number: int) -> list[Code]:
    """What one reading sees, and what further ones see once the codes of those before are painted over: a reading ends at MOST_AT_ONCE."""
    found: list[Code] = []
    for _ in range(_READINGS):
        read, count = _read(without_codes(image, found, all_kinds=True), number)
        found += read
        if count < MOST_AT_ONCE:
            return found
    raise RedactionUnproven("a page has more codes than can be looked at", page=number)


def _read(image: Image.Image, number: int) -> tuple[list[Code], int]:
    import zxingcpp  # noqa: PLC0415 - a binary that only redaction needs

    linear = {kind.symbology for kind in zxingcpp.barcode_formats_list(zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.AllLinear]))}
    found, damaged = list[Code](), list[Code]()
    read = zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain, return_errors=True)
    for one in read:
        place = one.position
        corners = tuple((int(p.x), int(p.y)) for p in (place.top_left, place.top_right, place.bottom_right, place.bottom_left))
        is_matrix = one.symbology not in linear
        if one.valid:
            is_opaque = is_matrix and (one.content_type.name in _OPAQUE or not one.text)
            is_striped = not is_matrix or one.symbology.name == "PDF417"
            kind = {"is_matrix": is_matrix, "is_striped": is_striped, "is_opaque": is_opaque}
            found.append(Code(page=number, corners=corners, text=one.text or "?", **kind))
        elif one.format.name in _DAMAGED_KINDS or (_fails_by_check_words(one) and _is_square(corners)):
            damaged.append(Code(page=number, corners=corners, text="", is_matrix=True))
    # a decoder that fails at one threshold tries others: the same place comes more than once
    for code in sorted(damaged, key=lambda one: one.area, reverse=True):
        is_nowhere = (0, 0) in code.corners  # what it says of a place that it lost
        if _is_large(code.box) and not is_nowhere and not any(_share(code.box, other.box) for other in found):
            found.append(code)
    return found, len(read)


def _in_place(image: Image.Image, place: Striped, number: int) -> list[Code]:
    """Codes that are read once their stripes stand, in the whole place: nobody knows which part of the stripes a reader needs."""
    upright = place.upright(image)
    read = [one for picture in (upright, ImageOps.invert(upright)) for one in _read(picture, number)[0] if one.is_readable]
    return [one.model_copy(update={"corners": _whole(place)}) for one in {one.text: one for one in read}.values()]


def _spread(code: Code, striped: Sequence[Striped], height_px: int) -> Code:
    """The code with all of its bars: a reader tells only the rows in which it read them, and it looks at one in some."""
    if not code.is_striped:
        return code
    box = code.box
    for place in striped:
        if place.holds((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2):
            if all(place.holds(x, y) for x, y in code.corners):
                return code.model_copy(update={"corners": _whole(place)})
            (x0, y0), (x1, y1) = (tuple(ends(side) for side in zip(*code.corners, *_whole(place), strict=True)) for ends in (min, max))
            return code.model_copy(update={"corners": ((x0, y0), (x1, y0), (x1, y1), (x0, y1))})
    step = height_px // _SCAN_ROWS + 2
    corners = ((box.x0, box.y0 - step), (box.x1, box.y0 - step), (box.x1, box.y1 + step), (box.x0, box.y1 + step))
    return code.model_copy(update={"corners": corners})


def _whole(place: Striped) -> tuple[tuple[int, int], ...]:
    return tuple((round(x), round(y)) for x, y in place.corners())


def without_codes(image: Image.Image, codes: Sequence[Code], *, all_kinds: bool = False) -> Image.Image:
    """The picture with paper where readable codes in two dimensions stand, so that no OCR is asked what their dots say.

    Not where another code stands in their midst: what lies between two was never searched.
    """
    wanted = [one for one in codes if all_kinds or (one.is_matrix and one.is_readable and not _spans_another(one, codes))]
    if not wanted:
        return image
    blank = image.copy()
    draw = ImageDraw.Draw(blank)
    for one in wanted:
        draw.polygon(one.corners, fill=255)
    return blank


def _spans_another(one: Code, codes: Sequence[Code]) -> bool:
    return any(other is not one and other.corners != one.corners and _share(other.box, one.box) for other in codes)


def codes_of_copy(copy: Path, evidence: Evidence) -> list[Code]:
    """The codes in the pictures of a finished copy; none for text."""
    if not evidence.pages:
        return []
    return [code for page, image in pictures_of_copy(copy, evidence) for code in codes_of(image, page.number)]


def require_gone(left: Sequence[Code], known: Sequence[Code]) -> list[Code]:
    """The gate: no code that goes may be seen in a copy, not even damaged; bars not anywhere on their page.

    Args:
        left: the codes of the finished copy.
        known: those of the original, and whether they go.

    Returns:
        Codes that can be read in the copy alone: nobody has searched what they say.

    Raises:
        RedactionUnproven: with the number of codes, never what they say.
    """
    if wrong := sum(_is_wrong(one, known) for one in left):
        raise RedactionUnproven(f"{wrong} code(s) that had to go can still be seen in the picture of a page", codes=wrong)
    return [one for one in left if one.is_readable and not any(one.page == other.page and one.text == other.text for other in known)]


def _is_wrong(one: Code, known: Sequence[Code]) -> bool:
    gone = [other for other in known if other.goes and other.page == one.page]
    if one.is_readable:
        return any(other.text == one.text for other in gone)
    return any(_share(one.box, other.box) for other in gone)  # elsewhere boxes beside print may look like a damaged code


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
