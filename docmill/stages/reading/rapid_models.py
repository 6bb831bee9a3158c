"""What RapidOCR is installed: its package, its models' files and digests, the languages its recogniser can write. Loads no model."""

import hashlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from docmill.errors import EngineMissing, LanguageMissing
from docmill.values.packages import MISSING, installed_version

LANGUAGES: Final = frozenset(
    {
        "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "ja", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "sk",
        "sl", "sv", "tr", "zh",
    }
)  # fmt: skip
"""ISO 639-1 codes whose letters are all among the recogniser's characters (a test compares them). Not Cyrillic, Greek, Vietnamese, Korean."""

_DETECTOR: Final = "PP-OCRv6_det_small.onnx"
_RECOGNISER: Final = "PP-OCRv6_rec_small.onnx"
_GPU_PROVIDERS: Final = ("CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider", "DmlExecutionProvider")


def require(language: str) -> tuple[Path, Path]:
    """The files of the detector and of the recogniser.

    Raises:
        LanguageMissing: the recogniser doesn't know this language's letters.
        EngineMissing: the package is not installed, or comes without a model; nothing is ever downloaded.
    """
    if language not in LANGUAGES:
        raise LanguageMissing(f"RapidOCR does not read language {language}; Tesseract may, with its language package", language=language)
    folder = _model_dir()
    found = folder / _DETECTOR, folder / _RECOGNISER
    if not all(file.is_file() for file in found):
        raise EngineMissing("RapidOCR is installed without its models; the package is rapidocr 3.10")
    return found


def versions() -> dict[str, str]:
    """Names and versions of what shapes RapidOCR's output. Cheap after the first call."""
    try:
        folder = _model_dir()
        models = [folder / name for name in (_DETECTOR, _RECOGNISER)]
        digests = "+".join(_digest(file, file.stat().st_mtime_ns, file.stat().st_size) for file in models)
        return {"rapidocr": installed_version("rapidocr"), "rapidocr_models": digests, "onnxruntime": installed_version("onnxruntime")}
    except (EngineMissing, OSError):
        return {"rapidocr": MISSING}


@lru_cache(maxsize=1)
def _model_dir() -> Path:
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise EngineMissing("RapidOCR is not installed; the package is rapidocr")
    return Path(spec.submodule_search_locations[0]) / "models"


@lru_cache(maxsize=8)
def _digest(model: Path, _mtime_ns: int, _size: int) -> str:
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def gpu_provider() -> str:
    """The name of ONNX Runtime's provider that computes on a GPU.

    Raises:
        EngineMissing: the installed runtime has none.
    """
    try:
        from onnxruntime import get_available_providers  # noqa: PLC0415 - loads in 0.3 s, only where a GPU is asked for
    except ImportError as error:
        raise EngineMissing("RapidOCR is not installed; the package is rapidocr") from error
    there = get_available_providers()
    found = next((name for name in _GPU_PROVIDERS if name in there), None)
    if found is None:
        raise EngineMissing(
            "DOCMILL_USE_GPU is set, but the installed ONNX Runtime has no GPU provider: install onnxruntime-gpu in its place, or unset it"
        )
    return found
