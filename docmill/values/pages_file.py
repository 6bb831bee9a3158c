"""Pages in files: several in one JSON array, as redaction leaves them, and one to a file, as reading keeps them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

from pydantic import TypeAdapter, ValidationError

from docmill.errors import StageFailed
from docmill.values.evidence import Span
from docmill.values.page import Page

_PAGES = TypeAdapter(list[Page])
_SPANS = TypeAdapter(list[Span])


class PageFiles(Sequence[Page]):
    """Pages that are loaded when they are looked at and not kept: a book of 2,000 pages takes the memory of one.

    Going over them again loads them again, so whoever needs them often keeps what is needed of each.

    Args:
        paths: Page JSON files in page order.
    """

    def __init__(self, paths: Iterable[str | Path]) -> None:
        self._paths = tuple(Path(path) for path in paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __iter__(self) -> Iterator[Page]:
        return map(_page, self._paths)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> "PageFiles": ...
    def __getitem__(self, index: int | slice) -> "Page | PageFiles":
        return PageFiles(self._paths[index]) if isinstance(index, slice) else _page(self._paths[index])


def _page(path: Path) -> Page:
    try:
        return Page.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise StageFailed("a page file is missing or is not a page", reason=type(error).__name__) from None


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
    return b"[" + b",".join(page.model_dump_json().encode() for page in pages) + b"]"  # page by page: there may be thousands


def read_spans(body: object) -> list[Span]:
    """Spans from decoded JSON.

    Raises:
        StageFailed: it is not a list of spans.
    """
    try:
        return _SPANS.validate_python(body)
    except ValidationError:
        raise StageFailed("a file of spans cannot be read") from None
