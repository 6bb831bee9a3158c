"""OCR by Tesseract through pytesseract: one call gives words, boxes and confidences. What is done to pages it fails on is others' (tesseract_prepared, auto).

Tesseract must run with OMP_THREAD_LIMIT=1 where several run beside one another; the cell's environment says so.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import pytesseract

from docmill.errors import Damaged, EngineMissing, TimedOut
from docmill.stages.reading.paper import is_slip
from docmill.stages.reading.raster import temporary_files_in
from docmill.stages.reading.tessdata import PSM_PAGE, PSM_SLIP, require, versions
from docmill.values.geometry import Box
from docmill.values.languages import TESSERACT_NAMES
from docmill.values.page import Line, Page, Word
from docmill.values.ports import PageImage

_WORD_LEVEL = "5"


class TesseractEngine:
    """Reads page images with the installed Tesseract.

    Args:
        scratch_dir: where its temporary files go.
        timeout_s: longest run for one page.
    """

    name = "tesseract"

    def __init__(self, scratch_dir: Path, timeout_s: float = 110.0) -> None:
        self._scratch_dir = scratch_dir
        self._timeout_s = timeout_s

    def version(self, language: str) -> dict[str, str]:
        """Program and language-data versions; `missing` for what is not installed, so that installing it makes new artefact keys."""
        return versions(language)

    def read(self, image: PageImage, *, language: str, psm: int | None = None) -> Page:
        """Words in lines, as Tesseract orders them; `psm`, the page segmentation, as the sheet's shape asks for where none is given.

        Raises:
            EngineMissing, LanguageMissing: what to install.
            TimedOut: no answer within timeout_s.
            Damaged: Tesseract cannot read the image file.
        """
        require(language)
        name = TESSERACT_NAMES[language]
        psm = psm or (PSM_SLIP if is_slip(image) else PSM_PAGE)
        try:
            # a path and not a picture: pytesseract would encode it to PNG once more. Only files that Pillow knows come here; Tesseract
            # takes any other file for a list of paths and addresses to fetch
            with temporary_files_in(self._scratch_dir):
                table = pytesseract.image_to_data(
                    str(image.path),
                    lang=name,
                    config=f"--dpi {image.dpi} --psm {psm}",
                    timeout=self._timeout_s,
                    output_type=pytesseract.Output.STRING,
                )
        except pytesseract.TesseractNotFoundError as error:
            raise EngineMissing("Tesseract is not installed; the package is tesseract-ocr") from error
        except pytesseract.TesseractError as error:
            raise Damaged("Tesseract cannot read the page image", page=image.number) from error
        except RuntimeError as error:  # how pytesseract says timeout
            raise TimedOut("OCR took too long", page=image.number, limit_s=self._timeout_s) from error
        return Page(
            number=image.number,
            width_px=image.width_px,
            height_px=image.height_px,
            dpi=image.dpi,
            lines=tuple(_lines(table)),
            source="tesseract",
            language=language,
        )


def _lines(table: str) -> Iterator[Line]:
    """Lines from Tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence 0-100, text."""
    for _, rows in groupby(_word_rows(table), key=lambda row: row[1:5]):
        yield Line(words=tuple(_word(row) for row in rows))


def _word_rows(table: str) -> Iterable[list[str]]:
    for record in table.split("\n"):
        row = record.split("\t", 11)
        if len(row) == 12 and row[0] == _WORD_LEVEL and row[11].strip():  # noqa: PLR2004 - the columns named above
            yield row


def _word(row: list[str]) -> Word:
    left, top, width, height = (int(v) for v in row[6:10])
    box = Box(left, top, left + width, top + height)
    return Word(text=row[11].strip(), box=box, confidence=round(min(1.0, max(0.0, float(row[10]) / 100)), 4))
