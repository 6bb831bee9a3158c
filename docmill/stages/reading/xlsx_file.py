"""Excel workbooks as plain text: each sheet begins a page with its name, then its rows with the values as last calculated."""

import datetime as dt
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol, cast

from docmill.errors import Damaged, DocmillError, TooLarge
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.office_container import check_document
from docmill.stages.reading.text_table import aligned

_ROWS_PER_PAGE: Final = 66
_DECIMALS: Final = re.compile(r"0\.(0+)")


class _Cell(Protocol):
    @property
    def value(self) -> object: ...


class _Sheet(Protocol):
    """A sheet that is read as a stream; the library's stubs know the other kind only."""

    @property
    def title(self) -> str: ...
    def reset_dimensions(self) -> None: ...
    def iter_rows(self) -> Iterator[tuple[_Cell, ...]]: ...


def xlsx_text(path: Path, limits: Limits) -> str:
    """The text of all sheets, hidden ones too: what they say leaves the house with the file.

    Raises:
        TooLarge, Encrypted, Damaged: it cannot be read, or not within the limits.
    """
    check_document(path, limits)
    from openpyxl import load_workbook  # noqa: PLC0415 - loads in 0.3 s, only where workbooks are read

    try:
        # an open file and not a path: the library refuses names without its endings, and kept files have none
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")  # about extensions that do not concern the values
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                return "\f".join(_sheet(cast("_Sheet", sheet), limits) for sheet in book.worksheets)
            finally:
                book.close()
    except (DocmillError, MemoryError, RecursionError):
        raise
    except Exception as error:  # the library raises what the damage makes of it
        raise Damaged("the workbook cannot be parsed") from error


def _sheet(sheet: _Sheet, limits: Limits) -> str:
    # sheets state sizes that nobody filled: without this every empty cell up to there would be made
    sheet.reset_dimensions()
    rows = list(_rows(sheet, limits.max_pages * _ROWS_PER_PAGE))
    return f"{sheet.title}\n{aligned(rows)}"


def _rows(sheet: _Sheet, most: int) -> Iterator[list[str]]:
    count = 0
    for row in sheet.iter_rows():
        cells = [_shown(cell) for cell in row]
        if any(cells):
            count += 1
            if count > most:
                raise TooLarge(f"a sheet has more than {most} rows (max_pages)", limit=most)
            yield cells


def _shown(cell: _Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, bool | dt.date | dt.time | str):
        return " ".join(str(value).split())
    if isinstance(value, int | float):
        return _number(value, str(getattr(cell, "number_format", "")))
    return str(value)


def _number(value: float, form: str) -> str:
    """A number with the decimals its format shows; no thousands separators, so that it reads the same everywhere."""
    decimals = _DECIMALS.search(form)
    if "%" in form:
        return f"{value * 100:.{len(decimals[1]) if decimals else 0}f}%"
    if decimals and not isinstance(value, bool):
        return f"{value:.{len(decimals[1])}f}"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"  # noqa: PLR2004 - exact in a double
