"""Ink that looks like letters: where a picture of a page has edges in both directions outside of the words that are known.

Belongs here: what several stages ask of a picture's pixels. Does not belong here: what follows from it. Knows no stage.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image

from docmill.values.geometry import Box

if TYPE_CHECKING:
    import numpy as np

CELL_PX: Final = 8
"""Side of a cell, in pixels of the reduced picture."""

DPI: Final = 100
"""Resolution to which a picture is reduced: letters of 6 points are still 8 pixels high."""

_EDGE = 40  # of 255: grey print on paper has twice that
_EDGES_LEAST = 6  # of a cell's 64 places, in both directions: a rule has edges in one
_MARGIN = 0.3  # of a word's height: accents and descenders that its box leaves out


def factor_of(dpi: int) -> int:
    """By how much a picture of this resolution is reduced."""
    return max(1, dpi // DPI)


def letter_cells(small: Image.Image, factor: int, words: Iterable[Box] = ()) -> "np.ndarray":
    """Which cells have letters, outside the boxes of words.

    Args:
        small: the picture (mode L), reduced by `factor`.
        factor: see `factor_of`.
        words: in pixels of the picture before it was reduced.

    Returns:
        Booleans, shape (rows, columns) of cells; the last ones may be cut by the picture's edge.
    """
    return cells_of(edges_of(small), factor, words)


def edges_of(small: Image.Image) -> "Edges":
    """Where neighbours in a picture (mode L) differ by more than print and paper do."""
    import numpy as np  # noqa: PLC0415 - loads in 0.1 s, only where used

    grey = np.asarray(small)
    across, down = np.zeros(grey.shape, dtype=bool), np.zeros(grey.shape, dtype=bool)
    # bytes, greater less smaller: wider integers would take five times as long, and every page image goes through here
    across[:, 1:] = np.maximum(grey[:, 1:], grey[:, :-1]) - np.minimum(grey[:, 1:], grey[:, :-1]) > _EDGE
    down[1:, :] = np.maximum(grey[1:], grey[:-1]) - np.minimum(grey[1:], grey[:-1]) > _EDGE
    return Edges(across, down)


def cells_of(edges: "Edges", factor: int, words: Iterable[Box] = ()) -> "np.ndarray":
    """`letter_cells` of a picture whose edges are known."""
    across, down = edges.across.copy(), edges.down.copy()
    for box in words:
        margin = _MARGIN * min(box.height, box.width)
        x0, y0 = (max(0, int((side - margin) / factor)) for side in box[:2])
        x1, y1 = (max(0, int((side + margin) / factor) + 2) for side in box[2:])
        across[y0:y1, x0:x1] = down[y0:y1, x0:x1] = False
    return (_per_cell(across) >= _EDGES_LEAST) & (_per_cell(down) >= _EDGES_LEAST)


class Edges(NamedTuple):
    """Places of a reduced picture with an edge to the left neighbour (`across`) or to the one above (`down`); booleans, height x width."""

    across: "np.ndarray"
    down: "np.ndarray"


def _per_cell(marks: "np.ndarray") -> "np.ndarray":
    import numpy as np  # noqa: PLC0415 - as above

    rows, columns = (-(-side // CELL_PX) for side in marks.shape)
    whole = np.zeros((rows * CELL_PX, columns * CELL_PX), dtype=np.uint8)
    whole[: marks.shape[0], : marks.shape[1]] = marks
    # rows first: they lie beside one another in memory; 64 fit into a byte
    return np.asarray(whole.reshape(rows, CELL_PX, -1).sum(axis=1, dtype=np.uint8).reshape(rows, columns, CELL_PX).sum(axis=2))
