"""Which way is up, by Tesseract's own orientation and script detection: for languages whose letters RapidOCR does not know."""

from pathlib import Path
from typing import Final

import pytesseract
from PIL import Image

from docmill.errors import Damaged, EngineMissing, LanguageMissing, TimedOut
from docmill.scratch import folder_within
from docmill.stages.reading.raster import temporary_files_in
from docmill.stages.reading.tessdata import ORIENTATION_DATA, require_orientation
from docmill.values.ports import PageImage

_PROBE_SIDE_PX: Final = 1600
_LEAST_CONFIDENCE: Final = 2.0
"""Of Tesseract's own scale: the logarithm by which the best orientation is likelier than the next. Pages of Cyrillic and Greek have 8-21, pages
of a few words 0-2; when in doubt a page stays as it lies."""


def turn_by_tesseract(image: PageImage, scratch_dir: Path, timeout_s: float) -> int:
    """By how many degrees to turn the image clockwise so that its text stands upright: 0, 90, 180 or 270; 0 where Tesseract cannot tell.

    Args:
        image: the page image; looked at with its longest side reduced to 1,600 px.
        scratch_dir: for temporary files.
        timeout_s: longest run.

    Raises:
        EngineMissing: no tesseract program.
        LanguageMissing: no orientation data; the message names the package.
        TimedOut: no answer within timeout_s.
        Damaged: the image cannot be decoded.
    """
    require_orientation()
    with folder_within(scratch_dir) as folder:
        probe = _reduced(image, folder)
        try:
            with temporary_files_in(Path(folder)):
                found = pytesseract.image_to_osd(
                    str(probe), lang=ORIENTATION_DATA, config=f"--dpi {image.dpi}", timeout=timeout_s, output_type=pytesseract.Output.DICT
                )
        except pytesseract.TesseractNotFoundError as error:
            raise EngineMissing("Tesseract is not installed; the package is tesseract-ocr") from error
        except pytesseract.TesseractError:
            return 0  # how it says that there are too few characters
        except RuntimeError as error:  # how pytesseract says timeout
            raise TimedOut("looking which way is up took too long", page=image.number, limit_s=timeout_s) from error
    return int(found.get("rotate", 0)) % 360 if float(found.get("orientation_conf", 0.0)) >= _LEAST_CONFIDENCE else 0


def why_not() -> str | None:
    """Why orientation cannot be looked at on this machine, for the page's reason; None if it can."""
    try:
        require_orientation()
    except (EngineMissing, LanguageMissing) as error:
        return f"not looked which way is up: {error.message}"
    return None


def _reduced(image: PageImage, folder: Path) -> Path:
    probe = folder / "probe.pgm"
    try:
        with Image.open(image.path) as picture:
            picture.draft("L", (_PROBE_SIDE_PX, _PROBE_SIDE_PX))
            gray = picture.convert("L")
    except (OSError, ValueError, SyntaxError) as error:
        raise Damaged("the page image cannot be decoded", page=image.number) from error
    gray.thumbnail((_PROBE_SIDE_PX, _PROBE_SIDE_PX))
    gray.save(probe, format="PPM")
    return probe
