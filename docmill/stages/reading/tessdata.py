"""What Tesseract is installed: the program, its languages and the digests of their data. Needs no OCR library, so keys are cheap to make."""

import hashlib
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Final

from docmill.errors import EngineMissing, LanguageMissing
from docmill.values.languages import TESSERACT_NAMES

PSM_PAGE: Final = 3
"""Page segmentation of ordinary sheets: fully automatic, without orientation detection. psm 6 reads across the columns of a page."""

PSM_SLIP: Final = 6
"""Page segmentation of till slips: one block of lines. psm 3 takes dashed rules for a table's and drops the column of prices."""

ORIENTATION_DATA: Final = "osd"
"""The data that Tesseract's orientation and script detection reads."""

_VERSION_CALL_S: Final = 20


def require(language: str) -> None:
    """Make sure that Tesseract and its data for a language are there.

    Raises:
        EngineMissing: no tesseract program.
        LanguageMissing: no data; the message names the package. Or docmill does not know the language.
    """
    folder = tessdata_dir()
    name = TESSERACT_NAMES.get(language)
    if name is None:
        raise LanguageMissing(f"unknown language; known are {', '.join(sorted(TESSERACT_NAMES))}")
    if not (folder / f"{name}.traineddata").is_file():
        package = f"tesseract-ocr-{name.replace('_', '-')}"
        raise LanguageMissing(f"Tesseract has no data for language {language}; the package is {package}", language=language)


def require_orientation() -> None:
    """Make sure that Tesseract and its orientation data are there.

    Raises:
        EngineMissing: no tesseract program.
        LanguageMissing: no data; the message names the package.
    """
    if not (tessdata_dir() / f"{ORIENTATION_DATA}.traineddata").is_file():
        raise LanguageMissing("Tesseract has no orientation data; the package is tesseract-ocr-osd")


def installed_languages() -> tuple[str, ...]:
    """ISO 639-1 codes that Tesseract has data for.

    Raises:
        EngineMissing: no tesseract program.
    """
    folder = tessdata_dir()
    return tuple(sorted(code for code, name in TESSERACT_NAMES.items() if (folder / f"{name}.traineddata").is_file()))


def versions(language: str) -> dict[str, str]:
    """Names and versions of what shapes Tesseract's output. Cheap after the first call."""
    try:
        tessdata_dir()
        program = _program_version()
    except EngineMissing:
        program = "missing"
    return {"tesseract": program, "language_data": _data_version(TESSERACT_NAMES.get(language, "")), "psm": f"{PSM_PAGE}, slips {PSM_SLIP}"}


def orientation_versions() -> dict[str, str]:
    """The version of the orientation data; `missing` without them. Cheap after the first call."""
    return {"orientation_data": _data_version(ORIENTATION_DATA)}


def tessdata_dir() -> Path:
    """The folder of the language data.

    Raises:
        EngineMissing: no tesseract program, or it names no folder.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise EngineMissing("Tesseract is not installed; the package is tesseract-ocr")
    return _tessdata_dir_of(program)


@lru_cache(maxsize=4)
def _tessdata_dir_of(program: str) -> Path:
    listed = _output([program, "--list-langs"])
    # first line: List of available languages in "/usr/share/tesseract-ocr/5/tessdata/" (2):
    parts = listed.split("\n", 1)[0].split('"')
    if len(parts) != 3:  # noqa: PLR2004 - before, between and after the quotes
        raise EngineMissing("Tesseract does not say where its language data are")
    return Path(parts[1])


def _data_version(name: str) -> str:
    try:
        data = tessdata_dir() / f"{name}.traineddata"
        stat = data.stat()
    except (EngineMissing, OSError):
        return "missing"
    return f"{name}:{_digest(data, stat.st_mtime_ns, stat.st_size)}"


def _program_version() -> str:
    return _version_of(shutil.which("tesseract") or "tesseract")


@lru_cache(maxsize=4)
def _version_of(program: str) -> str:
    return _output([program, "--version"]).split("\n", 1)[0].removeprefix("tesseract").strip()


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_VERSION_CALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineMissing("Tesseract is installed but does not run") from error
    return done.stdout or done.stderr


@lru_cache(maxsize=32)
def _digest(data: Path, _mtime_ns: int, _size: int) -> str:
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
