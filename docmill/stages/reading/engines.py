"""Which OCR engines there are, by name. Others come through the entry point group of values/packages.py.

An engine is named in a string, because it crosses the cell's border: `name`, `name@host:port` for another address of a service, and
`name?credentials=FILE` for its key file, in this order: `vision@127.0.0.1:9000`, `vision?credentials=/run/keys/vision.json`. `?gpu=1` asks
for a GPU.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from docmill.errors import InvalidOptions
from docmill.values.options import AUTO
from docmill.values.packages import registered_engines
from docmill.values.page import Page
from docmill.values.ports import OcrEngine, PageImage

_LEAST_SIDE_PX: Final = 6
"""Less holds no letter; RapidOCR would cut a strip of 1 x 20,000 px into ten thousand bands."""


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine as asked for: its name, another address (host:port) and a key file where given, whether to compute on a GPU."""

    name: str
    endpoint: str | None = None
    credentials: Path | None = None
    use_gpu: bool = False

    @classmethod
    def of(cls, text: str) -> "EngineSpec":
        """Read `name[@host:port][?credentials=FILE]` or `name[@host:port][?gpu=1]`.

        Raises:
            InvalidOptions: anything else behind the question mark.
        """
        address, _, query = text.partition("?")
        name, _, endpoint = address.partition("@")
        key, _, value = query.partition("=")
        if query == "gpu=1":
            return cls(name, endpoint or None, use_gpu=True)
        if query and (key != "credentials" or not value):
            raise InvalidOptions("an engine is written name[@host:port][?credentials=FILE]")
        return cls(name, endpoint or None, Path(value) if value else None)


EngineFactory = Callable[[EngineSpec, Path, float], OcrEngine]
"""(spec, scratch folder, longest run in seconds) -> engine."""


def _auto(spec: EngineSpec, scratch_dir: Path, timeout_s: float) -> OcrEngine:
    from docmill.stages.reading.auto import AutoEngine  # noqa: PLC0415 - loads NumPy in 0.2 s, only where pages are read

    return AutoEngine(scratch_dir, timeout_s, use_gpu=spec.use_gpu)


def _tesseract(_spec: EngineSpec, scratch_dir: Path, timeout_s: float) -> OcrEngine:
    from docmill.stages.reading.tesseract_prepared import PreparedTesseract  # noqa: PLC0415 - loads pandas in 1.6 s, only where pages are read by it

    return PreparedTesseract(scratch_dir, timeout_s)


def _rapidocr(spec: EngineSpec, _scratch_dir: Path, _timeout_s: float) -> OcrEngine:
    from docmill.stages.reading.rapid import RapidEngine  # noqa: PLC0415 - loads NumPy in 0.2 s, only where it is used

    return RapidEngine(use_gpu=spec.use_gpu)


def _vision(spec: EngineSpec, _scratch_dir: Path, timeout_s: float) -> OcrEngine:
    from docmill.stages.reading.vision import VisionEngine  # noqa: PLC0415 - loads gRPC in 0.9 s, only where it is asked for

    return VisionEngine(spec.endpoint, spec.credentials, timeout_s)


BUILT_IN: Mapping[str, EngineFactory] = MappingProxyType({AUTO: _auto, "tesseract": _tesseract, "rapidocr": _rapidocr, "vision": _vision})


def ocr_engine(spec: EngineSpec, scratch_dir: Path, timeout_s: float) -> OcrEngine:
    """The engine of this name.

    Raises:
        InvalidOptions: unknown; the message names the known ones.
    """
    factory = BUILT_IN.get(spec.name)
    if factory is None:
        others = registered_engines()
        if spec.name not in others:
            raise InvalidOptions(f"unknown engine; known are {', '.join(sorted({*BUILT_IN, *others}))}")
        factory = others[spec.name].load()
    return factory(spec, scratch_dir, timeout_s)


def read_by(engine: OcrEngine, image: PageImage, language: str) -> Page:
    """The page as an engine reads it; without words, and without asking the engine, where no letter has room on it.

    Raises:
        Damaged, TimedOut, EngineMissing, LanguageMissing, EngineUnavailable: of the engine.
    """
    width, height = image.width_px, image.height_px
    if min(width, height) >= _LEAST_SIDE_PX:
        return engine.read(image, language=language)
    return Page(
        number=image.number,
        width_px=width,
        height_px=height,
        dpi=image.dpi,
        lines=(),
        source=engine.name,
        language=language,
        reason=f"not looked at: {width} x {height} px hold no letter",
    )
