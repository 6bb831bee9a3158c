"""Pages in files: several in one JSON array, as redaction leaves them, and one to a file, as reading keeps them.

In an array each page has a line of its own, so that one can be read without the others. Arrays that an earlier docmill wrote are one line.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import overload

from pydantic import TypeAdapter, ValidationError

from docmill.errors import StageFailed
from docmill.values.evidence import Span
from docmill.values.page import Page

_PAGES = TypeAdapter(list[Page])
_SPANS = TypeAdapter(list[Span])


class _Pages(Sequence[Page]):
    """Pages by what loads each."""

    def __init__(self, loads: Iterable[Callable[[], bytes]]) -> None:
        self._loads = tuple(loads)

    def __len__(self) -> int:
        return len(self._loads)

    def __iter__(self) -> Iterator[Page]:
        return map(_page, self._loads)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> "_Pages": ...
    def __getitem__(self, index: int | slice) -> "Page | _Pages":
        return _Pages(self._loads[index]) if isinstance(index, slice) else _page(self._loads[index])


class PageFiles(_Pages):
    """Pages that are loaded when they are looked at and not kept: a book of 2,000 pages takes the memory of one.

    Going over them again loads them again, so whoever needs them often keeps what is needed of each.

    Args:
        paths: Page JSON files in page order.
    """

    def __init__(self, paths: Iterable[str | Path]) -> None:
        super().__init__(Path(path).read_bytes for path in paths)


def open_pages(path: Path) -> Sequence[Page]:
    """The pages of an array that `write_pages` wrote, loaded when they are looked at and not kept; an earlier docmill's all at once.

    Raises:
        StageFailed: the file is missing or no array of pages.
    """
    try:
        with path.open("rb") as file:
            ends, is_whole, last = [0], True, _END
            for line in file:
                is_whole = is_whole and last.endswith(_END) and line.startswith(b"{" if len(ends) > 1 else _FIRST)
                ends.append(ends[-1] + len(line))
                last = line
            if len(ends) <= _ONE_LINE or not is_whole or not last.endswith(_LAST):
                file.seek(0)
                return read_pages(file.read())
    except OSError as error:
        raise _no_page(error) from None
    return _Pages(partial(_line, path, start, end - start) for start, end in pairwise(ends))


_ONE_LINE = 2  # ends: the file's beginning and the line's
_FIRST, _END, _LAST = b"[{", b"},\n", b"}]"  # how the first line begins, all end, and the last one


def _line(path: Path, start: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return _bare(file.read(size))


def _bare(line: bytes) -> bytes:
    """A line of an array without what holds the array together; a page is an object, so no bracket or comma at its ends is its own."""
    return line.strip().strip(b"[],")


def _page(load: Callable[[], bytes]) -> Page:
    try:
        return Page.model_validate_json(load())
    except (OSError, ValidationError) as error:
        raise _no_page(error) from None


def _no_page(error: Exception) -> StageFailed:
    return StageFailed("a page file is missing or is not a page", reason=type(error).__name__)


def read_pages(data: bytes) -> list[Page]:
    """Pages from a JSON array.

    Raises:
        StageFailed: it is not one.
    """
    try:
        return _PAGES.validate_json(data)
    except ValidationError:
        raise StageFailed("a file of pages cannot be read") from None


def find_page(data: bytes, number: int) -> Page | None:
    """One page of a JSON array, found without reading those before it where the array holds all pages from the first on.

    Raises:
        StageFailed: it is no array of pages.
    """
    lines = data.split(b"\n")
    if len(lines) > 1 and 0 < number <= len(lines) and data.startswith(_FIRST) and data.endswith(_LAST):
        page = _page(partial(_bare, lines[number - 1]))
        if page.number == number:
            return page
    return next((page for page in read_pages(data) if page.number == number), None)


def write_pages(path: Path, pages: Iterable[Page]) -> None:
    """Write pages as a JSON array, one after another: there may be thousands. Where a page cannot be had, half an array is left, which nobody reads."""
    with path.open("wb") as file:
        file.write(b"[")
        for index, page in enumerate(pages):
            file.write((b",\n" if index else b"") + page.model_dump_json().encode())
        file.write(b"]")


def read_spans(body: object) -> list[Span]:
    """Spans from decoded JSON.

    Raises:
        StageFailed: it is not a list of spans.
    """
    try:
        return _SPANS.validate_python(body)
    except ValidationError:
        raise StageFailed("a file of spans cannot be read") from None
