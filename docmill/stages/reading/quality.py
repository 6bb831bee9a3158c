"""How good a page image is to read: blur, contrast, size of letters, skew and what the engine was sure of, as one score with reasons.

Says how much to trust a reading and what to do better when the page is scanned again. Changes nothing about the reading itself.
"""

import itertools
import math
from statistics import median
from typing import Final, NamedTuple

from PIL import ImageChops

from docmill.stages.reading.contrast import level_of, levels_of
from docmill.stages.reading.doubt import TRUSTED
from docmill.stages.reading.gray_pixels import gray_of
from docmill.values.page import Line, Page
from docmill.values.ports import PageImage

_SAMPLE_PX: Final = 1600  # the middle of the sheet tells enough
_SHARP: Final = 0.35  # the steepest edges span this share of the contrast from one pixel to the next; scans have .5 and more
_CONTRAST: Final = 0.35  # between ink and paper, of black and white
_LETTER_PX: Final = 14  # height of a line of words from which engines read well
_SKEW_DEG: Final = 3.0
_LEAST_WORDS: Final = 4  # of a line whose slope counts


class Quality(NamedTuple):
    """A score 0.0-1.0 and what lowers it, for people."""

    score: float
    reasons: tuple[str, ...]


def quality_of(image: PageImage, page: Page) -> Quality:
    """The quality of a page image as it was read; a page without words has what its pixels say."""
    factors = [*_of_pixels(image), *_of_words(page)]
    reasons = [f"{name} ({told})" for name, factor, told in factors if factor < 1]
    sure = page.confidence if page.words else 1.0
    if sure < TRUSTED:
        reasons.append(f"unsure reading ({sure:.2f})")
    score = math.prod(factor for _, factor, _ in factors) * sure
    return Quality(round(min(1.0, max(0.0, score)), 3), tuple(reasons))


def rated(image: PageImage, page: Page) -> Page:
    """A page with the quality of the image that it was read from, and how that lay in its file."""
    quality = quality_of(image, page)
    seen = {"quality": quality.score, "quality_reasons": quality.reasons, "exif_orientation": image.exif_orientation}
    return page.model_copy(update=seen)


def skew_deg_of(page: Page) -> float:
    """The median slope of the lines in degrees, clockwise; 0.0 when too few are long enough to say."""
    slopes = [slope for line in page.lines if (slope := _slope(line)) is not None]
    return math.degrees(math.atan(median(slopes))) if slopes else 0.0


def _of_pixels(image: PageImage) -> list[tuple[str, float, str]]:
    gray = gray_of(image.path)
    if gray is None:
        return []
    left, top = max(0, (gray.width - _SAMPLE_PX) // 2), max(0, (gray.height - _SAMPLE_PX) // 2)
    sample = gray.crop((left, top, min(gray.width, left + _SAMPLE_PX), min(gray.height, top + _SAMPLE_PX)))
    width, height = sample.size
    if min(width, height) < 2:  # noqa: PLR2004 - no neighbours
        return []
    low, high = levels_of(sample)
    contrast = (high - low) / 255
    steps = ImageChops.difference(sample.crop((1, 0, width, height)), sample.crop((0, 0, width - 1, height))).histogram()
    sharp = level_of(steps, 0.997) / max(1, high - low)
    return [
        ("low contrast", min(1.0, contrast / _CONTRAST), f"{contrast:.2f}"),
        ("blurred", min(1.0, sharp / _SHARP) if contrast > 0 else 1.0, f"{sharp:.2f}"),
    ]


def _of_words(page: Page) -> list[tuple[str, float, str]]:
    if not page.words:
        return []
    height, skew = median(word.box.height for word in page.words), abs(skew_deg_of(page))
    return [
        ("small letters", min(1.0, height / _LETTER_PX), f"{height:.0f} px"),
        ("skewed", min(1.0, _SKEW_DEG / max(skew, 1e-6)) ** 0.5, f"{skew:.1f} degrees"),
    ]


def _slope(line: Line) -> float | None:
    """The slope of a line: the median over pairs of words, each by its middle, so that one odd word changes nothing."""
    points = [((w.box.x0 + w.box.x1) / 2, (w.box.y0 + w.box.y1) / 2) for w in line.words]
    if len(points) < _LEAST_WORDS:
        return None
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(points) if b[0] > a[0]]
    return median(slopes) if slopes else None
