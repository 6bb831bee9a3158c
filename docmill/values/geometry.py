"""Boxes. Origin top-left, x to the right, y down; the unit is said by whoever holds the box (pixels of the upright page image, mostly)."""

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle (x0, y0, x1, y1) with x0 <= x1 and y0 <= y1, origin top-left; pixels of the upright page image unless said."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in the box's unit."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in the box's unit."""
        return self.y1 - self.y0

    def scaled(self, factor: float) -> "Box":
        """The box in a unit `factor` times finer."""
        return Box(self.x0 * factor, self.y0 * factor, self.x1 * factor, self.y1 * factor)

    def rounded(self, digits: int = 1) -> "Box":
        """The box with coordinates rounded, as stored."""
        return Box(round(self.x0, digits), round(self.y0, digits), round(self.x1, digits), round(self.y1, digits))

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share an area greater than zero."""
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1

    def polygon(self) -> list[list[float]]:
        """Corners clockwise from top-left, as the results JSON shows them."""
        return [[self.x0, self.y0], [self.x1, self.y0], [self.x1, self.y1], [self.x0, self.y1]]


def union(boxes: "list[Box] | tuple[Box, ...]") -> Box:
    """The smallest box around all.

    Raises:
        ValueError: there is no box.
    """
    if not boxes:
        raise ValueError("union of no boxes")
    return Box(min(b.x0 for b in boxes), min(b.y0 for b in boxes), max(b.x1 for b in boxes), max(b.y1 for b in boxes))
