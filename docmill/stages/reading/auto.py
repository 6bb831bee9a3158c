"""`auto`: for each page image the cheapest engine that is good enough, the right way up, with the reason kept on the page.

Tesseract reads first, except slips and photos, which RapidOCR reads better at once. A doubtful reading is looked into: does the page lie on its
side or head, and does RapidOCR read it better. Languages that RapidOCR lacks stay with Tesseract, whose orientation detection says how the page lies.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from docmill.errors import EngineMissing, LanguageMissing
from docmill.stages.reading import rapid_models, tessdata
from docmill.stages.reading.doubt import better_of, doubt_of, may_be_turned, told
from docmill.stages.reading.missed import doubt_of_image
from docmill.stages.reading.paper import is_photo, is_slip
from docmill.stages.reading.raster import turned_image
from docmill.values.page import Page
from docmill.values.ports import OcrEngine, PageImage

if TYPE_CHECKING:
    from docmill.stages.reading.tesseract_prepared import PreparedTesseract


class AutoEngine:
    """Reads page images with whichever engine suits them.

    Args:
        scratch_dir: for temporary files.
        timeout_s: longest run of one outside program.
        use_gpu: whether RapidOCR computes on a GPU.

    Raises:
        EngineMissing: a GPU is asked for, and ONNX Runtime has no provider for one.
    """

    name = "auto"

    def __init__(self, scratch_dir: Path, timeout_s: float, *, use_gpu: bool = False) -> None:
        if use_gpu:
            rapid_models.gpu_provider()  # here, for a missing model is no error below
        self._scratch_dir, self._timeout_s, self._use_gpu = scratch_dir, timeout_s, use_gpu

    def version(self, language: str) -> dict[str, str]:
        """Versions of both engines."""
        return {**tessdata.versions(language), **tessdata.orientation_versions(), **rapid_models.versions()}

    def read(self, image: PageImage, *, language: str) -> Page:
        """Words in lines; `source` is the engine whose reading was kept, `reason` why, `turned_deg` how far the image was turned.

        Raises:
            EngineMissing, LanguageMissing: what to install.
            TimedOut, Damaged: as the engine that read first.
        """
        tessdata.require(language)
        tesseract, rapid = self._tesseract(), self._rapid(language)
        if rapid is None:
            return tesseract.read(image, language=language)
        kind = "a slip" if is_slip(image) else "a photo" if is_photo(image) else None
        engine: OcrEngine = rapid if kind else tesseract.plain
        doubt_in = _doubt_of_sure_engine if kind else doubt_of_image
        page = engine.read(image, language=language)
        doubt, how = doubt_in(image, page), ""
        if doubt is None:
            return told(page, kind, None)
        with self._upright(image, page) as (upright, turn_deg):
            if turn_deg:
                page = engine.read(upright, language=language)
                doubt = doubt_in(upright, page)
            if doubt is not None and not kind:
                page, how = tesseract.read_level(upright, page, language)
                if not how or doubt_of_image(upright, page):
                    page, how = better_of(page, rapid.read(upright, language=language)), ""
            page = page.model_copy(update={"turned_deg": turn_deg})
        return told(page, kind, doubt, how)

    @contextlib.contextmanager
    def _upright(self, image: PageImage, page: Page) -> Iterator[tuple[PageImage, int]]:
        """The image the right way up: itself, or a copy for as long as the block runs; and by how much it was turned clockwise."""
        from docmill.stages.reading.rapid import turn_of  # noqa: PLC0415 - loads NumPy and Pillow, only for doubtful pages

        turn_deg = turn_of(image, use_gpu=self._use_gpu) if may_be_turned(page) else 0
        if not turn_deg:
            yield image, 0
            return
        with turned_image(image, turn_deg, self._scratch_dir) as upright:
            yield upright, turn_deg

    def _tesseract(self) -> "PreparedTesseract":
        from docmill.stages.reading.tesseract_prepared import PreparedTesseract  # noqa: PLC0415 - loads pandas in 1.6 s

        return PreparedTesseract(self._scratch_dir, self._timeout_s)

    def _rapid(self, language: str) -> OcrEngine | None:
        with contextlib.suppress(EngineMissing, LanguageMissing):
            rapid_models.require(language)
            from docmill.stages.reading.rapid import RapidEngine  # noqa: PLC0415 - only where it is installed

            return RapidEngine(use_gpu=self._use_gpu)
        return None


def _doubt_of_sure_engine(_image: PageImage, page: Page) -> str | None:
    return doubt_of(page)  # RapidOCR leaves no lines out of a skewed page
