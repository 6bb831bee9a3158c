"""Workbooks: numbers as their formats show them, and what a sheet holds and does not show is told."""

import datetime as dt
import tracemalloc
import zipfile

import openpyxl
import pytest
from openpyxl.worksheet.formula import DataTableFormula

from docmill.errors import TooLarge
from docmill.stages.reading.converting import converted
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import XLSX
from docmill.stages.reading.number_formats import number_text
from docmill.stages.reading.plain_text import read_text_page


def saved(folder, cells):
    """A workbook of rows of (value, format)."""
    book = openpyxl.Workbook()
    for row, (value, form) in enumerate(cells, 1):
        book.active.cell(row, 1, f"row{row}")
        book.active.cell(row, 2, value).number_format = form
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (1234, "00000", "01234"),
        (123456789, "000-00-0000", "123-45-6789"),
        (441134960000, "+00 0000 000000", "+44 1134 960000"),
        (5551234, "[<=9999999]###-####;(###) ###-####", "555-1234"),
        (5551234567, "[<=9999999]###-####;(###) ###-####", "(555) 123-4567"),
        (12, '"No. "0000', "0012"),
        (1234567.5, r"#\ ##0.00", "1234567.50"),
        (1234.5678, "#,##0", "1235"),
        (-56.5, "#,##0.00;(#,##0.00)", "-56.50"),
        (-5, "0.00;[Red]-0.00", "-5.00"),
        (1.005, "0.00", "1.01"),
        (2.5, "0.##", "2.5"),
        (0.256, "0.0%", "25.6%"),
        (12345.678, "0.00E+00", "1.23E+04"),
        (2.5, "# ?/?", "2 1/2"),
        (0, '_-* #,##0.00_-;-* #,##0.00_-;_-* "-"??_-;_-@_-', "-"),
        (1500, '#,##0.00 "EUR"', "1500.00"),
        (0.1, "General", "0.1"),
        (3, ";;;", ""),
        (float("inf"), "0.00", "inf"),
        (44.398, "???.???", "44.398"),
        (0.5, "???.???", "0.5"),
        (5, "??", "5"),
        (-5, "??", "-5"),
        (0, "??", ""),
        (123.45, "0." + "0" * 30, "123.45" + "0" * 28),
        (1e13, "0." + "0" * 16, "1" + "0" * 13 + "." + "0" * 16),
        (0.5, "0." + "0" * 500, "0.5" + "0" * 29),
        (1e307, "0%", "1e+307"),
    ],
)
def test_a_number_is_shown_as_its_format_says(value, form, shown):
    assert number_text(value, form) == shown


def test_what_a_format_hides_is_left_out_and_told(tmp_path):
    text, notes = converted(saved(tmp_path, [(4711, ";;;"), ("secret", ";;;"), (0, "0;-0;;@"), ("word", "0;-0;;@")]), XLSX, Limits())
    assert text.split() == ["Sheet", "row1", "row2", "row3", "row4", "word"]
    assert notes == ("left out, because their format hides them: 2 cells",)


def test_formulas_that_nobody_calculated_are_given_as_formulas_and_told(tmp_path):
    file = saved(tmp_path, [(100, "General"), ("=B1*0.19", "0.00"), ("=B1+B2", "0.00")])
    page = read_text_page(file, XLSX, 1, "en", Limits())
    assert [line.text for line in page.lines] == ["Sheet", "row1 100", "row2 =B1*0.19", "row3 =B1+B2"]
    assert page.quality_reasons == ("given as formulas, because no value is stored: 2 cells",)


def test_a_formula_whose_value_is_an_empty_text_has_one(tmp_path):
    file = saved(tmp_path, [('=IF(A1="","x","")', "General")])
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(file, "w") as archive:
        for one, data in {**members, name: members[name].replace(b'r="B1"', b'r="B1" t="str"')}.items():
            archive.writestr(one, data)
    assert converted(file, XLSX, Limits()) == ("Sheet\nrow1", ())


def test_a_workbook_that_shows_all_it_holds_tells_nothing(tmp_path):
    text, notes = converted(saved(tmp_path, [(7, "00"), (dt.timedelta(hours=30, minutes=5), "[h]:mm")]), XLSX, Limits())
    assert text.split() == ["Sheet", "row1", "07", "row2", "30:05"]
    assert notes == ()


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (-150 / 1440, "[h]:mm", "-2:30"),
        (dt.timedelta(hours=-2, minutes=-30), "[h]:mm", "-2:30"),
        (dt.datetime(2024, 1, 2, 12, 30, 45), "yyyy-mm-dd hh:mm:ss", "2024-01-02 12:30:45"),  # noqa: DTZ001 - Excel knows no zones
        (DataTableFormula(ref="B1:B2", dt2D=True, r1="C1", r2="C2"), "General", "=TABLE(C1,C2)"),
        (DataTableFormula(ref="B1:B2", dtr=True, r1="C1"), "General", "=TABLE(C1,)"),
        (DataTableFormula(ref="B1:B2", r1="C1"), "General", "=TABLE(,C1)"),
    ],
)
def test_times_and_tables_of_what_would_be(tmp_path, value, form, shown):
    assert converted(saved(tmp_path, [(value, form)]), XLSX, Limits()).text == f"Sheet\nrow1  {shown}"


def test_a_last_cell_that_is_only_styled_costs_nothing_of_its_row(tmp_path):
    book = openpyxl.Workbook()
    for row in range(1, 201):
        book.active.cell(row, 1, "x")
        book.active.cell(row, 16_384).number_format = "0.00"
    book.save(tmp_path / "a.xlsx")
    tracemalloc.start()
    assert converted(tmp_path / "a.xlsx", XLSX, Limits()).text.split() == ["Sheet"] + ["x"] * 200
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000  # 200 whole rows are 26 million bytes


def test_a_sheet_of_more_cells_than_its_pages_hold(tmp_path):
    book = openpyxl.Workbook()
    for row in range(1, 61):
        book.active.cell(row, row * 200, "x")
    book.save(tmp_path / "a.xlsx")
    assert converted(tmp_path / "a.xlsx", XLSX, Limits()).text.count("x") == 60
    with pytest.raises(TooLarge, match="cells"):
        converted(tmp_path / "a.xlsx", XLSX, Limits(max_pages=1))
