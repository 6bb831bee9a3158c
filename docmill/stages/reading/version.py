"""What identifies reading's output: the room's own version and its engines' versions. Enters artefact keys, so it must be cheap."""

import subprocess
from functools import lru_cache
from typing import Final

from docmill.stages.reading import rapid_models, tessdata
from docmill.stages.reading.engines import EngineSpec
from docmill.values.options import AUTO, MillOptions
from docmill.values.packages import MISSING, installed_version, registered_engines

INSPECT_VERSION: Final = "8"
"""Raised when what inspection says of a file changes; words are not read again for it."""

VERSION: Final = "11"
"""Raised when the words that reading finds, their boxes or their order change, or what a page says beside them."""


def engine(options: MillOptions) -> dict[str, str]:
    """Names and versions of what reads pages under these options; `missing` for what is not installed."""
    name = EngineSpec.of(options.engine).name
    shared = {"pypdfium2": installed_version("pypdfium2"), "poppler": _poppler_version(), "language": options.language}
    if name == AUTO:
        return {**shared, **tessdata.versions(options.language), **tessdata.orientation_versions(), **rapid_models.versions()}
    if name == "tesseract":
        return {**shared, **tessdata.versions(options.language), **tessdata.orientation_versions()}
    if name == "rapidocr":
        return {**shared, **rapid_models.versions()}
    if name == "vision":
        return {**shared, "vision": "DOCUMENT_TEXT_DETECTION", "google-cloud-vision": installed_version("google-cloud-vision")}
    registered = registered_engines().get(name)
    package = registered.dist if registered else None
    return {**shared, "engine": name, "engine_package": f"{package.name} {package.version}" if package else MISSING}


@lru_cache(maxsize=1)
def _poppler_version() -> str:
    try:
        done = subprocess.run(["pdftoppm", "-v"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S607 - found on PATH, as pdf2image does
    except (OSError, subprocess.TimeoutExpired):
        return "missing"
    return (done.stderr or done.stdout).split("\n", 1)[0].rpartition(" ")[2]
