"""Words that follow one another in a document's content and on the paper: most of a line, whatever its letters look like.

Ink boxes are poor witnesses of a line: "was" is half as high as "for", a raised "th" shares hardly any height with the word behind it, and a
line that slopes by one degree climbs a line's height within its length. What the content names one after the other, and what stands one
behind the other, belongs together all the same. Belongs here: such runs, and how steeply they climb. Rows and columns are layout.py's.
"""

import itertools
from collections.abc import Sequence
from statistics import median
from typing import Final

from docmill.values.geometry import Box

_OVERLAP_IN_HEIGHTS: Final = 0.3  # letters of slanted type reach into their neighbours
_HALF: Final = 0.5
_LEAST_PAIRS: Final = 12
_LEAST_SLOPE: Final = 0.005  # a third of a degree
_SAME_SIGN: Final = 0.7
_LONG_WORDS: Final = 4
_TALL: Final = 0.4  # of a run's tallest word: a dash or a full stop does not say where its line ends


def runs_of(boxes: Sequence[Box], height: float, gap_in_heights: float) -> list[range]:
    """Which words, by their indices, follow one another from left to right.

    Args:
        boxes: of words that run from left to right, in the order of the content where it is known.
        height: of a line.
        gap_in_heights: a wider gap ends a run.
    """
    starts, most = [0], gap_in_heights * height
    least = -_OVERLAP_IN_HEIGHTS * height
    before = last = boxes[0]
    for at, box in enumerate(boxes):
        if at and not (least <= box[0] - last[2] <= most and (_shares_height(last, box) or _shares_height(before, box))):
            starts.append(at)
            last = box
        before, last = last, box
    return [range(start, end) for start, end in itertools.pairwise([*starts, len(boxes)])]


def slope_of(boxes: Sequence[Box], runs: Sequence[range]) -> float:
    """How far the lines sink per pixel to the right; 0.0 where they are level, or too few to say.

    Feet of words are compared half a run apart. On a level page most are equal but for letters that reach below the line, which come in any order.
    """
    found = []
    for run in runs:
        if (count := len(run)) >= _LONG_WORDS:
            first, half = run.start, count // 2
            for at in range(first, first + count - half):
                a, b = boxes[at], boxes[at + half]
                found.append((b[3] - a[3]) / max(1.0, b[0] - a[0]))
    if len(found) < _LEAST_PAIRS:
        return 0.0
    slope = float(median(found))
    same = sum(1 for one in found if one * slope > 0)
    return slope if abs(slope) >= _LEAST_SLOPE and same >= _SAME_SIGN * len(found) else 0.0


def place_of(boxes: Sequence[Box], run: range, slope: float) -> Box:
    """Where a run would stand on a level page: as wide as its words together, from the middle one of the tops of its tall ones to that of their feet."""
    if len(run) == 1 and not slope:
        return boxes[run.start]
    words = boxes[run.start : run.stop]
    least = _TALL * max(bottom - top for _, top, _, bottom in words)
    tall = [box for box in words if box[3] - box[1] >= least]
    sunk = [slope * (left + right) / 2 for left, _, right, _ in tall]
    tops = sorted(box[1] - down for box, down in zip(tall, sunk, strict=True))
    bottoms = sorted(box[3] - down for box, down in zip(tall, sunk, strict=True))
    middle = (len(tall) - 1) // 2  # of two the higher one: letters that stand on the line
    return Box(min(box[0] for box in words), tops[middle], max(box[2] for box in words), bottoms[middle])


def _shares_height(one: Box, other: Box) -> bool:
    """Whether two boxes share more than half of the lower one's height."""
    _, top, _, bottom = one
    _, above, _, below = other
    lower = min(bottom - top, below - above)
    return min(bottom, below) - max(top, above) > _HALF * lower
