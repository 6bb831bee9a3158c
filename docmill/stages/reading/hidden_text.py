"""Text that is written on a PDF page and that nobody sees.

It lies under an image or a box, has the colour of the paper, is transparent, clipped away, in the invisible mode, or in a layer that is switched off.
Which words it is, two small pictures of the page tell, one with its text and one without: words that leave no trace are not seen. The pictures cost
more than reading the page's text, so they are drawn only where the drawing gives reason to: the signs below cost a few microseconds an object.
"""

import contextlib
import ctypes
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from docmill.stages.reading.page_drawing import Matrix, PageDrawing, bounds_of, colour_of
from docmill.stages.reading.pdf_file import Corners, PageGeometry
from docmill.values.geometry import Box

_PLACES_ASKED: Final = 150
_SHAPES_ASKED: Final = 100
_CLIPS_ASKED: Final = 24
_LIGHT: Final = 200  # of 255, the darkest channel; anything darker is legible on paper
_BLACK: Final = (0, 0, 0, 255)
_TRANSPARENT: Final = 40  # alpha, of 255
_LEAST_BOX_PT: Final = (6.0, 4.0)  # what can hide a word: rules and underlines can't
_SCALE: Final = 1.5  # pixels a point: letters of 6 pt still leave a trace
_LONGEST_PX: Final = 3200
_LEAST_SCALE: Final = 0.5  # pixels a point; on larger sheets small print would leave no trace either
_SEEN: Final = 16  # of 255, in any channel
_INK: Final = 64  # of 255: print where a word is that is not painted itself
_UNPAINTED: Final = frozenset((raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP))

Shape = tuple[int, Any, Matrix]
"""How many texts were drawn before it, its handle, and the matrix of the forms around it."""


def unseen_words(page: pdfium.PdfPage, drawing: PageDrawing, geometry: PageGeometry, boxes: Sequence[Box], dpi: int) -> set[int]:
    """Which words leave no trace in the page's picture, by their places in `boxes`; none where nothing is suspicious.

    Args:
        page: the page.
        drawing: of the same page.
        geometry: of the same page.
        boxes: of its words, in pixels of the upright page image.
        dpi: the resolution of the boxes.
    """
    if not drawing.is_whole or not (drawing.hides_layers or drawing.invisible or _is_suspicious(drawing)):
        return set()
    from PIL import ImageChops  # noqa: PLC0415 - only where something is suspicious

    scale = min(_SCALE * geometry.unit_pt, _LONGEST_PX / max(1.0, *page.get_size()))
    if scale < _LEAST_SCALE * geometry.unit_pt:
        return set()
    try:
        written = _picture(page, scale)
        with _without(drawing.texts):
            bare = _picture(page, scale)
    except (pdfium.PdfiumError, MemoryError, ValueError):
        return set()
    traces, to_picture = ImageChops.difference(written, bare), scale / geometry.scale(dpi)
    unseen = {at for at, box in enumerate(boxes) if _highest(traces, box, to_picture) < _SEEN}
    laid = _unpainted(drawing, geometry, dpi) if unseen else []
    return {at for at in unseen if not (_is_within(boxes[at], laid) and _range(bare, boxes[at], to_picture) >= _INK)}


def _is_suspicious(drawing: PageDrawing) -> bool:
    """Whether some of the text may be hidden."""
    return bool(drawing.texts) and (_has_lost_light(drawing) or _has_covers(drawing) or _has_clipped(drawing))


def _has_lost_light(drawing: PageDrawing) -> bool:
    """Whether text is transparent, or light without a dark shape below it. All are asked: one hidden line among a thousand is what fraud looks like."""
    backs: list[Corners] | None = None
    for at, text in enumerate(drawing.texts):
        darkest, alpha = _colour(text)
        if alpha < _TRANSPARENT:
            return True
        if darkest >= _LIGHT:
            backs = _dark_shapes(drawing) if backs is None else backs
            if not _is_inside(_middle(drawing, at), backs):
                return True
    return False


def _has_covers(drawing: PageDrawing) -> bool:
    """Whether a shape or an image was drawn over text that was there before."""
    shapes = drawing.paths[-_SHAPES_ASKED:]  # what hides something is mostly drawn last
    covers = [
        (before, *box)
        for before, path, matrix in shapes
        if before and (box := _filled(path, matrix)) and not raw.FPDFPageObj_HasTransparency(path)
    ]
    covers += [(before, *box) for (before, _), box in zip(drawing.images, drawing.image_bounds, strict=True) if before]
    last = max((before for before, *_ in covers), default=0)
    middles = [(at, *_middle(drawing, at)) for at in range(0, last, max(1, -(-last // _PLACES_ASKED)))]
    # in one comprehension: this may be asked some ten thousand times
    return any(
        before > at and left <= x <= right and bottom <= y <= top for at, x, y in middles for before, left, bottom, right, top in covers
    )


def _has_clipped(drawing: PageDrawing) -> bool:
    """Whether text lies outside of its clipping path; a few are asked."""
    texts = drawing.texts[:: max(1, -(-len(drawing.texts) // _CLIPS_ASKED))]
    return any(map(_is_clipped, texts))


def _is_clipped(text: object) -> bool:
    clip = raw.FPDFPageObj_GetClipPath(text)
    count = raw.FPDFClipPath_CountPaths(clip) if clip else 0
    if count <= 0:
        return False
    left, bottom, right, top = bounds_of(text)
    for path in range(min(count, 3)):
        ends = [_end(clip, path, at) for at in range(min(20, max(0, raw.FPDFClipPath_CountPathSegments(clip, path))))]
        if ends and (
            max(x for x, _ in ends) <= left
            or min(x for x, _ in ends) >= right
            or max(y for _, y in ends) <= bottom
            or min(y for _, y in ends) >= top
        ):
            return True
    return False


def _end(clip: object, path: int, at: int) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(clip, path, at), x, y)
    return x.value, y.value


def _dark_shapes(drawing: PageDrawing) -> list[Corners]:
    found = [(path, _filled(path, matrix)) for _, path, matrix in drawing.paths[:: max(1, -(-len(drawing.paths) // _SHAPES_ASKED))]]
    return [box for path, box in found if box and _colour(path)[0] < _LIGHT]


def _filled(path: object, matrix: Matrix) -> Corners | None:
    """Where a filled shape lies that can hide a word; None for any other."""
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    left, bottom, right, top = box = bounds_of(path, matrix)
    if right - left < _LEAST_BOX_PT[0] or top - bottom < _LEAST_BOX_PT[1]:
        return None
    return box if raw.FPDFPath_GetDrawMode(path, fill, stroke) and fill.value else None


def _colour(drawn: object) -> tuple[int, int]:
    """The darkest channel and the alpha of an object's filling, 0-255; dark and opaque where it has none of its own."""
    red, green, blue, alpha = colour_of(drawn) or _BLACK
    return min(red, green, blue), alpha


def _middle(drawing: PageDrawing, at: int) -> tuple[float, float]:
    left, bottom, right, top = bounds_of(drawing.texts[at], drawing.text_places[at])
    return (left + right) / 2, (bottom + top) / 2


def _is_inside(point: tuple[float, float], boxes: Iterable[Corners]) -> bool:
    x, y = point
    return any(left <= x <= right and bottom <= y <= top for left, bottom, right, top in boxes)


def _unpainted(drawing: PageDrawing, geometry: PageGeometry, dpi: int) -> list[Box]:
    """Where texts are, in pixels of the upright page image, that OCR programs lay over print, or whose letters cut out what is drawn later."""
    upright = geometry.upright_px(dpi)
    found = []
    for text, matrix in zip(drawing.texts, drawing.text_places, strict=True):
        if raw.FPDFTextObj_GetTextRenderMode(text) in _UNPAINTED:
            with contextlib.suppress(OverflowError, ValueError):
                found.append(upright(bounds_of(text, matrix)))
    return found


def _is_within(box: Box, boxes: Iterable[Box]) -> bool:
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return any(one.x0 <= x <= one.x1 and one.y0 <= y <= one.y1 for one in boxes)


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


def _highest(picture: Any, box: Box, scale: float) -> int:
    return max(int(high) for _, high in _part(picture, box, scale).getextrema())


def _range(picture: Any, box: Box, scale: float) -> int:
    return max(int(high) - int(low) for low, high in _part(picture, box, scale).getextrema())


def _part(picture: Any, box: Box, scale: float) -> Any:
    left, top = min(int(box.x0 * scale), picture.width - 1), min(int(box.y0 * scale), picture.height - 1)
    right, bottom = max(left + 1, -int(-box.x1 * scale // 1)), max(top + 1, -int(-box.y1 * scale // 1))
    return picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))
