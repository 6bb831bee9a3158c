"""How much of a page's print an engine did not read: Tesseract gives two sure words of a skewed page and loses the six hundred others.

Belongs here: the measure and the doubt that follows. Does not belong here: what is done about it (auto).
"""

from typing import Final

from docmill.stages.ink import cells_of, edges_of, factor_of
from docmill.stages.reading.doubt import doubt_of
from docmill.stages.reading.gray_pixels import gray_of
from docmill.values.page import Page
from docmill.values.ports import PageImage

MOSTLY_READ: Final = 0.4
"""Share of unread letter ink from which a reading is doubtful. Well read pages, with logos and drawings: up to .20; skewed by 7 degrees: .75 and more."""

_LEAST_CELLS: Final = 60  # of 8 px at 100 dpi, some five words: less is a stamp or dirt


def doubt_of_image(image: PageImage, page: Page) -> str | None:
    """Why Tesseract's reading of an image is doubtful, by itself or by what it left unread; None if it is not."""
    doubt = doubt_of(page)
    if doubt is not None:
        return doubt
    share = missed_share(image, page)
    return f"{share:.0%} of the print not read" if share > MOSTLY_READ else None


def missed_share(image: PageImage, page: Page) -> float:
    """The share of ink that looks like letters and that no word of the page explains, 0.0-1.0; 0.0 where there is hardly any."""
    gray = gray_of(image.path)
    if gray is None:
        return 0.0
    factor = factor_of(image.dpi)
    edges = edges_of(gray.reduce(factor))
    ink = int(cells_of(edges, factor).sum())
    if ink < _LEAST_CELLS:
        return 0.0
    unread = cells_of(edges, factor, [word.box for word in page.words])
    return float(int(unread.sum()) / ink)
