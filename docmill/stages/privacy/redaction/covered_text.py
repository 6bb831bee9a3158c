"""Text under boxes in PDFs that others redacted: it can't be seen, but it can be selected and searched.

A character is covered when the place where it stands is drawn in one single colour that is not paper. So the order of drawing need not be
known: white letters on a black bar are seen, and a box burned into a scan counts like one that is drawn.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageStat

from docmill.errors import Damaged, Encrypted, UnsupportedType
from docmill.stages.privacy.redaction.evidence import CoveredText
from docmill.values.geometry import Box, union

_SCALE = 2.0  # pixels per point: 144 dpi
_SHRINK = 0.15  # of a character's place, on each side: neighbours and the box's own edge stay out
_ONE_COLOUR = 24  # of 255, between the lightest and the darkest pixel
_PAPER = 200  # mean of the darkest channel above which the colour is paper
_HEADER_BYTES = 1024  # readers look for the PDF's header so far
_GAP_HEIGHTS = 1.0  # covered characters further apart are two findings

# what redactors themselves write into boxes: the reason, or an exemption such as (b)(6) of 5 U.S.C. 552; that is no leak
_REASON = re.compile(
    r"(?:(?:attorney|client|work|product|attorney-client)?\W*(?:redact(?:ed|ion)|privileged?|confidential|sealed|withheld|exempt|classified|removed)"
    r"|\(b\)\s?\(\d\)(?:\([a-z]\))?)(?:\W|\d)*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\[[A-Z][A-Z0-9_]{2,30}\]")  # [PERSON]: drawn in the box, with a text layer that need not fit it stroke by stroke


def covered_text(path: Path) -> list[CoveredText]:
    """Text that lies under boxes of a PDF.

    Raises:
        Encrypted: it asks for a password.
        Damaged: it cannot be opened or rendered.
        UnsupportedType: it is no PDF.
    """
    with path.open("rb") as stream:
        if b"%PDF-" not in stream.read(_HEADER_BYTES):
            raise UnsupportedType("only a PDF can have text under its boxes")
    try:
        with closing(pdfium.PdfDocument(path)) as document:
            return [found for index in range(len(document)) for found in _on_page(document[index], index + 1)]
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise Encrypted from error
        raise Damaged("the PDF cannot be opened or rendered") from error


def _on_page(sheet: pdfium.PdfPage, number: int) -> Iterator[CoveredText]:
    bitmap = sheet.render(scale=_SCALE)
    image, to_pixels = bitmap.to_pil().convert("RGB"), bitmap.get_posconv(sheet)
    group: list[tuple[Box, str]] = []
    with closing(sheet.get_textpage()) as text:
        characters = [text.get_text_range(index, 1)[:1] or " " for index in range(text.count_chars())]
        labels = {i for match in _LABEL.finditer("".join(characters)) for i in range(*match.span())}
        for index, character in enumerate(characters):
            left, bottom, right, top = text.get_charbox(index, loose=True)
            (x0, y0), (x1, y1) = to_pixels.to_bitmap(left, bottom), to_pixels.to_bitmap(right, top)
            box = Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            if character.isspace() or index in labels or not _is_covered(image, box):
                continue
            if group and not _is_near(group[-1][0], box):
                yield from _finding(group, number)
                group = []
            group.append((box, character))
    yield from _finding(group, number)
    sheet.close()


def _is_covered(image: Image.Image, box: Box) -> bool:
    dx, dy = box.width * _SHRINK, box.height * _SHRINK
    inner = (round(box.x0 + dx), round(box.y0 + dy), round(box.x1 - dx), round(box.y1 - dy))
    if inner[0] < 0 or inner[1] < 0 or inner[2] > image.width or inner[3] > image.height or inner[0] >= inner[2] or inner[1] >= inner[3]:
        return False
    crop = image.crop(inner)
    colours = ImageStat.Stat(crop)
    return all(high - low <= _ONE_COLOUR for low, high in colours.extrema) and min(colours.mean) < _PAPER


def _is_near(one: Box, other: Box) -> bool:
    reach = _GAP_HEIGHTS * max(one.height, other.height)
    return one.y0 < other.y1 and other.y0 < one.y1 and -reach < other.x0 - one.x1 < reach


def _finding(group: list[tuple[Box, str]], number: int) -> Iterator[CoveredText]:
    """The group as a finding; rules and dashes alone, and the reason for the redaction, tell nothing."""
    parts: list[str] = []
    for index, (box, character) in enumerate(group):
        if index and box.x0 - group[index - 1][0].x1 > box.height * 0.2:
            parts.append(" ")
        parts.append(character)
    text = "".join(parts)
    if sum(c.isalnum() for c in text) > 1 and not _REASON.fullmatch(text):
        yield CoveredText(page=number, box=union([box for box, _ in group]).scaled(1 / _SCALE).rounded(), text=text)
