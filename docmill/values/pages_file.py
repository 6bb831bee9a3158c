"""Several pages in one JSON file, as redaction leaves them."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from docmill.errors import StageFailed
from docmill.values.evidence import Span
from docmill.values.page import Page

_PAGES = TypeAdapter(list[Page])
_SPANS = TypeAdapter(list[Span])


def read_pages(data: bytes) -> list[Page]:
    """Pages from a JSON array.

    Raises:
        StageFailed: it is not one.
    """
    try:
        return _PAGES.validate_json(data)
    except ValidationError:
        raise StageFailed("a file of pages cannot be read") from None


def write_pages(pages: Sequence[Page]) -> bytes:
    """Pages as a JSON array."""
    return _PAGES.dump_json(list(pages))


def read_spans(body: object) -> list[Span]:
    """Spans from decoded JSON.

    Raises:
        StageFailed: it is not a list of spans.
    """
    try:
        return _SPANS.validate_python(body)
    except ValidationError:
        raise StageFailed("a file of spans cannot be read") from None
