"""OCR by RapidOCR: the PaddleOCR models on ONNX Runtime, from the package's own wheel, with one thread and without the network.

It reads photos and receipts that Tesseract guesses at, at several times the cost. How its answer becomes lines is rapid_answer.py's.
"""

import contextlib
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from PIL import Image

from docmill.errors import Damaged, EngineMissing
from docmill.stages.reading.contrast import stretched
from docmill.stages.reading.rapid_answer import TALL, Strip, lines_of, strip_of
from docmill.stages.reading.rapid_bands import bands_of, joined
from docmill.stages.reading.rapid_letters import LetterChoice
from docmill.stages.reading.rapid_models import gpu_provider, require, versions
from docmill.values.page import Page
from docmill.values.ports import PageImage

_LONGEST_SIDE_PX: Final = 3000
"""Larger pictures are reduced before anything else: more pixels give the models nothing."""

_SETTINGS: Final = {
    "Global.log_level": "error",
    "Global.use_cls": False,  # the direction classifier turns upright lines upside down: recall .83 with it, .99 without
    "Global.return_word_box": True,
    "Global.max_side_len": _LONGEST_SIDE_PX,
    "Rec.rec_batch_num": 1,  # a batch is padded to its widest line, which costs time and a little accuracy
    "Rec.rec_img_shape": [3, 48, 160],  # short lines are padded to 160 px and not to 320
    "Det.limit_type": "max",
    "Det.limit_side_len": 960,
}
_LEAST_CONFIDENCE: Final = 0.5  # of a whole line; what is below is drawings and dirt
_PROBE_SIDE_PX: Final = 1600
_PROBED_LINES: Final = 6
_reading = threading.Lock()


class RapidEngine:
    """Reads page images with RapidOCR. Models are loaded once a process and kept.

    Args:
        use_gpu: whether to compute on a GPU.

    Raises:
        EngineMissing: a GPU is asked for, and ONNX Runtime has no provider for one.
    """

    name = "rapidocr"

    def __init__(self, *, use_gpu: bool = False) -> None:
        if use_gpu:
            gpu_provider()
        self._use_gpu = use_gpu

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
        bands = bands_of(image.width_px, image.height_px)
        with _reading, _translated(image.number):  # the detector keeps its own scaling between two of its calls
            models = _loaded(detector, recogniser, use_gpu=self._use_gpu)
            models.text_rec.postprocess_op.choose(language)
            strips = joined([_placed_strips(models, image, band) for band in bands], bands)
        return Page(
            number=image.number,
            width_px=image.width_px,
            height_px=image.height_px,
            dpi=image.dpi,
            lines=lines_of(strips, (1.0, 1.0), (image.width_px, image.height_px)),
            source=self.name,
            language=language,
        )


def turn_of(image: PageImage, *, use_gpu: bool = False) -> int:
    """By how many degrees to turn the image clockwise so that its text stands upright: 0, 90, 180 or 270; 0 without text.

    The detector says whether lines run across or along the sheet; the longest of them are read both ways up, and the surer way wins.

    Raises:
        EngineMissing: no models.
        Damaged: the image cannot be decoded.
    """
    with _reading, _translated(image.number):
        models, pixels = _loaded(*require("en"), use_gpu=use_gpu), _pixels(image, _PROBE_SIDE_PX)
        try:
            crops, found = models.detect_and_crop(*models.preprocess_img(pixels))
        except _rapid_error():
            return 0
        corners = found.boxes
        top, side = (np.linalg.norm(corners[:, 0] - corners[:, other], axis=1) for other in (1, 3))
        is_along = float(side[side >= TALL * top].sum()) > float(top[side < TALL * top].sum())
        # the crops of tall lines come turned counter-clockwise already
        fitting = np.flatnonzero((side >= TALL * top) == is_along)
        longest = fitting[np.argsort(-np.maximum(top, side)[fitting])][:_PROBED_LINES]
        as_cropped = sum(models.recognize_txt([crops[n] for n in longest]).scores)
        on_its_head = sum(models.recognize_txt([np.ascontiguousarray(crops[n][::-1, ::-1]) for n in longest]).scores)
    if is_along:
        return 270 if as_cropped >= on_its_head else 90
    return 0 if as_cropped >= on_its_head else 180


@lru_cache(maxsize=1)
def _loaded(detector: Path, recogniser: Path, *, use_gpu: bool = False) -> Any:
    try:
        from omegaconf import flag_override  # noqa: PLC0415 - RapidOCR's configuration, loaded with it
        from rapidocr import RapidOCR  # noqa: PLC0415 - loads ONNX Runtime in 1.2 s, only where used
    except ImportError as error:
        raise EngineMissing("RapidOCR is not installed; the package is rapidocr") from error
    _cv2().setNumThreads(1)
    models: Any = RapidOCR(params=dict(_SETTINGS))
    providers = ["CPUExecutionProvider"]
    if use_gpu:
        providers.insert(0, gpu_provider())
    for part, model in ((models.cfg.Det, detector), (models.cfg.Rec, recogniser)):
        with flag_override(part, "allow_objects", values=True):
            part.session = _session(model, providers)  # with a session of its own, RapidOCR looks for no model on disk or on the network
    recognising = models._load_rec_model()  # noqa: SLF001 - the recogniser's own name is None until its first line
    recognising.postprocess_op = LetterChoice(recognising.postprocess_op)
    return models


def _session(model: Path, providers: list[str]) -> Any:
    import onnxruntime  # noqa: PLC0415 - loads in 0.3 s, only where used

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # both keep memory for every shape of input ever seen: lines are of all lengths, and a process would grow by 1 MB a page
    options.enable_mem_pattern = options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(model), sess_options=options, providers=providers)


def _cv2() -> Any:
    import cv2  # noqa: PLC0415 - loads in 0.4 s, only where used

    return cv2


def _pixels(image: PageImage, longest_px: int = _LONGEST_SIDE_PX, band: tuple[int, int] | None = None) -> Any:
    """Height x width x 3 bytes in the order blue, green, red, the longest side at most `longest_px`; of the rows of a band, where one is given."""
    try:
        with Image.open(image.path) as picture:
            if band is None or band == (0, image.height_px):
                picture.draft("RGB" if picture.mode == "RGB" else "L", (longest_px, longest_px))
                coloured = picture.convert("RGB")
            else:
                coloured = picture.crop((0, band[0], picture.width, band[1])).convert("RGB")
    except (OSError, ValueError, SyntaxError) as error:
        raise Damaged("RapidOCR cannot read the page image", page=image.number) from error
    coloured.thumbnail((longest_px, longest_px))
    return np.ascontiguousarray(np.asarray(stretched(coloured))[:, :, ::-1])


def _placed_strips(models: Any, image: PageImage, band: tuple[int, int]) -> list[Strip]:
    """The lines of a band, corners in pixels of the page image."""
    pixels = _pixels(image, band=band)
    across, down = image.width_px / pixels.shape[1], (band[1] - band[0]) / pixels.shape[0]
    return [Strip(one.words, [(x * across, y * down + band[0]) for x, y in one.corners]) for one in _strips(models, pixels)]


def _strips(models: Any, pixels: Any) -> list[Strip]:
    """What the recogniser read in each line that the detector found; corners in pixels of `pixels`."""
    from rapidocr.utils.process_img import map_boxes_to_original  # noqa: PLC0415 - loaded with the models

    height, width = pixels.shape[:2]
    scaled, changes = models.preprocess_img(pixels)
    try:
        crops, found = models.detect_and_crop(scaled, changes)
        read = models.recognize_txt(crops)
    except _rapid_error():  # how it says that there is no text
        return []
    corners = map_boxes_to_original(found.boxes, changes, height, width)
    return [
        strip_of(text, quad.tolist(), info)
        for text, score, quad, info in zip(read.txts, read.scores, corners, read.word_results, strict=True)
        if text.strip() and score >= _LEAST_CONFIDENCE
    ]


@contextlib.contextmanager
def _translated(page: int) -> Iterator[None]:
    """Errors of the models and of OpenCV become Damaged."""
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError  # noqa: PLC0415 - loads ONNX Runtime in 1.2 s

    try:
        yield
    except (ONNXRuntimeError, _cv2().error) as error:
        raise Damaged("RapidOCR cannot read the page image", page=page) from error


def _rapid_error() -> type[Exception]:
    from rapidocr.main import RapidOCRError  # noqa: PLC0415 - loaded with the models

    return cast("type[Exception]", RapidOCRError)
