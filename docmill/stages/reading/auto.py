"""`auto`: for each page image the cheapest engine that is good enough, the right way up, with the reason kept on the page.

Tesseract reads first, except slips and photos, which RapidOCR reads better at once. A doubtful reading is looked into: does the page lie on its
side or head, and does RapidOCR read it better. Languages that RapidOCR lacks stay with Tesseract, whose orientation detection says how the page lies.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from docmill.errors import EngineMissing, LanguageMissing
from docmill.stages.reading import rapid_models, tessdata
from docmill.stages.reading.doubt import better_of, doubt_of, is_tall, may_be_turned
from docmill.stages.reading.missed import MOSTLY_READ, missed_share
from docmill.stages.reading.paper import is_photo, is_slip
from docmill.stages.reading.raster import turned_image
from docmill.values.page import Page
from docmill.values.ports import OcrEngine, PageImage


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
        rapid = self._rapid(language)
        kind = "a slip" if is_slip(image) else "a photo" if is_photo(image) else None
        engine = rapid if rapid and kind else self._tesseract()
        page = engine.read(image, language=language)
        doubt = doubt_of(page) or (_missed(image, page) if engine is not rapid else None)
        if doubt is None:
            return _told(page, kind if engine is rapid else None, doubt)
        if rapid is None:
            return self._read_turned(image, page, language, doubt)
        with self._upright(image, page) as (upright, turn_deg):
            if turn_deg:
                page = engine.read(upright, language=language)
                doubt = doubt_of(page) or (_missed(upright, page) if engine is not rapid else None)
            if doubt is not None and engine is not rapid:
                page = better_of(page, rapid.read(upright, language=language))
            page = page.model_copy(update={"turned_deg": turn_deg})
        return _told(page, kind if engine is rapid else None, doubt)

    def _read_turned(self, image: PageImage, page: Page, language: str, doubt: str) -> Page:
        """Tesseract's doubtful reading, or its reading of the page the other way up where that is the surer one."""
        from docmill.stages.reading.tesseract_turn import turn_by_tesseract, why_not  # noqa: PLC0415 - loads pandas in 1.6 s

        if not may_be_turned(page):
            return _told(page, None, doubt)
        if reason := why_not():
            return _told(page, None, doubt, reason)
        turn_deg = turn_by_tesseract(image, self._scratch_dir, self._timeout_s)
        if turn_deg:
            with turned_image(image, turn_deg, self._scratch_dir) as upright:
                turned = self._tesseract().read(upright, language=language)
                left = doubt_of(turned) or _missed(upright, turned) or ""
            if turned.words and (not page.words or is_tall(page) or turned.confidence > page.confidence):
                page, doubt = turned.model_copy(update={"turned_deg": turn_deg}), left
        return _told(page, None, doubt)

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

    def _tesseract(self) -> OcrEngine:
        from docmill.stages.reading.tesseract import TesseractEngine  # noqa: PLC0415 - loads pandas in 1.6 s

        return TesseractEngine(self._scratch_dir, self._timeout_s)

    def _rapid(self, language: str) -> OcrEngine | None:
        with contextlib.suppress(EngineMissing, LanguageMissing):
            rapid_models.require(language)
            from docmill.stages.reading.rapid import RapidEngine  # noqa: PLC0415 - only where it is installed

            return RapidEngine(use_gpu=self._use_gpu)
        return None


def _missed(image: PageImage, page: Page) -> str | None:
    share = missed_share(image, page)
    return f"{share:.0%} of the print not read" if share > MOSTLY_READ else None


def _told(page: Page, kind: str | None, doubt: str | None, note: str = "") -> Page:
    reasons = [kind, f"doubtful: {doubt}" if doubt else "", f"turned by {page.turned_deg}" if page.turned_deg else "", note]
    return page.model_copy(update={"reason": ", ".join(filter(None, reasons))})
