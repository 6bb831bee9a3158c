"""Skew of a page image: how far its lines slope, a copy in which they lie level, and where that copy's boxes lie in the page image.

Belongs here: angles of a few degrees. Does not belong here: pages on their side or head (rapid, tesseract_turn), and when to straighten.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from PIL import Image

from docmill.errors import Damaged
from docmill.shredding import shred_file
from docmill.stages.ink import edges_of, factor_of
from docmill.stages.reading.raster import saved_image
from docmill.values.geometry import Box
from docmill.values.ports import PageImage

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_MOST_DEG: Final = 15.0
_COARSE_DEG: Final = 0.5
_FINE_DEG: Final = 0.1
_PLACES: Final = 30_000  # edges that are looked at; a page of text has 100,000
_LEAST_PLACES: Final = 200
_CLEARER: Final = 1.15  # by how much level lines must gather the edges better than the page as it is


def skew_of(image: PageImage) -> float:
    """How many degrees the lines of a page image slope, clockwise (sinking to the right), -15.0 to 15.0; 0.0 where nothing says so.

    The projection profile (W. Postl, Detection of linear oblique structures and skew scan in digitized documents, ICPR 1986): at the right
    angle the upper and lower edges of letters gather in few rows.

    Raises:
        Damaged: the image cannot be decoded.
    """
    import numpy as np  # noqa: PLC0415 - loads in 0.1 s, only for doubtful pages

    factor = factor_of(image.dpi)
    with _decoded(image) as picture:
        small = picture.convert("L").reduce(factor)
    rows, columns = np.nonzero(edges_of(small).down)
    if len(rows) < _LEAST_PLACES:
        return 0.0
    step = max(1, len(rows) // _PLACES)
    y, x = rows[::step].astype(np.float32), columns[::step].astype(np.float32)
    coarse = _best(y, x, 0.0, _MOST_DEG, _COARSE_DEG)
    found = _best(y, x, coarse, _COARSE_DEG, _FINE_DEG)
    return round(found, 1) if _gathered(y, x, found) >= _CLEARER * _gathered(y, x, 0.0) else 0.0


@contextlib.contextmanager
def straightened_image(image: PageImage, skew_deg: float, scratch_dir: "Path") -> Iterator[PageImage]:
    """A gray copy in which lines that slope by `skew_deg` lie level, large enough for all of the page; its file is overwritten and removed afterwards.

    Raises:
        Damaged: the image cannot be decoded.
    """
    with _decoded(image) as picture:
        gray = picture.convert("L")
        paper = sorted(gray.resize((64, 64), Image.Resampling.NEAREST).tobytes())[64 * 32]
        level = gray.rotate(skew_deg, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    made = replace(saved_image(level, image.dpi, image.number, scratch_dir), exif_orientation=image.exif_orientation)
    try:
        yield made
    finally:
        shred_file(made.path)


def box_on_page(box: Box, straightened: PageImage, image: PageImage, skew_deg: float) -> Box:
    """The smallest box of the page image around a box of its straightened copy, in pixels, within the page."""
    sine, cosine = math.sin(math.radians(skew_deg)), math.cos(math.radians(skew_deg))
    points = []
    for corner_x, corner_y in box.polygon():
        x, y = corner_x - straightened.width_px / 2, corner_y - straightened.height_px / 2
        points.append((x * cosine - y * sine + image.width_px / 2, x * sine + y * cosine + image.height_px / 2))
    xs, ys = (
        [min(max(value, 0.0), float(most)) for value in values]
        for values, most in zip(zip(*points, strict=True), (image.width_px, image.height_px), strict=True)
    )
    return Box(min(xs), min(ys), max(xs), max(ys)).rounded()


@contextlib.contextmanager
def _decoded(image: PageImage) -> Iterator[Image.Image]:
    try:
        with Image.open(image.path) as picture:
            yield picture
    except (OSError, ValueError, SyntaxError) as error:
        raise Damaged("the page image cannot be decoded", page=image.number) from error


def _best(y: "np.ndarray", x: "np.ndarray", around: float, most: float, step: float) -> float:
    count = round(most / step)
    return max((around + n * step for n in range(-count, count + 1)), key=lambda angle: _gathered(y, x, angle))


def _gathered(y: "np.ndarray", x: "np.ndarray", skew_deg: float) -> float:
    """Sum of squares of how many places lie in each row after lines of this slope were made level."""
    import numpy as np  # noqa: PLC0415 - as above

    angle = math.radians(skew_deg)
    level = y * math.cos(angle) - x * math.sin(angle)
    counts = np.bincount((level - level.min()).astype(np.int32))
    return float((counts.astype(np.float64) ** 2).sum())
