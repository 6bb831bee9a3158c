"""Pages whose text layer is not all that they show: the letters that are only drawn are read, too."""

from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image
from reading_pages import picture, read
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from docmill.errors import EngineMissing, EngineUnavailable, LanguageMissing
from docmill.pdf_pages.page_picture import picture as image_object
from docmill.stages.reading import tessdata, verbs

SIZE = (396, 300)
HEADER = "Hartmann Brothers Ltd, 5 Mill Road, Leeds, telephone 0113 496"
BODY = ("Invoice number 471102", "Payment is due within fourteen days", "Total amount 215.14 EUR")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def header(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawString(20, 280, HEADER)


def outlines(canvas: Canvas) -> None:
    """The body as shapes: a run of black pixels is a rectangle."""
    ink, shape = picture().point(lambda v: v < 128, "1"), canvas.beginPath()
    for y in range(ink.height):
        for run in _runs([ink.getpixel((x, y)) for x in range(ink.width)]):
            shape.rect(run[0] * 0.36, 200 - y * 0.36, (run[1] - run[0]) * 0.36, 0.36)
    canvas.drawPath(shape, stroke=0, fill=1)
    header(canvas)


def _runs(row: list[int]) -> list[tuple[int, int]]:
    edges = [x for x in range(len(row)) if bool(row[x]) != bool(row[x - 1] if x else 0)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def strips(canvas: Canvas) -> None:
    """A scan as scanners with little memory write it."""
    for at in range(10):
        strip = picture().crop((0, 50 * at, 1100, 50 * at + 50))
        canvas.drawImage(ImageReader(strip), 0, 180 - 18 * at, 396, 18)
    header(canvas)


def half_of_each(canvas: Canvas) -> None:
    header(canvas)
    canvas.drawImage(ImageReader(picture().crop((0, 0, 1100, 330))), 0, 20, 396, 119)


def failed_ocr(canvas: Canvas) -> None:
    """A scan whose invisible text ends after its first line."""
    canvas.drawImage(ImageReader(picture()), 0, 100, 396, 180)
    text = canvas.beginText(22, 248)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 16)
    text.textLine(BODY[0] + " " + "of Hartmann Brothers Limited of Leeds in the county of Yorkshire")
    canvas.drawText(text)


def chart(canvas: Canvas) -> None:
    """Bars, areas, rules and a logo of curves, with labels that are text."""
    header(canvas)
    for at in range(40):
        canvas.rect(20 + 9 * at, 40, 7, 20 + 3 * at, fill=1, stroke=0)
        canvas.line(20, 40 + 4 * at, 380, 40 + 4 * at)
    for at in range(60):
        canvas.circle(330 - 3 * (at % 20), 230 + at // 5, 3, fill=at % 2, stroke=1)


def photo(canvas: Canvas) -> None:
    noise = Image.effect_noise((400, 140), 60).resize((1200, 420), Image.Resampling.BICUBIC)
    canvas.drawImage(ImageReader(noise), 0, 0, 396, 140)
    header(canvas)


def made(folder: Path, paint) -> Path:
    canvas = Canvas(str(folder / "a.pdf"), pagesize=SIZE, invariant=1)
    paint(canvas)
    canvas.showPage()
    canvas.save()
    return folder / "a.pdf"


@pytest.mark.parametrize("paint", [outlines, strips, half_of_each])
def test_a_body_that_is_no_text_is_read_beside_the_header_that_is(tmp_path, paint):
    page = read(made(tmp_path, paint), tmp_path)
    assert page.source == "tesseract"
    assert page.lines[0].text == HEADER
    assert [line.text for line in page.lines[1:]] == list(BODY)


def test_a_pattern_may_be_the_scan(tmp_path):
    file = made(tmp_path, header)
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        tile = document.make_stream(b"q 396 0 0 180 0 60 cm /I Do Q", Type=Name.Pattern, PatternType=1, PaintType=1, TilingType=1)
        tile.BBox, tile.XStep, tile.YStep = Array([0, 0, 396, 270]), 396, 300
        tile.Resources = Dictionary(XObject=Dictionary(I=image_object(document, picture())))
        document.pages[0].contents_add(b"q /Pattern cs /T scn 0 0 396 270 re f Q", prepend=True)
        document.pages[0].obj.Resources.Pattern = Dictionary(T=tile)
        document.save(file)
    page = read(file, tmp_path)
    assert page.lines[0].text == HEADER
    assert [line.text for line in page.lines[1:]] == list(BODY)


def test_an_invisible_layer_that_ends_after_a_line_is_not_taken(tmp_path):
    page = read(made(tmp_path, failed_ocr), tmp_path)
    assert (page.source, page.text) == ("tesseract", "\n".join(BODY))
    assert page.reason.startswith("letters beside the text layer")


def test_a_chart_beside_text_costs_no_reading_of_the_image(tmp_path, monkeypatch):
    monkeypatch.setattr(verbs, "ocr_engine", lambda *_: pytest.fail("the page image is read"))
    assert read(made(tmp_path, chart), tmp_path).text == HEADER


def test_a_photo_beside_text_leaves_it_as_it_is(tmp_path):
    page = read(made(tmp_path, photo), tmp_path)
    assert (page.source, page.text, page.reason) == ("text_layer", HEADER, "usable text layer")


@pytest.mark.parametrize("error", [EngineMissing, LanguageMissing, EngineUnavailable])
def test_without_an_engine_the_text_layer_is_kept(tmp_path, monkeypatch, error):
    def refuse(*_):
        raise error("not to be had")

    monkeypatch.setattr(verbs, "read_by", refuse)
    page = read(made(tmp_path, outlines), tmp_path)
    assert (page.source, page.text) == ("text_layer", HEADER)
    assert page.reason == "usable text layer; letters beside the text layer not read: not to be had"


def test_a_language_that_nobody_knows_is_refused_by_name():
    with pytest.raises(LanguageMissing, match="unknown language"):
        tessdata.require("is")
