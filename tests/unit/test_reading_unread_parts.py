"""What Office files hold and is not read is told, with its kind and count."""

import zipfile

import docx
import openpyxl
from openpyxl.chart import BarChart
from openpyxl.comments import Comment

from docmill.stages.reading.converting import converted
from docmill.stages.reading.limits import Limits
from docmill.stages.reading.media_types import DOCX, XLSX
from docmill.stages.reading.plain_text import read_text_page

MATH = b'<m:oMathPara xmlns:m="m"><m:oMath><m:r><m:t>x</m:t></m:r></m:oMath></m:oMathPara><w:altChunk/><w:sectPr'


def word(file, parts=()):
    made = docx.Document()
    made.add_paragraph("Dear customer")
    made.save(file)
    with zipfile.ZipFile(file, "a") as archive:
        for name in parts:
            archive.writestr(name, b"embeddings/Sheet1.xlsx" if name.endswith(".rels") else b"x")
    return file


def test_drawings_charts_and_diagrams_of_a_word_file_are_counted(tmp_path):
    charts = ["word/charts/chart1.xml", "word/charts/_rels/chart1.xml.rels", "word/embeddings/Sheet1.xlsx"]
    drawn = ["word/media/image1.emf", "word/media/image2.EMF", "word/media/image3.svg", "word/media/image4.png", "word/diagrams/data1.xml"]
    page = read_text_page(word(tmp_path / "a.docx", [*drawn, *charts, "word/embeddings/offer.pdf"]), DOCX, 1, "en", Limits())
    told = {"2 EMF drawings", "1 SVG drawing", "1 SmartArt diagram", "1 chart", "1 embedded file"}
    assert set(page.quality_reasons) == {f"not read: {one}" for one in told}


def test_equations_and_inserted_documents_are_counted_also_where_a_block_of_bytes_ends(tmp_path):
    source, file = word(tmp_path / "a.docx"), tmp_path / "b.docx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                first = data.index(b"<w:sectPr")
                data = data[:first] + b" " * (1024 * 1024 - first - 20 - len(b"<m:oMathPara")) + MATH + data[first + len(b"<w:sectPr") :]
            new.writestr(name, data)
    assert converted(file, DOCX, Limits()).notes == ("not read: 1 equation", "not read: 1 inserted document")


def test_comments_and_charts_of_a_workbook_are_counted(tmp_path):
    book = openpyxl.Workbook()
    for row in (1, 2):
        book.active.cell(row, 1, "Visible").comment = Comment("aside", "x")
    book.active.add_chart(BarChart(), "D4")
    book.save(tmp_path / "a.xlsx")
    assert set(converted(tmp_path / "a.xlsx", XLSX, Limits()).notes) == {"not read: 2 comments", "not read: 1 chart"}


def test_a_file_that_is_read_whole_tells_nothing(tmp_path):
    assert converted(word(tmp_path / "a.docx"), DOCX, Limits()).notes == ()
