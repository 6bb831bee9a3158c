"""Letters that a page with a text layer shows beside it: as outlines, in pictures, in a pattern. Its text alone would be a header without a body.

Signs in the drawing cost next to nothing, and only where they are there, and much of the page is without words, a small picture is drawn: has it ink
that looks like letters where no word stands? Charts, rules and photos may have some too; what follows is mixed_page.py's.
"""

import ctypes
from collections.abc import Iterable, Sequence
from typing import Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.stages.ink import DPI, cells_of, edges_of
from docmill.stages.reading.page_drawing import Matrix, PageDrawing, bounds_of, colour_of
from docmill.stages.reading.pdf_file import PageGeometry
from docmill.values.geometry import Box

_PICTURED: Final = 0.2  # of the page: smaller pictures are logos
_PATHS_ASKED: Final = 100
_PATHS_OF_SCAN: Final = 30  # a pattern that is a scan has not much beside it, and asking for colours takes long
_LETTER_SEGMENTS: Final = 8  # an outlined letter has some twenty; a rectangle has five, a rule two
_SEGMENTS_A_LETTER: Final = 20
_LETTERS_LEAST: Final = 40  # some eight words; outlined names of firms have fewer
_LETTER_PT: Final = 40.0
_PATTERN: Final = (191, 191, 191, 255)
"""What PDFium says is the colour of a tiling pattern, which may draw anything."""

_GRID: Final = 10
_BARE: Final = 0.4  # of the page's tenths by tenths have no word: full pages leave margins only
_UNREAD_SHARE: Final = 0.2  # of the ink that looks like letters
_UNREAD_CELLS: Final = 60  # of 8 px at 100 dpi, some five words
_LONGEST_PX: Final = 1600


def shows_other_letters(page: pdfium.PdfPage, drawing: PageDrawing, geometry: PageGeometry, words: Sequence[Box], dpi: int) -> bool:
    """Whether the page seems to show letters that are none of its text.

    Args:
        page: the page.
        drawing: of the same page.
        geometry: of the same page.
        words: boxes of its words, in pixels of the upright page image.
        dpi: the resolution of the boxes.
    """
    if not (drawing.image_share > _PICTURED or has_outlines(drawing.paths, geometry)) or _bare_share(words, geometry, dpi) < _BARE:
        return False
    scale = min(geometry.scale(DPI), _LONGEST_PX / max(1.0, *page.get_size()))
    try:
        small = page.render(scale=scale, may_draw_forms=False, draw_annots=False, grayscale=True).to_pil()
    except (pdfium.PdfiumError, MemoryError, ValueError):
        return False
    edges = edges_of(small)
    ink = int(cells_of(edges, 1).sum())
    unread = int(cells_of(edges, 1, [box.scaled(scale / geometry.scale(dpi)) for box in words]).sum())
    return unread >= _UNREAD_CELLS and unread > _UNREAD_SHARE * ink


def has_outlines(paths: Sequence[tuple[int, object, Matrix]], geometry: PageGeometry) -> bool:
    """Whether shapes may be letters, or a pattern may draw some."""
    letters, (left, bottom, right, top) = 0.0, geometry.box_pt
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    is_simple = len(paths) <= _PATHS_OF_SCAN
    for _, path, matrix in paths[:: max(1, len(paths) // _PATHS_ASKED)]:
        segments = raw.FPDFPath_CountSegments(path)
        if segments < _LETTER_SEGMENTS:
            if is_simple and colour_of(path) == _PATTERN and _area(path, matrix) > _PICTURED * (right - left) * (top - bottom):
                return True
        elif raw.FPDFPath_GetDrawMode(path, fill, stroke) and fill.value and not _is_single_shape(path, matrix, segments):
            letters += max(1.0, segments / _SEGMENTS_A_LETTER)
    return letters * max(1, len(paths) // _PATHS_ASKED) >= _LETTERS_LEAST


def _is_single_shape(path: object, matrix: Matrix, segments: int) -> bool:
    """Whether a path is one shape that is larger than letters: an area of a chart or a map."""
    _, bottom, _, top = bounds_of(path, matrix)
    if top - bottom <= _LETTER_PT:
        return False
    starts: int = sum(
        raw.FPDFPathSegment_GetType(raw.FPDFPath_GetPathSegment(path, at)) == raw.FPDF_SEGMENT_MOVETO
        for at in range(0, segments, max(1, segments // _PATHS_ASKED))
    )
    return starts <= 1


def _area(path: object, matrix: Matrix) -> float:
    left, bottom, right, top = bounds_of(path, matrix)
    return (right - left) * (top - bottom)


def _bare_share(words: Iterable[Box], geometry: PageGeometry, dpi: int) -> float:
    """Share of the page's tenths by tenths that no word touches, 0.0-1.0."""
    width, height = geometry.size_px(dpi)
    rows = [0] * _GRID
    for box in words:
        first, last = int(box.x0 * _GRID / width), min(_GRID - 1, int(box.x1 * _GRID / width))
        cells = (2 << last) - (1 << first)
        for row in range(int(box.y0 * _GRID / height), min(_GRID - 1, int(box.y1 * _GRID / height)) + 1):
            rows[row] |= cells
    return 1 - sum(row.bit_count() for row in rows) / _GRID**2
