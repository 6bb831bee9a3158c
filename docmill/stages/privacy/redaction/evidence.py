"""What the cell says about a copy: what was proven (type, geometry, gates; never a value), or what lies under somebody's boxes.

Shapes only, which load no library: services read them too.
"""

from typing import Final

from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.model import Value

BEYOND_DOUBT: Final = 0.9
"""Confidence from which a value that only OCR saw is looked for elsewhere: a misread word may stand anywhere for itself."""


LONGEST_VALUE: Final = 128
"""Characters of such a value: a longer one is a whole text, as a QR code may hold, and looking for it by hashes costs its square."""


def is_value(span: Span) -> bool:
    """Whether what only a second reader saw is a value to look for elsewhere, and to be named in the certificate."""
    return span.confidence >= BEYOND_DOUBT and span.end - span.start <= LONGEST_VALUE


class PageGeometry(Value):
    """One page of a copy.

    Attributes:
        number: counted from 1.
        width_px, height_px, dpi: of the upright page image.
        boxes: (x0, y0, x1, y1) in whole pixels, origin top-left.
        labels: what is written in each box; empty when they are plain.
    """

    number: int
    width_px: int
    height_px: int
    dpi: int
    boxes: tuple[tuple[int, int, int, int], ...]
    labels: tuple[str, ...] = ()


class Evidence(Value):
    """What was checked on a copy. `pages` is empty for text."""

    media_type: str
    pages: tuple[PageGeometry, ...]
    gates: tuple[str, ...]


class CoveredText(Value):
    """Text under one box.

    Attributes:
        page: counted from 1.
        box: around the characters, in points of the upright page, origin top-left.
        text: what can be read under it.
    """

    page: int
    box: Box
    text: str
