"""What a PDF page draws, object by object: its texts, how many of them are invisible, its shapes, and how far images cover it."""

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged
from docmill.stages.reading.pdf_file import Corners, PageGeometry, hides_layers

_MOST_OBJECTS: Final = 20_000
_GRID: Final = 64  # cells across and down a page, to add up what its images cover
_DEEPEST: Final = 15  # forms within forms

_POINTER: Final = ctypes.c_void_p
_EDGES: Final = (ctypes.c_float * 4)()
_EDGES_AT: Final = tuple(ctypes.addressof(_EDGES) + 4 * at for at in range(4))
_get_bounds: Final = ctypes.CFUNCTYPE(ctypes.c_int, *[_POINTER] * 5)(ctypes.cast(raw.FPDFPageObj_GetBounds, _POINTER).value or 0)
"""FPDFPageObj_GetBounds by addresses: with pypdfium2's typed pointers, made for every object, asking takes three times as long."""

_CHANNELS: Final = (ctypes.c_uint * 4)()
_CHANNELS_AT: Final = tuple(ctypes.addressof(_CHANNELS) + 4 * at for at in range(4))
_get_fill: Final = ctypes.CFUNCTYPE(ctypes.c_int, *[_POINTER] * 5)(ctypes.cast(raw.FPDFPageObj_GetFillColor, _POINTER).value or 0)

_UNMOVED: Final = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
Matrix = tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class PageDrawing:
    """The objects of a page.

    Attributes:
        texts: PDFium's text objects, in the order they are drawn; valid while the page is open.
        text_places: for each the matrix of the forms around it.
        invisible: how many of them are drawn in the invisible mode.
        images: for each image how many text objects were drawn before it, and its share of the page, 0.0-1.0.
        image_bounds: where each image lies, in the page's own points.
        image_share: share of the page that its images cover together, 0.0-1.0: scanners also write strips and tiles.
        paths: for each line or shape how many text objects were drawn before it, its handle, and the matrix of the forms around it.
        is_drawn: whether anything is drawn at all.
        is_whole: whether these are all objects of the page.
        hides_layers: whether the document has layers that are switched off.
    """

    texts: list[Any] = field(default_factory=list)
    text_places: list[Matrix] = field(default_factory=list)
    invisible: int = 0
    images: list[tuple[int, float]] = field(default_factory=list)
    image_bounds: list[Corners] = field(default_factory=list)
    image_share: float = 0.0
    paths: list[tuple[int, Any, Matrix]] = field(default_factory=list)
    is_drawn: bool = False
    is_whole: bool = True
    hides_layers: bool = False

    @property
    def invisible_share(self) -> float:
        """Share of the text objects that are drawn invisible, 0.0-1.0."""
        return self.invisible / max(1, len(self.texts))


def drawing_of(page: pdfium.PdfPage, geometry: PageGeometry) -> PageDrawing:
    """Walk over what the page draws, forms included, as far as 20,000 objects.

    Raises:
        Damaged: the page's content cannot be parsed.
    """
    found = PageDrawing(is_drawn=raw.FPDFPage_GetAnnotCount(page) > 0, hides_layers=hides_layers(page))
    places: list[Corners] = []
    for count, (kind, drawn, matrix, level) in enumerate(_objects(page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject)):
        if count >= _MOST_OBJECTS or level >= _DEEPEST:
            found.is_whole = False
            break
        if kind == raw.FPDF_PAGEOBJ_FORM:
            continue
        found.is_drawn = True
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            found.texts.append(drawn)
            found.text_places.append(matrix)
            found.invisible += raw.FPDFTextObj_GetTextRenderMode(drawn) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            found.paths.append((len(found.texts), drawn, matrix))
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            bounds = bounds_of(drawn, matrix)
            x0, y0, x1, y1 = place = _place(bounds, geometry)
            found.images.append((len(found.texts), min(1.0, (x1 - x0) * (y1 - y0))))
            found.image_bounds.append(bounds)
            places.append(place)
    largest = max((share for _, share in found.images), default=0.0)
    found.image_share = max(largest, _covered(places)) if len(places) > 1 else largest
    return found


def _objects(parent: object, count: Any, get: Any, matrix: Matrix = _UNMOVED, level: int = 0) -> Iterator[tuple[int, Any, Matrix, int]]:
    """Type, handle, the matrix of the forms around it, and how many these are.

    The binding's own walk makes an object of each, which costs more than all else here.
    """
    for at in range(max(0, count(parent))):
        drawn = get(parent, at)
        if not drawn:
            raise Damaged("the page's content cannot be parsed")
        kind = raw.FPDFPageObj_GetType(drawn)
        yield kind, drawn, matrix, level
        if kind == raw.FPDF_PAGEOBJ_FORM and level < _DEEPEST:
            yield from _objects(drawn, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, _within(drawn, matrix), level + 1)


def _within(form: object, outer: Matrix) -> Matrix:
    """The matrix from a form's own space to the page's."""
    own = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(form, own):
        return outer
    a, b, c, d, e, f = outer
    return (
        own.a * a + own.b * c, own.a * b + own.b * d, own.c * a + own.d * c, own.c * b + own.d * d,
        own.e * a + own.f * c + e, own.e * b + own.f * d + f,
    )  # fmt: skip


def bounds_of(drawn: object, matrix: Matrix = _UNMOVED) -> Corners:
    """The upright rectangle around an object, in the page's own points.

    Raises:
        Damaged: it has none.
    """
    if not _get_bounds(drawn, *_EDGES_AT):
        raise Damaged("the page's content cannot be parsed")
    left, bottom, right, top = _EDGES
    if matrix == _UNMOVED:
        return left, bottom, right, top
    a, b, c, d, e, f = matrix
    corners = [(x * a + y * c + e, x * b + y * d + f) for x in (left, right) for y in (bottom, top)]
    across, up = zip(*corners, strict=True)
    return min(across), min(up), max(across), max(up)


def colour_of(drawn: object) -> tuple[int, int, int, int] | None:
    """Red, green, blue and alpha of an object's filling, 0-255; None where it has none of its own."""
    if not _get_fill(drawn, *_CHANNELS_AT):
        return None
    red, green, blue, alpha = _CHANNELS
    return red, green, blue, alpha


def _place(bounds: Corners, geometry: PageGeometry) -> Corners:
    left, bottom, right, top = geometry.box_pt
    width, height = max(1.0, right - left), max(1.0, top - bottom)
    return (bounds[0] - left) / width, (bounds[1] - bottom) / height, (bounds[2] - left) / width, (bounds[3] - bottom) / height


def _covered(boxes: Iterable[Corners]) -> float:
    """The share of the page below any of the boxes, counted on a grid."""
    rows = [0] * _GRID
    for x0, y0, x1, y1 in boxes:
        first, last, low, high = (round(min(1.0, max(0.0, edge)) * _GRID) for edge in (x0, x1, y0, y1))
        if last > first:
            cells = (1 << last) - (1 << first)
            for row in range(low, high):
                rows[row] |= cells
    return sum(row.bit_count() for row in rows) / _GRID**2
