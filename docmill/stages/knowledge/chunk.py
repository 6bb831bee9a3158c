"""The value this stage makes: a passage of one page that can be found again and shown in place."""

from docmill.values.geometry import Box
from docmill.values.model import Value


class Chunk(Value):
    """A passage of one page.

    Attributes:
        id: digest of document, position and text; the same passage of the same document always has the same id (32 hexadecimal characters).
        document_id: of docmill.values.keys.
        page: counted from 1.
        start, end: characters [start, end) of the page's canonical text.
        text: those characters.
        confidence_score: mean word confidence weighted by length, 0.0-1.0.
        boxes: one per line touched, in pixels of the upright page image.
    """

    id: str
    document_id: str
    page: int
    start: int
    end: int
    text: str
    confidence_score: float
    boxes: tuple[Box, ...]
