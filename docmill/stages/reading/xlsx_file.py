"""Excel workbooks as plain text: each sheet begins a page with its name, then its rows with the values as last calculated.

Programs that write workbooks without calculating them leave formulas without values; those are given as formulas, and counted.
"""

import contextlib
import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

from docmill.errors import Damaged, DocmillError, TooLarge
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.number_formats import is_hidden, number_text
from docmill.stages.reading.office_container import check_document, opened
from docmill.stages.reading.text_table import aligned

_ROWS_PER_PAGE: Final = 66
_CELLS_PER_LINE: Final = 54  # a letter and the gap behind it, in the 160 columns of a line
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")
_NOT_CALCULATED: Final = re.compile(
    rb"<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</|</(?:\w+:)?c>)"
)
_BLOCK_BYTES: Final = 1024 * 1024
_LONGEST_FORMULA_BYTES: Final = 64 * 1024  # 8,192 characters, escaped


class _Cell(Protocol):
    @property
    def value(self) -> object: ...
    @property
    def data_type(self) -> str: ...


class _Sheet(Protocol):
    """A sheet that is read as a stream; the library's stubs know the other kind only."""

    @property
    def title(self) -> str: ...
    def reset_dimensions(self) -> None: ...
    def iter_rows(self) -> Iterator[tuple[_Cell, ...]]: ...


@dataclass(slots=True)
class _Told:
    """What the text does not show, or not as Excel would."""

    formulas: int = 0
    hidden: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        counted = (
            (self.formulas, "given as formulas, because no value is stored"),
            (self.hidden, "left out, because their format hides them"),
        )
        return tuple(f"{what}: {count} cell{'s' * (count > 1)}" for count, what in counted if count)


def xlsx_text(path: Path, limits: Limits) -> tuple[str, tuple[str, ...]]:
    """The text of all sheets, hidden ones too: what they say leaves the house with the file; and what is not in it, for people.

    Raises:
        TooLarge, Encrypted, Damaged: it cannot be read, or not within the limits.
    """
    check_document(path, limits)
    told = _Told()
    try:
        sheets = list(_sheets(path, limits, told, calculated=not _has_formulas_without_values(path)))
    except (DocmillError, MemoryError, RecursionError):
        raise
    except Exception as error:  # the library raises what the damage makes of it
        raise Damaged("the workbook cannot be parsed") from error
    return "\f".join(sheets), told.notes


def _sheets(path: Path, limits: Limits, told: _Told, *, calculated: bool) -> Iterator[str]:
    from openpyxl import load_workbook  # noqa: PLC0415 - loads in 0.3 s, only where workbooks are read

    with warnings.catch_warnings(), contextlib.ExitStack() as held:
        warnings.simplefilter("ignore")  # about extensions that do not concern the values
        books = []
        for values in (True,) if calculated else (True, False):
            # an open file and not a path: the library refuses names without its endings, and kept files have none
            file = held.enter_context(path.open("rb"))
            books.append(load_workbook(file, read_only=True, data_only=values, keep_links=False))
            held.callback(books[-1].close)
        for sheets in zip(*(book.worksheets for book in books), strict=True):
            yield _sheet([cast("_Sheet", sheet) for sheet in sheets], limits, told)


def _has_formulas_without_values(path: Path) -> bool:
    """Whether any sheet may have them: a second pass over the file is worth it only then."""
    with opened(path) as archive:
        return any(_is_not_calculated(archive, name) for name in archive.namelist() if _SHEET.fullmatch(name))


def _is_not_calculated(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as member:
        data = b""
        while block := member.read(_BLOCK_BYTES):
            data = data[-_LONGEST_FORMULA_BYTES:] + block
            if _NOT_CALCULATED.search(data):
                return True
    return False


def _sheet(sheets: list[_Sheet], limits: Limits, told: _Told) -> str:
    """A sheet's text.

    Args:
        sheets: the sheet with its values and, where some are missing, with its formulas.
        limits: max_pages.
        told: is added to.
    """
    # sheets state sizes that nobody filled: without this every empty cell up to there would be made
    for sheet in sheets:
        sheet.reset_dimensions()
    rows, columns = list[dict[int, str]](), set[int]()
    most = limits.max_pages * _ROWS_PER_PAGE
    for row in _rows(sheets, told):
        rows.append(row)
        columns.update(row)
        if len(rows) > most:
            raise TooLarge(f"a sheet has more than {most} rows (max_pages)", limit=most)
        # one wide row makes all others as wide on the grid
        if len(rows) * len(columns) > most * _CELLS_PER_LINE:
            raise TooLarge(f"a sheet has more than {most * _CELLS_PER_LINE} cells (max_pages)", limit=most * _CELLS_PER_LINE)
    places = sorted(columns)
    return f"{sheets[0].title}\n{aligned([[row.get(at, '') for at in places] for row in rows])}"


def _rows(sheets: list[_Sheet], told: _Told) -> Iterator[dict[int, str]]:
    """The cells of each row that show something, by column; a styled last cell that is empty has all before it made."""
    for row, *formulas in zip(*(sheet.iter_rows() for sheet in sheets), strict=True):
        cells = {at: text for at, cell in enumerate(row) if cell.value is not None and (text := _shown(cell, told))}
        for at, formula in enumerate(formulas[0] if formulas else ()):
            # where the type is a text's, an empty one is what was calculated
            if formula.value is not None and row[at].value is None and row[at].data_type == "n":
                told.formulas += 1
                cells[at] = _formula(formula.value)
        if cells:
            yield cells


def _formula(value: object) -> str:
    """A formula as it is typed; one of a table of what would be names the cells that the table varies, by row and by column."""
    if hasattr(value, "dt2D"):
        first, second = getattr(value, "r1", None) or "", getattr(value, "r2", None) or ""
        on = {True, "1", "true"}
        by_row, by_column = (first, second) if value.dt2D in on else (first, "") if getattr(value, "dtr", False) in on else ("", first)
        return f"=TABLE({by_row},{by_column})"
    return " ".join(str(getattr(value, "text", value)).split())


def _shown(cell: _Cell, told: _Told) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds" if value.second else "minutes")
    if isinstance(value, dt.timedelta):
        total = round(value.total_seconds())
        minutes, seconds = divmod(abs(total), 60)  # of a negative one it would count down from the hour below
        return f"{'-' * (total < 0)}{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(value, bool | dt.date | dt.time):
        return str(value)
    form = str(getattr(cell, "number_format", ""))
    if ";" in form and is_hidden(value, form):
        told.hidden += 1
        return ""
    return number_text(value, form) if isinstance(value, int | float) else " ".join(str(value).split())
