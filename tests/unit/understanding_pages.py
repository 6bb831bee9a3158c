"""Pages drawn from text for the tests of understanding: one character is 10 px wide, a line 20 px high, so runs of spaces part columns."""

import re

from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

CHAR_PX, LINE_PX, PITCH_PX = 10.0, 20.0, 30.0


def page(text: str, *, number: int = 1, language: str = "en", confidence: float = 1.0, width_px: int = 1000, height_px: int = 1414) -> Page:
    lines = []
    for row, printed in enumerate(text.strip("\n").split("\n")):
        y = 40.0 + row * PITCH_PX
        words = [
            Word(text=m[0], box=Box(m.start() * CHAR_PX, y, m.end() * CHAR_PX, y + LINE_PX), confidence=confidence)
            for m in re.finditer(r"\S+", printed)
        ]
        if words:
            lines.append(Line(words=tuple(words)))
    return Page(number=number, width_px=width_px, height_px=height_px, dpi=120, lines=tuple(lines), source="text_layer", language=language)
