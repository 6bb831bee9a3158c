"""What kind of sheet a page image shows, from a thumbnail: cheap enough to be asked before any engine reads.

Decides nothing that loses text: a wrong answer costs the time of a dearer engine, or Tesseract's second best segmentation.
"""

from typing import Final

import numpy as np
from PIL import Image

from docmill.stages.reading.gray_pixels import gray_of
from docmill.values.ports import PageImage

_SLIP_SHAPE: Final = 1.7  # till rolls are narrower than legal paper (1.65)
_THUMBNAIL_PX: Final = 384
_TILES: Final = 8
_DARK_PAPER: Final = 150  # of 255; scanned paper, even yellowed or gray, is brighter
_UNEVEN_LIGHT: Final = 30  # standard deviation of the paper's brightness over the sheet; scanners stay below 15


def is_slip(image: PageImage) -> bool:
    """Whether the sheet is long and narrow, as till receipts are."""
    return image.height_px >= _SLIP_SHAPE * max(1, image.width_px)


def is_photo(image: PageImage) -> bool:
    """Whether the paper is dark or lit unevenly, as in a photograph; False for what cannot be decoded."""
    gray = gray_of(image.path)
    if gray is None:
        return False
    small = gray.copy()
    small.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX), Image.Resampling.BOX)
    pixels = np.asarray(small)
    tiles = [tile for band in np.array_split(pixels, _TILES, axis=0) for tile in np.array_split(band, _TILES, axis=1) if tile.size]
    paper = [float(np.percentile(tile, 80)) for tile in tiles]
    return float(np.median(paper)) < _DARK_PAPER or float(np.std(paper)) > _UNEVEN_LIGHT
