"""OCR by RapidOCR: the PaddleOCR models on ONNX Runtime, from the package's own wheel, with one thread and without the network.

It reads photos and receipts that Tesseract guesses at, at several times the cost. How its answer becomes lines is rapid_answer.py's.
"""

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from docmill.errors import Damaged, EngineMissing
from docmill.stages.reading.rapid_answer import Strip, lines_of, strip_of
from docmill.stages.reading.rapid_models import require, versions
from docmill.values.page import Page
from docmill.values.ports import PageImage

_LONGEST_SIDE_PX: Final = 3000
"""Larger pictures are reduced before anything else: more pixels give the models nothing."""

_SETTINGS: Final = {
    "Global.log_level": "error",
    "Global.use_cls": False,  # the direction classifier turns upright lines upside down: recall .83 with it, .99 without
    "Global.return_word_box": True,
    "Global.max_side_len": _LONGEST_SIDE_PX,
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Rec.rec_batch_num": 1,  # a batch is padded to its widest line, which costs time and a little accuracy
    "Rec.rec_img_shape": [3, 48, 160],  # short lines are padded to 160 px and not to 320
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
}
_LEAST_CONFIDENCE: Final = 0.5  # of a whole line; what is below is drawings and dirt
_reading = threading.Lock()


class RapidEngine:
    """Reads page images with RapidOCR. Models are loaded once a process and kept."""

    name = "rapidocr"

    def version(self, language: str) -> dict[str, str]:  # noqa: ARG002 - one model for all languages
        """Package, runtime and model digests; `missing` for what is not installed."""
        return versions()

    def read(self, image: PageImage, *, language: str) -> Page:
        """Words in lines, in the reading order of docmill's own layout.

        Raises:
            EngineMissing, LanguageMissing: what to install, or which languages it lacks.
            Damaged: the image cannot be decoded, or the models cannot make sense of it.
        """
        detector, recogniser = require(language)
        pixels = _pixels(image)
        with _reading:  # the detector keeps its own scaling between two of its calls
            strips = _strips(_loaded(detector, recogniser), pixels)
        scale = (image.width_px / pixels.shape[1], image.height_px / pixels.shape[0])
        return Page(
            number=image.number,
            width_px=image.width_px,
            height_px=image.height_px,
            dpi=image.dpi,
            lines=lines_of(strips, scale, (image.width_px, image.height_px)),
            source=self.name,
            language=language,
        )


@lru_cache(maxsize=1)
def _loaded(detector: Path, recogniser: Path) -> Any:
    try:
        from rapidocr import RapidOCR  # noqa: PLC0415 - loads ONNX Runtime in 1.2 s, only where used
    except ImportError as error:
        raise EngineMissing("RapidOCR is not installed; the package is rapidocr") from error
    _cv2().setNumThreads(1)
    # naming the files keeps RapidOCR from looking for them on the network
    return RapidOCR(params={**_SETTINGS, "Det.model_path": str(detector), "Rec.model_path": str(recogniser)})


def _cv2() -> Any:
    import cv2  # noqa: PLC0415 - loads in 0.4 s, only where used

    return cv2


def _pixels(image: PageImage) -> Any:
    """Height x width x 3 bytes in the order blue, green, red, the longest side at most _LONGEST_SIDE_PX."""
    try:
        with Image.open(image.path) as picture:
            picture.draft("RGB" if picture.mode == "RGB" else "L", (_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
            coloured = picture.convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Damaged("RapidOCR cannot read the page image", page=image.number) from error
    coloured.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    return np.ascontiguousarray(np.asarray(coloured)[:, :, ::-1])


def _strips(models: Any, pixels: Any) -> list[Strip]:
    """What the recogniser read in each line that the detector found; corners in pixels of `pixels`."""
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError  # noqa: PLC0415 - loaded with the models
    from rapidocr.main import RapidOCRError  # noqa: PLC0415 - as above
    from rapidocr.utils.process_img import map_boxes_to_original  # noqa: PLC0415 - as above

    height, width = pixels.shape[:2]
    try:
        scaled, changes = models.preprocess_img(pixels)
        crops, found = models.detect_and_crop(scaled, changes)
        read = models.recognize_txt(crops)
    except RapidOCRError:  # how it says that there is no text
        return []
    except (ONNXRuntimeError, _cv2().error) as error:
        raise Damaged("RapidOCR cannot read the page image") from error
    corners = map_boxes_to_original(found.boxes, changes, height, width)
    return [
        strip_of(text, quad.tolist(), info)
        for text, score, quad, info in zip(read.txts, read.scores, corners, read.word_results, strict=True)
        if text.strip() and score >= _LEAST_CONFIDENCE
    ]
