"""What stands on a page and was not read for sure: pasted scans and drawn letters beside a text layer, words that OCR missed or doubts, QR codes.

A second reader must read it before the page counts as searched.

Belongs here: where such ink is, and what was found in it once it was read. Does not belong here: reading it (another stage).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image

from docmill.stages.ink import CELL_PX, factor_of, letter_cells
from docmill.stages.privacy.finding import find_spans
from docmill.stages.privacy.literals import Known
from docmill.stages.privacy.own_rules import OwnRules, own_rules
from docmill.stages.privacy.redaction.burning import PixelBox
from docmill.stages.privacy.redaction.code_contents import code_pages
from docmill.stages.privacy.redaction.codes import Code, codes_of, codes_within, without_codes
from docmill.stages.privacy.redaction.proof import secrets_of
from docmill.stages.privacy.redaction.source import IMAGE_TYPES, open_source
from docmill.stages.privacy.redaction.spreading import known_on
from docmill.values.evidence import Span
from docmill.values.geometry import Box
from docmill.values.page import Line, Page
from docmill.values.pii_rules import NO_RULES, PiiRules

if TYPE_CHECKING:
    import numpy as np

MOST_AREAS: Final = 12
"""Areas of one page; where there are more, one picture is made around all."""

SURE: Final = 0.8
"""Confidence of OCR below which a word is read once more."""

_CELLS_LEAST = 3  # in a group: crossing rules make one
_AROUND_PX = 2 * CELL_PX


class Reading(NamedTuple):
    """What OCR read in an area: the page it is on, the area's top left corner in that page's pixels, and the words."""

    number: int
    x: int
    y: int
    page: Page


class Pictures(NamedTuple):
    """What must be read: (file, page number, x, y) of each picture, and the codes on the pages."""

    files: list[tuple[Path, int, int, int]]
    codes: list[Code]


def write_pictures(source: Path, media_type: str, pages: Sequence[Page], out_dir: Path, *, thorough: bool) -> Pictures:
    """Write what is unread on pages, as PNG files, and read their codes.

    Args:
        source: the original.
        media_type: of the original.
        pages: as read.
        out_dir: an existing directory.
        thorough: pages as a whole.

    Returns:
        Nothing for text.
    """
    found = Pictures([], [])
    if media_type != "application/pdf" and media_type not in IMAGE_TYPES:
        return found
    with open_source(source, media_type) as opened:
        for page in pages:
            image = opened.render(page).convert("L")
            codes = codes_of(image, page.number)
            found.codes.extend(codes)
            image = without_codes(image, codes)
            for area in areas_of(image, page, thorough=thorough):
                path = out_dir / f"unread-{len(found.files)}.png"
                image.crop(area).save(path, compress_level=1, dpi=(page.dpi, page.dpi))
                found.files.append((path, page.number, area.x0, area.y0))
                found.codes.extend(codes_within(image, area, page.number))
    return found


def areas_of(image: Image.Image, page: Page, *, thorough: bool) -> list[PixelBox]:
    """Where ink is that may be letters and that no word of the page explains, and lines with a word that OCR doubts.

    A text layer that nobody sees was made by somebody's OCR: such a page is read as a whole.
    """
    whole = PixelBox(0, 0, *image.size)
    if thorough or "invisible" in page.reason:
        return [whole]
    factor = factor_of(page.dpi)
    cells = letter_cells(image.reduce(factor), factor, [word.box for word in page.words])
    side = CELL_PX * factor
    areas = [
        PixelBox(
            max(0, x0 * side - _AROUND_PX * factor),
            max(0, y0 * side - _AROUND_PX * factor),
            min(image.width, x1 * side + _AROUND_PX * factor),
            min(image.height, y1 * side + _AROUND_PX * factor),
        )
        for x0, y0, x1, y1 in _groups(cells)
    ]
    doubtful = [line.box for line in page.lines if min(word.confidence for word in line.words) < SURE]
    areas += [_around(box, image.size) for box in doubtful]
    if len(areas) <= MOST_AREAS:
        return areas
    return [PixelBox(min(a.x0 for a in areas), min(a.y0 for a in areas), max(a.x1 for a in areas), max(a.y1 for a in areas))]


def find_unread(
    readings: Sequence[Reading],
    pages: Sequence[Page],
    spans: Sequence[Span],
    *,
    language: str,
    entities: Collection[str],
    rules: PiiRules = NO_RULES,
    codes: Sequence[Code] = (),
) -> list[tuple[Page, tuple[Span, ...]]]:
    """What must go of what OCR and cameras read: its own personal data, and values that were found elsewhere in the document.

    Returns:
        For each reading with words these in its page's pixels, as a page, and the spans on it; for each code, in their order, its content likewise.
    """
    # each area for itself: what stands on two ends of the page is no address
    on_page = defaultdict[int, list[Reading]](list)
    for reading in readings:
        on_page[reading.number].append(reading)
    read = [_as_page(page, reading) for page in pages for reading in on_page[page.number] if reading.page.words]
    contents = code_pages(codes, pages, entities)
    searched = [*read, *(one.laid_out for one in contents)]
    if not searched:
        return []
    numbered = [page.model_copy(update={"number": number}) for number, page in enumerate(searched)]
    found, _ = find_spans(numbered, language=language, entities=entities, rules=rules)
    known = Known(secrets_of(pages, spans))
    own = own_rules(rules)
    spans_of = [(page, (*_here(found, number, page), *known_on(page, known))) for number, page in enumerate(read)]
    for number, one in enumerate(contents, start=len(read)):
        is_allowed = own.allows(one.placed.text) or own.allows(one.raw)
        own_spans = _denied(own, one.placed) if is_allowed else (*one.spans, *_here(found, number, one.placed))
        spans_of.append((one.placed, (*own_spans, *known_on(one.placed, known))))
    return spans_of


def _denied(own: OwnRules, page: Page) -> tuple[Span, ...]:
    """What goes of a code whose whole content the user's rules allow."""
    boxes = (page.words[0].box,)
    hits = own.denials(page.text)
    return tuple(Span(page=page.number, start=h.start, end=h.end, type=h.type, confidence=1.0, source=h.source, boxes=boxes) for h in hits)


def _around(box: Box, size: tuple[int, int]) -> PixelBox:
    reach = box.height / 2
    return PixelBox(
        max(0, int(box.x0 - reach)), max(0, int(box.y0 - reach)), min(size[0], int(box.x1 + reach)), min(size[1], int(box.y1 + reach))
    )


def _here(found: Iterable[Span], number: int, page: Page) -> Iterator[Span]:
    """The spans of this number on the page that goes on: a code's content was searched laid out as text, and stands in one place."""
    for span in found:
        if span.page == number:
            yield span.model_copy(update={"page": page.number, "boxes": tuple(word.box for word in page.words_in(span.start, span.end))})


def _as_page(page: Page, reading: Reading) -> Page:
    lines = tuple(
        Line(words=tuple(word.model_copy(update={"box": _moved(word.box, reading)}) for word in line.words)) for line in reading.page.lines
    )
    return Page(
        number=page.number,
        width_px=page.width_px,
        height_px=page.height_px,
        dpi=page.dpi,
        lines=lines,
        source="unread",
        language=page.language,
    )


def _moved(box: Box, reading: Reading) -> Box:
    return Box(box.x0 + reading.x, box.y0 + reading.y, box.x1 + reading.x, box.y1 + reading.y)


def _groups(cells: "np.ndarray") -> Iterator[tuple[int, int, int, int]]:
    """Boxes (x0, y0, x1, y1), in cells, around cells that stand together with no more than one cell between them."""
    left = {(int(y), int(x)) for y, x in zip(*cells.nonzero(), strict=True)}
    while left:
        group, ahead = [], [left.pop()]
        while ahead:
            y, x = ahead.pop()
            group.append((y, x))
            near = {(y + dy, x + dx) for dy in (-2, -1, 0, 1, 2) for dx in (-2, -1, 0, 1, 2)} & left
            left -= near
            ahead += near
        if len(group) >= _CELLS_LEAST:
            rows, columns = [y for y, _ in group], [x for _, x in group]
            yield min(columns), min(rows), max(columns) + 1, max(rows) + 1
