"""What reading a page gives: words in lines in reading order, with boxes and confidences, and the page's canonical text.

The canonical text joins words by one space and lines by one newline. Spans count characters of that text, so every stage that finds
something in a page can point at words and boxes without keeping offsets of its own.
"""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from docmill.values.geometry import Box, union
from docmill.values.model import Value
from docmill.values.upright import ExifOrientation, TurnedDeg


class Word(Value):
    """One word. Box in pixels of the upright page image; confidence 0.0-1.0 (a text layer's words have 1.0)."""

    text: str
    box: Box
    confidence: float


class Line(Value):
    """Words of one printed line in reading order: from left to right but for scripts that run otherwise."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words joined by one space."""
        return " ".join(w.text for w in self.words)

    @property
    def box(self) -> Box:
        """The smallest box around the words, in pixels."""
        return union([w.box for w in self.words])

    @property
    def confidence(self) -> float:
        """Mean word confidence weighted by length, 0.0-1.0."""
        return _weighted_confidence(self.words)


class Page(Value):
    """One page as read.

    Attributes:
        number: counted from 1.
        width_px, height_px: size of the upright page image.
        dpi: pixels per inch of that image; a text layer's points are scaled to it (72 points to the inch).
        lines: in reading order.
        source: what read it: text_layer, plain_text, tesseract, rapidocr, vision or none (blank).
        language: ISO 639-1.
        reason: why this source was chosen, for people.
        seconds: wall time of reading this page.
        turned_deg: by how much the page as the file shows it was turned clockwise to be upright: 0, 90, 180 or 270. Sizes and boxes are
            those after turning, so whoever draws the page must turn it the same way.
        exif_orientation: what the image file says of how its pixels lie, 1-8, done before turning; 1 where it says nothing, and for PDFs.
            docmill.values.upright maps boxes back to the file through both.
        quality: how good the page image is to read, 0.0-1.0; None where no image was read.
        quality_reasons: what lowers it, and what the document holds and the page does not say (on the first page), for people.
    """

    number: int
    width_px: int
    height_px: int
    dpi: int
    lines: tuple[Line, ...]
    source: str
    language: str
    reason: str = ""
    seconds: float = 0.0
    turned_deg: TurnedDeg = 0
    exif_orientation: ExifOrientation = 1
    quality: float | None = None
    quality_reasons: tuple[str, ...] = ()

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words in reading order."""
        return tuple(w for line in self.lines for w in line.words)

    @cached_property
    def text(self) -> str:
        """The canonical text that spans count in."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def word_starts(self) -> tuple[int, ...]:
        """For each word the offset of its first character in the canonical text."""
        # one separator (space or newline) follows every word, so offsets are a running sum
        return tuple(accumulate((len(w.text) + 1 for w in self.words), initial=0))[: len(self.words)]

    def with_lines(self, lines: tuple[Line, ...]) -> "Page":
        """The page with other lines. `model_copy` would carry the cached words and text of the old ones along."""
        return type(self)(**{**{name: getattr(self, name) for name in Page.model_fields}, "lines": lines})

    @property
    def confidence(self) -> float:
        """Mean word confidence weighted by length, 0.0-1.0; 0.0 for a page without words."""
        return _weighted_confidence(self.words)

    def words_in(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that share at least one character with [start, end) of the canonical text."""
        first = max(0, bisect_right(self.word_starts, start) - 1)
        found = []
        for word, at in zip(self.words[first:], self.word_starts[first:], strict=True):
            if at >= end:
                break
            if at + len(word.text) > start:
                found.append(word)
        return tuple(found)


def _weighted_confidence(words: tuple[Word, ...]) -> float:
    weight = sum(len(w.text) for w in words)
    return round(sum(w.confidence * len(w.text) for w in words) / weight, 4) if weight else 0.0
