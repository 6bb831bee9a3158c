"""From the upright page image, in which boxes count, back to the page as its file holds it.

Reading makes a page upright in two steps, and every page keeps both: first what the image file itself asks for (`exif_orientation`, the EXIF
tag 0x0112; 1 for files without it and for PDFs), then what docmill found (`turned_deg`, clockwise). Nothing is scaled on the way: an image
file's pixels are the page's. A PDF page counts in pixels of `dpi`, of its visible box as viewers show it (crop box, /Rotate done):
points are pixels * 72 / dpi.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from docmill.values.geometry import Box

ExifOrientation = Literal[1, 2, 3, 4, 5, 6, 7, 8]
"""How the pixels of an image file lie, TIFF 6.0 page 36: 2-8 are mirrored or turned before they are looked at."""

TurnedDeg = Literal[0, 90, 180, 270]
"""By how much a page was turned clockwise to be upright."""

_SWAPPING: Final = frozenset({5, 6, 7, 8})
_AS_ORIENTATION: Final[Mapping[int, ExifOrientation]] = MappingProxyType({0: 1, 90: 6, 180: 3, 270: 8})
# a box of an upright picture of w x h pixels -> the box of the stored pixels
_STORED: Final[Mapping[int, Callable[[Box, float, float], Box]]] = MappingProxyType(
    {
        1: lambda b, _w, _h: b,
        2: lambda b, w, _h: Box(w - b.x1, b.y0, w - b.x0, b.y1),
        3: lambda b, w, h: Box(w - b.x1, h - b.y1, w - b.x0, h - b.y0),
        4: lambda b, _w, h: Box(b.x0, h - b.y1, b.x1, h - b.y0),
        5: lambda b, _w, _h: Box(b.y0, b.x0, b.y1, b.x1),
        6: lambda b, w, _h: Box(b.y0, w - b.x1, b.y1, w - b.x0),
        7: lambda b, w, h: Box(h - b.y1, w - b.x1, h - b.y0, w - b.x0),
        8: lambda b, _w, h: Box(h - b.y1, b.x0, h - b.y0, b.x1),
    }
)


def box_in_file(box: Box, width_px: float, height_px: float, *, turned_deg: TurnedDeg = 0, exif_orientation: ExifOrientation = 1) -> Box:
    """Where a box of the upright page image lies in the page as its file holds it.

    Args:
        box: in pixels of the upright page image.
        width_px: of the upright page image.
        height_px: of the upright page image.
        turned_deg: of the page.
        exif_orientation: of the page.

    Returns:
        For an image file the box in the pixels as they are stored, before EXIF; for a PDF in the page as viewers show it, at the page's dpi.
    """
    turn = _AS_ORIENTATION[turned_deg]
    shown = _STORED[turn](box, width_px, height_px)
    if turn in _SWAPPING:
        width_px, height_px = height_px, width_px
    return _STORED[exif_orientation](shown, width_px, height_px)
