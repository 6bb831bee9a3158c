"""Where a picture is striped in one direction, as bar codes and PDF417 are, at any angle: scanners of bars see only those whose every bar one row crosses.

Belongs here: finding striped places and drawing them upright. Does not belong here: what they say (codes).

The direction and the strength of stripes come from the structure tensor of the grey values' gradients, summed over cells (J. Bigun, G. Granlund, Optimal
orientation detection of linear symmetry, 1987): its coherence is 1 where all edges of a cell run one way and near 0 in print.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

CELL_PX: Final = 16
MOST: Final = 40
"""Striped places of one page that are looked at, the largest first."""

_ENERGY = 300.0  # mean squared difference of neighbours: faint bars of 60 of 255 grey values, an edge in each six pixels, have twice that
_COHERENCE = 0.4
_ALIKE = 0.87  # cosine of twice the angle between neighbours: 15 degrees
_NEAR = (-2, -1, 0, 1, 2)
_LEAST_CELLS = 5
_LEAST_ACROSS_PX = 64  # a rule has two edges; the shortest bar codes are longer
_COHERENCE_IN_ALL = 0.6  # of all cells together: codes have .67 and more, most print less
_FILLED = 0.4  # of the rectangle around; of thin bars aslant it is .47
_QUIET_PX = 40  # paper around bars that scanners ask for
_LARGER = 2  # bars of less than two pixels are read when they are enlarged


@dataclass(frozen=True, slots=True)
class Striped:
    """One striped place: its middle and half its sides in pixels, along `angle` (radians, clockwise from the x axis, across the stripes)."""

    x: float
    y: float
    half_across: float
    half_along: float
    angle: float

    def corners(self, more_px: float = 0.0) -> tuple[tuple[float, float], ...]:
        """(x, y) clockwise from the upright picture's top left, with so much around."""
        across, along = self.half_across + more_px, self.half_along + more_px
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return tuple(
            (self.x + u * across * cos - v * along * sin, self.y + u * across * sin + v * along * cos)
            for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        )

    def holds(self, x: float, y: float) -> bool:
        """Whether a point lies in it."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        u, v = (x - self.x) * cos + (y - self.y) * sin, (y - self.y) * cos - (x - self.x) * sin
        return abs(u) <= self.half_across and abs(v) <= self.half_along

    def upright(self, image: Image.Image) -> Image.Image:
        """The place with paper around, turned so that its stripes stand, enlarged; what lies outside of the picture is white."""
        top_left, top_right, bottom_right, bottom_left = self.corners(_QUIET_PX)
        size = (math.ceil(2 * (self.half_across + _QUIET_PX)) * _LARGER, math.ceil(2 * (self.half_along + _QUIET_PX)) * _LARGER)
        quad = (*top_left, *bottom_left, *bottom_right, *top_right)
        return image.transform(size, Image.Transform.QUAD, quad, resample=Image.Resampling.BICUBIC, fillcolor=255)


def striped_places(image: Image.Image) -> list[Striped]:
    """The striped places of a grey picture (mode L), the largest first, at most MOST."""
    import numpy as np  # noqa: PLC0415 - loads in 0.1 s, only where used

    grey = np.asarray(image, dtype=np.float32)
    if min(grey.shape) <= CELL_PX:
        return []
    # both at the middle of four pixels: apart, they would not belong together where stripes are narrow and run at 45 degrees
    across, down = grey[:, 1:] - grey[:, :-1], grey[1:] - grey[:-1]
    across, down = (across[1:] + across[:-1]) / 2, (down[:, 1:] + down[:, :-1]) / 2
    xx, yy, xy = (_means(part) for part in (across * across, down * down, across * down))
    energy, cos2, sin2 = xx + yy, xx - yy, 2 * xy
    is_striped = (energy > _ENERGY) & (np.hypot(cos2, sin2) > _COHERENCE * energy)
    cells = {
        (int(y), int(x)): _Cell(int(y), int(x), float(cos2[y, x]), float(sin2[y, x]), float(energy[y, x]))
        for y, x in zip(*is_striped.nonzero(), strict=True)
    }
    found = [place for group in _groups(cells) if (place := _place(group)) is not None]
    return sorted(found, key=lambda one: one.half_across * one.half_along, reverse=True)[:MOST]


class _Cell(NamedTuple):
    """One cell: cosine and sine of twice its angle, as long as its stripes are clear, and its energy."""

    row: int
    column: int
    cos2: float
    sin2: float
    energy: float

    def is_like(self, other: "_Cell") -> bool:
        dot = self.cos2 * other.cos2 + self.sin2 * other.sin2
        return dot > _ALIKE * math.hypot(self.cos2, self.sin2) * math.hypot(other.cos2, other.sin2)


def _means(values: "np.ndarray") -> "np.ndarray":
    """The mean of each cell; rows and columns that fill none are left out."""
    rows, columns = (side // CELL_PX for side in values.shape)
    cut = values[: rows * CELL_PX, : columns * CELL_PX]
    means: np.ndarray = cut.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3))
    return means


def _groups(left: dict[tuple[int, int], _Cell]) -> Iterator[list[_Cell]]:
    """Cells with no more than one between them that are striped alike; `left` is used up."""
    while left:
        group, ahead = [], [left.pop(next(iter(left)))]
        while ahead:
            cell = ahead.pop()
            group.append(cell)
            near = [(cell.row + dy, cell.column + dx) for dy in _NEAR for dx in _NEAR]
            ahead += [left.pop(place) for place in near if place in left and left[place].is_like(cell)]
        if len(group) >= _LEAST_CELLS:
            yield group


def _place(group: list[_Cell]) -> Striped | None:
    """The rectangle around the cells, with a cell more on each side: those at the ends of stripes are not striped enough. None for print and rules."""
    cos2, sin2 = sum(cell.cos2 for cell in group), sum(cell.sin2 for cell in group)
    angle = math.atan2(sin2, cos2) / 2
    cos, sin = math.cos(angle), math.sin(angle)
    middles = [((cell.column + 0.5) * CELL_PX, (cell.row + 0.5) * CELL_PX) for cell in group]
    across, along = [x * cos + y * sin for x, y in middles], [y * cos - x * sin for x, y in middles]
    u, v = (min(across) + max(across)) / 2, (min(along) + max(along)) / 2
    wide, high = max(across) - min(across) + CELL_PX, max(along) - min(along) + CELL_PX
    is_clear = math.hypot(cos2, sin2) > _COHERENCE_IN_ALL * sum(cell.energy for cell in group)
    if wide < _LEAST_ACROSS_PX or not is_clear or len(group) * CELL_PX**2 < _FILLED * wide * high:
        return None
    return Striped(u * cos - v * sin, u * sin + v * cos, wide / 2 + CELL_PX, high / 2 + CELL_PX, angle)
