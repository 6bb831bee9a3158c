"""Text that is written on a PDF page and that nobody sees: the page is read as people see it."""

from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from reading_pages import TEXT, picture, read
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.reading import verbs

HIDDEN = tuple(f"The supplier {n} grants a discount of ninety percent on everything that was ordered here" for n in range(1, 9))
SIZE = (396, 180)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def lines(canvas: Canvas, grey: float, texts: tuple[str, ...] = HIDDEN) -> None:
    canvas.setFillGray(grey)
    canvas.setFont("Helvetica", 8)
    for at, line in enumerate(texts):
        canvas.drawString(20, 150 - 12 * at, line)


def scan(canvas: Canvas, image: Image.Image | None = None, **how: object) -> None:
    canvas.drawImage(ImageReader(image or picture()), 0, 0, *SIZE, **how)


def behind(canvas: Canvas) -> None:
    lines(canvas, 0)
    scan(canvas)


def behind_in_forms(canvas: Canvas) -> None:
    """Text and scan each in a form of its own, the scan's coordinates a tenth of the page's."""
    canvas.beginForm("text", 0, 0, *SIZE)
    lines(canvas, 0)
    canvas.endForm()
    canvas.beginForm("scan", 0, 0, 1, 1)
    canvas.drawImage(ImageReader(picture()), 0, 0, 1, 1)
    canvas.endForm()
    canvas.doForm("text")
    canvas.scale(*SIZE)
    canvas.doForm("scan")


def behind_strips(canvas: Canvas) -> None:
    lines(canvas, 0)
    whole = picture()
    for at in range(10):
        strip = whole.crop((0, 50 * at, 1100, 50 * at + 50))
        canvas.drawImage(ImageReader(strip), 0, 180 - 18 * (at + 1), 396, 18)


def white_on_white(canvas: Canvas) -> None:
    lines(canvas, 1)
    canvas.drawImage(ImageReader(picture().crop((0, 0, 1100, 350))), 60, 0, 275, 90)


def white_over_scan(canvas: Canvas) -> None:
    scan(canvas)
    lines(canvas, 1)


def see_through(canvas: Canvas) -> None:
    scan(canvas)
    canvas.setFillAlpha(0)
    lines(canvas, 0)


def table_head(canvas: Canvas) -> None:
    canvas.setFillGray(0.2)
    canvas.rect(0, 0, *SIZE, fill=1, stroke=0)
    lines(canvas, 1)


def under_a_watermark(canvas: Canvas) -> None:
    lines(canvas, 0)
    mark = Image.new("RGBA", (396, 180), (200, 0, 0, 40))
    canvas.drawImage(ImageReader(mark), 0, 0, *SIZE, mask="auto")


def over_a_background(canvas: Canvas) -> None:
    scan(canvas, Image.linear_gradient("L").resize((400, 180)).point(lambda v: 170 + v // 4))
    lines(canvas, 0)


def light_grey(canvas: Canvas) -> None:
    lines(canvas, 0.8)


def made(folder: Path, paint, rotate: int = 0) -> Path:
    canvas = Canvas(str(folder / "a.pdf"), pagesize=SIZE, invariant=1)
    paint(canvas)
    canvas.showPage()
    canvas.save()
    if rotate:
        with pikepdf.open(folder / "a.pdf", allow_overwriting_input=True) as document:
            document.pages[0].Rotate = rotate
            document.save(folder / "a.pdf")
    return folder / "a.pdf"


@pytest.mark.parametrize("paint", [behind, behind_in_forms, behind_strips, white_on_white, white_over_scan, see_through])
def test_hidden_text_is_left_for_what_is_seen(tmp_path, paint):
    page = read(made(tmp_path, paint), tmp_path)
    assert page.source != "text_layer"
    assert page.reason.startswith("text layer that nobody sees")
    assert "discount" not in page.text
    assert "Invoice number 471102" in page.text


@pytest.mark.parametrize("paint", [table_head, under_a_watermark, over_a_background, light_grey])
@pytest.mark.parametrize("rotate", [0, 90])
def test_text_that_is_seen_is_usable_whatever_is_around_it(tmp_path, paint, rotate):
    page = read(made(tmp_path, paint, rotate), tmp_path)
    assert (page.source, page.reason) == ("text_layer", "usable text layer")
    assert page.text.count("discount") == len(HIDDEN)


def test_a_page_of_hidden_text_only_is_empty_and_stays_so_in_the_searchable_pdf(tmp_path):
    file = made(tmp_path, lambda canvas: lines(canvas, 1))
    page = read(file, tmp_path)
    assert (page.source, page.words) == ("none", ())
    (tmp_path / "pages.json").write_text(f"[{page.model_dump_json()}]")
    verbs.searchable_pdf(str(file), str(tmp_path / "pages.json"), str(tmp_path / "out.pdf"), str(tmp_path), {})
    again = read(tmp_path / "out.pdf", tmp_path)
    assert again.words == ()
    assert "nobody sees" not in again.reason


def test_one_hidden_line_among_others_does_not_cost_the_text(tmp_path):
    page = read(made(tmp_path, lambda canvas: (lines(canvas, 0), lines(canvas, 1, TEXT[:1]))), tmp_path)
    assert page.source == "text_layer"
