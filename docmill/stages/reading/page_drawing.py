"""What a PDF page draws, object by object: how much of its text is invisible, how far images cover it, and which text nobody sees.

Text can be written and yet not be seen: drawn before an image that covers it, or in the colour of what lies below. Whether that is so, two small
pictures of the page tell, one with its text and one without. They are drawn only where the order of objects or a light colour raises the suspicion.
"""

import contextlib
import ctypes
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.errors import Damaged
from docmill.stages.reading.pdf_file import Corners, PageGeometry
from docmill.values.geometry import Box

_MOST_OBJECTS: Final = 20_000
_GRID: Final = 64  # cells across and down a page, to add up what its images cover
_DEEPEST: Final = 15  # forms within forms
_COVERING: Final = 0.5  # of the page, by the images that come after half of the text
_COLOURS_ASKED: Final = 24
_LIGHT: Final = 200  # of 255, the darkest channel; anything darker is legible on paper
_TRANSPARENT: Final = 40  # alpha, of 255
_SUSPICIOUS_SHARE: Final = 1 / 3
_SCALE: Final = 1.5  # pixels a point: letters of 6 pt still leave a trace
_LONGEST_PX: Final = 1600
_WORDS_LOOKED_AT: Final = 400
_SEEN: Final = 16  # of 255, in any channel

_UNMOVED: Final = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
Matrix = tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class PageDrawing:
    """The objects of a page.

    Attributes:
        texts: PDFium's text objects, in the order they are drawn; valid while the page is open.
        invisible: how many of them are drawn in the invisible mode.
        images: for each image how many text objects were drawn before it, and its share of the page, 0.0-1.0.
        image_boxes: where each image lies, as shares of the page's width and height from its lower left corner (a page's own axes): x0, y0, x1, y1.
        paths: lines and shapes with the matrix of the forms around each; valid while the page is open.
        is_drawn: whether anything is drawn at all.
    """

    texts: list[Any] = field(default_factory=list)
    invisible: int = 0
    images: list[tuple[int, float]] = field(default_factory=list)
    image_boxes: list[Corners] = field(default_factory=list)
    paths: list[tuple[Any, Matrix]] = field(default_factory=list)
    is_drawn: bool = False

    @property
    def invisible_share(self) -> float:
        """Share of the text objects that are drawn invisible, 0.0-1.0."""
        return self.invisible / max(1, len(self.texts))

    @property
    def image_share(self) -> float:
        """Share of the page that its images cover together, 0.0-1.0: scanners also write strips and tiles."""
        largest = max((share for _, share in self.images), default=0.0)
        return max(largest, _covered(self.image_boxes)) if len(self.images) > 1 else largest

    @property
    def is_suspicious(self) -> bool:
        """Whether much of the text may be hidden: images come after it, or it is painted in light colours."""
        half = len(self.texts) / 2
        covering = sum(share for before, share in self.images if before > half)
        return bool(self.texts) and (covering > _COVERING or self._light_share() > _SUSPICIOUS_SHARE)

    def _light_share(self) -> float:
        asked = self.texts[:: max(1, -(-len(self.texts) // _COLOURS_ASKED))]
        return sum(map(_is_light, asked)) / max(1, len(asked))


def drawing_of(page: pdfium.PdfPage, geometry: PageGeometry) -> PageDrawing:
    """Walk over what the page draws, forms included, as far as 20,000 objects.

    Raises:
        Damaged: the page's content cannot be parsed.
    """
    found = PageDrawing(is_drawn=raw.FPDFPage_GetAnnotCount(page) > 0)
    for count, (kind, drawn, matrix) in enumerate(_objects(page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject)):
        if count >= _MOST_OBJECTS:
            break
        if kind == raw.FPDF_PAGEOBJ_FORM:
            continue
        found.is_drawn = True
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            found.texts.append(drawn)
            found.invisible += raw.FPDFTextObj_GetTextRenderMode(drawn) == raw.FPDF_TEXTRENDERMODE_INVISIBLE
        elif kind == raw.FPDF_PAGEOBJ_PATH:
            found.paths.append((drawn, matrix))
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = box = _place(bounds_of(drawn, matrix), geometry)
            found.images.append((len(found.texts), min(1.0, (x1 - x0) * (y1 - y0))))
            found.image_boxes.append(box)
    return found


def unseen_share(page: pdfium.PdfPage, drawing: PageDrawing, boxes: Sequence[Box], dpi: int) -> float:
    """Share of the words that leave no trace in the page's picture, 0.0-1.0; 0.0 where it cannot be drawn.

    Args:
        page: the page.
        drawing: of the same page.
        boxes: of its words, in pixels of the upright page image.
        dpi: the resolution of the boxes.
    """
    from PIL import ImageChops  # noqa: PLC0415 - only where something is suspicious

    asked = boxes[:: max(1, -(-len(boxes) // _WORDS_LOOKED_AT))]
    scale = min(_SCALE, _LONGEST_PX / max(1.0, *page.get_size()))
    try:
        written = _picture(page, scale)
        with _without(drawing.texts):
            bare = _picture(page, scale)
    except (pdfium.PdfiumError, MemoryError, ValueError):
        return 0.0
    traces = ImageChops.difference(written, bare)
    unseen = sum(1 for box in asked if _strongest(traces, box, scale * 72 / dpi) < _SEEN)
    return unseen / max(1, len(asked))


def _objects(parent: object, count: Any, get: Any, matrix: Matrix = _UNMOVED, level: int = 0) -> Iterator[tuple[int, Any, Matrix]]:
    """Type, handle and the matrix of the forms around it. The binding's own walk makes an object of each, which costs more than all else here."""
    for at in range(max(0, count(parent))):
        drawn = get(parent, at)
        if not drawn:
            raise Damaged("the page's content cannot be parsed")
        kind = raw.FPDFPageObj_GetType(drawn)
        yield kind, drawn, matrix
        if kind == raw.FPDF_PAGEOBJ_FORM and level < _DEEPEST - 1:
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


def bounds_of(drawn: object, matrix: Matrix) -> Corners:
    """The upright rectangle around an object, in the page's own points.

    Raises:
        Damaged: it has none.
    """
    edges = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(drawn, *edges):
        raise Damaged("the page's content cannot be parsed")
    left, bottom, right, top = (edge.value for edge in edges)
    if matrix == _UNMOVED:
        return left, bottom, right, top
    a, b, c, d, e, f = matrix
    corners = [(x * a + y * c + e, x * b + y * d + f) for x in (left, right) for y in (bottom, top)]
    across, up = zip(*corners, strict=True)
    return min(across), min(up), max(across), max(up)


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


def _is_light(text: object) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(text, red, green, blue, alpha):
        return False
    return alpha.value < _TRANSPARENT or min(red.value, green.value, blue.value) >= _LIGHT


def _picture(page: pdfium.PdfPage, scale: float) -> Any:
    return page.render(scale=scale, may_draw_forms=False, draw_annots=False).to_pil().convert("RGB")


@contextlib.contextmanager
def _without(texts: Iterable[object]) -> Iterator[None]:
    kept = list(texts)
    for text in kept:
        raw.FPDFPageObj_SetIsActive(text, False)  # noqa: FBT003 - C
    try:
        yield
    finally:
        for text in kept:
            raw.FPDFPageObj_SetIsActive(text, True)  # noqa: FBT003 - C


def _strongest(traces: Any, box: Box, scale: float) -> int:
    left, top = min(int(box.x0 * scale), traces.width - 1), min(int(box.y0 * scale), traces.height - 1)
    right, bottom = max(left + 1, -int(-box.x1 * scale // 1)), max(top + 1, -int(-box.y1 * scale // 1))
    part = traces.crop((left, top, min(right, traces.width), min(bottom, traces.height)))
    return max(int(high) for _, high in part.getextrema())
