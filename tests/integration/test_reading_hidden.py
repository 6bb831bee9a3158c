"""Text that is written on a PDF page and that nobody sees: the page is read as people see it."""

from pathlib import Path

import pikepdf
import pytest
from PIL import Image
from reading_pages import picture, read
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


SEEN = "\n".join(HIDDEN)
SECRET = "Pay to another account instead"


def secret(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(20, 20, SECRET)


def in_the_papers_colour(canvas: Canvas) -> None:
    canvas.setFillGray(1)
    secret(canvas)


def transparent(canvas: Canvas) -> None:
    canvas.setFillAlpha(0)
    secret(canvas)


def under_a_box(canvas: Canvas) -> None:
    secret(canvas)
    canvas.rect(10, 14, 200, 20, fill=1, stroke=0)


def under_a_picture(canvas: Canvas) -> None:
    secret(canvas)
    canvas.drawImage(ImageReader(Image.new("L", (20, 20), 200)), 10, 14, 200, 20)


def clipped_away(canvas: Canvas) -> None:
    area = canvas.beginPath()
    area.rect(300, 100, 20, 20)
    canvas.clipPath(area, stroke=0, fill=0)
    secret(canvas)


def invisible(canvas: Canvas) -> None:
    text = canvas.beginText(20, 20)
    text.setTextRenderMode(3)
    text.setFont("Helvetica", 8)
    text.textLine(SECRET)
    canvas.drawText(text)


@pytest.mark.parametrize("hide", [in_the_papers_colour, transparent, under_a_box, under_a_picture, clipped_away, invisible])
@pytest.mark.parametrize("rotate", [0, 270])
def test_a_hidden_line_among_others_is_left_out(tmp_path, hide, rotate):
    page = read(made(tmp_path, lambda canvas: (lines(canvas, 0), hide(canvas)), rotate), tmp_path)
    assert (page.source, page.text) == ("text_layer", SEEN)
    assert page.reason == "usable text layer; words left out that nobody sees: 5"


def invisible_over_print(canvas: Canvas) -> None:
    """As OCR programs lay it over a picture in a page of text."""
    canvas.drawImage(ImageReader(picture((SECRET,), (1100, 180))), 10, 5, 180, 30)
    invisible(canvas)


def cut_out(canvas: Canvas) -> None:
    """Letters as a clipping path of what is painted after them."""
    text = canvas.beginText(20, 20)
    text.setTextRenderMode(7)
    text.setFont("Helvetica", 8)
    text.textLine(SECRET)
    canvas.drawText(text)
    canvas.rect(10, 14, 200, 20, fill=1, stroke=0)


def under_a_marker(canvas: Canvas) -> None:
    secret(canvas)
    canvas.setFillColorRGB(1, 1, 0, alpha=0.4)
    canvas.rect(10, 14, 200, 20, fill=1, stroke=0)


@pytest.mark.parametrize("show", [secret, invisible_over_print, cut_out, under_a_marker])
def test_a_line_that_is_seen_some_other_way_is_kept(tmp_path, show):
    page = read(made(tmp_path, lambda canvas: (lines(canvas, 0), show(canvas))), tmp_path)
    assert (page.source, page.text, page.reason) == ("text_layer", f"{SEEN}\n{SECRET}", "usable text layer")


@pytest.mark.parametrize(
    ("shown", "is_read"),
    [(lambda layer: {"OFF": [layer]}, False), (lambda _: {"BaseState": pikepdf.Name.OFF}, False), (lambda _: {}, True)],
)
@pytest.mark.parametrize("pack", pikepdf.ObjectStreamMode.__members__.values())
def test_a_layer_that_is_switched_off_is_not_read(tmp_path, shown, is_read, pack):
    file = made(tmp_path, lambda canvas: lines(canvas, 0))
    with pikepdf.open(file, allow_overwriting_input=True) as pdf:
        layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("draft")))
        pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=pikepdf.Dictionary(**shown(layer)))
        page = pdf.pages[0]
        page.obj.Resources.Properties = pikepdf.Dictionary(L=layer)
        page.contents_add(f"/OC /L BDC BT /F1 8 Tf 20 20 Td ({SECRET}) Tj ET EMC".encode())
        pdf.save(file, object_stream_mode=pack)
    assert (SECRET in read(file, tmp_path).text) is is_read


@pytest.mark.parametrize("at", [7, 311, 598])
def test_one_hidden_line_among_hundreds_is_not_read(tmp_path, at):
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.setFont("Helvetica", 7)
    for n in range(600):
        if n == at:
            canvas.setFillGray(1)
            canvas.drawString(300, 10, "HIDDEN")
            canvas.setFillGray(0)
        canvas.drawString(40 + (n % 6) * 85, 820 - (n // 6) * 7.5, f"word{n}")
    canvas.save()
    page = read(tmp_path / "a.pdf", tmp_path)
    assert "HIDDEN" not in page.text
    assert len(page.words) == 600
