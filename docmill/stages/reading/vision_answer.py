"""How an answer of Google Cloud Vision becomes lines of words.

The answer is pages of blocks of paragraphs of words of symbols. A word of it may be a lone comma; what belongs together is said by the
`detected_break` of symbols: https://cloud.google.com/vision/docs/reference/rpc/google.cloud.vision.v1#textannotation
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from docmill.values.geometry import Box, union
from docmill.values.page import Line, Word

# TextAnnotation.DetectedBreak.BreakType
_NONE, _EOL_SURE_SPACE, _HYPHEN, _LINE_BREAK = 0, 3, 4, 5
_LINE_ENDS: Final = frozenset({_EOL_SURE_SPACE, _HYPHEN, _LINE_BREAK})


@dataclass(slots=True)
class _Run:
    """The symbols of the word that is being put together."""

    text: str = ""
    boxes: list[Box] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)

    def word(self, width_px: int, height_px: int) -> Word | None:
        if not self.text.strip() or not self.boxes:
            return None
        box = union(self.boxes)
        inside = Box(max(0.0, box.x0), max(0.0, box.y0), min(float(width_px), box.x1), min(float(height_px), box.y1))
        mean = sum(self.confidences) / len(self.confidences)
        return Word(text=self.text.strip(), box=inside.rounded(), confidence=round(min(1.0, max(0.0, mean)), 4))


def lines_of(annotation: Any, width_px: int, height_px: int) -> tuple[Line, ...]:
    """Lines in the service's reading order.

    Args:
        annotation: a `TextAnnotation`; empty for an empty page.
        width_px: width of the image that was sent; boxes are scaled to it where the service worked on a smaller one.
        height_px: its height.
    """
    lines = []
    for page in annotation.pages:
        scale = (width_px / (page.width or width_px), height_px / (page.height or height_px))
        for block in page.blocks:
            for paragraph in block.paragraphs:
                lines += [Line(words=words) for words in _lines_of(paragraph, scale, (width_px, height_px))]
    return tuple(lines)


def _lines_of(paragraph: Any, scale: tuple[float, float], size_px: tuple[int, int]) -> Iterator[tuple[Word, ...]]:
    line: list[Word] = []
    run = _Run()
    for word in paragraph.words:
        word_box = _box(word.bounding_box, scale, size_px) or _box(paragraph.bounding_box, scale, size_px)
        for symbol in word.symbols:
            kind = int(symbol.property.detected_break.type_)
            breaks_before = kind != _NONE and symbol.property.detected_break.is_prefix
            if breaks_before:
                line, run, full = _ended(line, run, kind, size_px)
                yield from full
            run.text += symbol.text
            run.confidences.append(float(word.confidence))
            box = _box(symbol.bounding_box, scale, size_px) or word_box
            run.boxes += [box] if box else []
            if kind != _NONE and not breaks_before:
                run.text += "-" if kind == _HYPHEN else ""  # the hyphen of a broken word is a break and not a symbol
                line, run, full = _ended(line, run, kind, size_px)
                yield from full
    *_, full = _ended(line, run, _LINE_BREAK, size_px)
    yield from full


def _ended(line: list[Word], run: _Run, kind: int, size_px: tuple[int, int]) -> tuple[list[Word], _Run, list[tuple[Word, ...]]]:
    """The line and run to go on with after a break, and the line that it completed, if any."""
    word = run.word(*size_px)
    line = [*line, word] if word else line
    if kind in _LINE_ENDS:
        return [], _Run(), [tuple(line)] if line else []
    return line, _Run(), []


def _box(poly: Any, scale: tuple[float, float], size_px: tuple[int, int]) -> Box | None:
    # a coordinate of zero is left out of the message and reads as 0
    points = [(v.x * scale[0], v.y * scale[1]) for v in poly.vertices]
    points = points or [(v.x * size_px[0], v.y * size_px[1]) for v in poly.normalized_vertices]
    if not points:
        return None
    return Box(min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points))
