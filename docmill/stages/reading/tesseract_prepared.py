"""`tesseract`: Tesseract's reading of a page image, and where that is doubtful, of the image turned upright and made level.

Tesseract by itself (tesseract.py) loses pages that lie on their side, and most lines of a page that is skewed by 5 degrees and more.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docmill.stages.reading import tessdata
from docmill.stages.reading.doubt import is_tall, may_be_turned, sure_letters, told
from docmill.stages.reading.missed import doubt_of_image
from docmill.stages.reading.paper import is_slip
from docmill.stages.reading.raster import turned_image
from docmill.stages.reading.skew import box_on_page, skew_of, straightened_image
from docmill.stages.reading.tesseract import TesseractEngine
from docmill.stages.reading.tesseract_turn import turn_by_tesseract, why_not
from docmill.values.page import Line, Page
from docmill.values.ports import PageImage

_LEVEL_DEG: Final = 1.5
"""Skew up to which Tesseract reads as well as on a level page (docs/reading.md)."""


class PreparedTesseract:
    """Reads page images with Tesseract, with preparation where the first reading is doubtful.

    Args:
        scratch_dir: for temporary files.
        timeout_s: longest run of the program.

    Attributes:
        plain: Tesseract by itself.
    """

    name = "tesseract"

    def __init__(self, scratch_dir: Path, timeout_s: float = 110.0) -> None:
        self._scratch_dir, self._timeout_s = scratch_dir, timeout_s
        self.plain = TesseractEngine(scratch_dir, timeout_s)

    def version(self, language: str) -> dict[str, str]:
        """Program, language-data and orientation-data versions."""
        return {**tessdata.versions(language), **tessdata.orientation_versions()}

    def read(self, image: PageImage, *, language: str) -> Page:
        """Words in lines; `reason` says what was doubtful and done about it, `turned_deg` how far the image was turned.

        Raises:
            EngineMissing, LanguageMissing: what to install.
            TimedOut, Damaged: as TesseractEngine.
        """
        page = self.plain.read(image, language=language)
        doubt = doubt_of_image(image, page)
        if doubt is None:
            return page
        with self._upright(image, page, language) as (upright, turned, note):
            doubt = doubt_of_image(upright, turned)
            kept, how = self.read_level(upright, turned, language) if doubt else (turned, "")
        return told(kept, None, doubt, how, note)

    def read_level(self, image: PageImage, page: Page, language: str) -> tuple[Page, str]:
        """The surer of two readings of a page image, the given and one after making its lines level, boxes in the image as it is; and what was done.

        Raises:
            as `read`.
        """
        skew_deg = skew_of(image)
        if abs(skew_deg) <= _LEVEL_DEG:
            return page, ""
        with straightened_image(image, skew_deg, self._scratch_dir) as level:
            # as the sheet was taken for: its copy is wider
            psm = tessdata.PSM_SLIP if is_slip(image) else tessdata.PSM_PAGE
            read = self.plain.read(level, language=language, psm=psm)
            if sure_letters(read) <= sure_letters(page):
                return page, ""
            lines = tuple(
                Line(words=tuple(word.model_copy(update={"box": box_on_page(word.box, level, image, skew_deg)}) for word in line.words))
                for line in read.lines
            )
        kept = {"width_px": image.width_px, "height_px": image.height_px, "turned_deg": page.turned_deg}
        return read.with_lines(lines).model_copy(update=kept), f"made level by {skew_deg:.1f} degrees"

    @contextlib.contextmanager
    def _upright(self, image: PageImage, page: Page, language: str) -> Iterator[tuple[PageImage, Page, str]]:
        """Image and reading the other way up where that is the surer one, else as given; and why nobody looked."""
        note = why_not() if may_be_turned(page) else ""
        turn_deg = turn_by_tesseract(image, self._scratch_dir, self._timeout_s) if may_be_turned(page) and not note else 0
        if not turn_deg:
            yield image, page, note or ""
            return
        with turned_image(image, turn_deg, self._scratch_dir) as upright:
            turned = self.plain.read(upright, language=language)
            if turned.words and (not page.words or is_tall(page) or turned.confidence > page.confidence):
                yield upright, turned.model_copy(update={"turned_deg": turn_deg}), ""
            else:
                yield image, page, ""
