"""Searchable PDFs: pages look as before, and selecting and searching finds the words that were read, where they stand."""

import json

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image
from reading_pages import LIMITS, TEXT, picture, read, scan_pdf, text_pdf
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.reading import verbs
from docmill.stages.reading.pdf_file import close_all
from docmill.stages.reading.text_layer import text_layer_of


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    yield
    close_all()


def searchable(file, folder, count=1):
    """The pages as read, and the open searchable PDF."""
    pages = [read(file, folder, number) for number in range(1, count + 1)]
    (folder / "pages.json").write_text(json.dumps([page.model_dump(mode="json") for page in pages]))
    scratch = folder / "scratch"
    assert verbs.searchable_pdf(str(file), str(folder / "pages.json"), str(folder / "made.pdf"), str(scratch), LIMITS) == {"pages": count}
    assert list(scratch.iterdir()) == []
    return pages, pdfium.PdfDocument(folder / "made.pdf")


def assert_found(document, number, page):
    """Every word is found in the PDF's page, in its place."""
    sheet = document[number - 1]
    found = {}
    for word in text_layer_of(sheet, page.dpi).words:
        found.setdefault(word.text, []).append(word.box)
    for word in page.words:
        near = min(abs(box.x0 - word.box.x0) + abs(box.y0 - word.box.y0) + abs(box.x1 - word.box.x1) for box in found[word.text])
        assert near < 10, word.text
    assert sum(map(len, found.values())) == len(page.words)


def looks(document, number=1):
    return np.asarray(document[number - 1].render(scale=1, grayscale=True).to_pil(), dtype=float)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_an_image(tmp_path, suffix):
    picture().save(tmp_path / f"a.{suffix}", dpi=(200, 200))
    (page,), made = searchable(tmp_path / f"a.{suffix}", tmp_path)
    assert_found(made, 1, page)
    assert made[0].get_size() == pytest.approx((396, 180), abs=0.5)
    shown = made[0].render(scale=200 / 72, grayscale=True).to_pil()
    assert np.abs(np.asarray(shown.resize((1100, 500)), dtype=float) - np.asarray(picture(), dtype=float)).mean() < 4


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_scan_keeps_its_page(tmp_path, rotation):
    # the picture lies turned in the page, and /Rotate shows it upright; the crop box begins elsewhere than the media box
    lying = picture().rotate(rotation, expand=True)
    width, height = (lying.width * 0.36, lying.height * 0.36)
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(width + 60, height + 80))
    canvas.drawInlineImage(lying, 20, 50, width, height)
    canvas.save()
    with pikepdf.open(tmp_path / "a.pdf", allow_overwriting_input=True) as document:
        document.pages[0].Rotate = rotation
        document.pages[0].CropBox = [20, 50, 20 + width, 50 + height]
        document.save(tmp_path / "a.pdf")
    (page,), made = searchable(tmp_path / "a.pdf", tmp_path)
    assert (page.text, page.turned_deg) == ("\n".join(TEXT), 0)
    assert_found(made, 1, page)
    assert np.abs(looks(pdfium.PdfDocument(tmp_path / "a.pdf")) - looks(made)).max() < 2
    with pikepdf.open(tmp_path / "made.pdf") as written:
        assert written.pages[0].Rotate == rotation  # the original page, not a picture of it


def test_a_scan_on_its_head_is_shown_upright(tmp_path):
    with pikepdf.open(scan_pdf(tmp_path / "a.pdf")) as document:
        document.pages[0].Rotate = 180
        document.save(tmp_path / "b.pdf")
    (page,), made = searchable(tmp_path / "b.pdf", tmp_path)
    assert page.turned_deg == 180
    assert_found(made, 1, page)
    assert made[0].get_rotation() == 0


def test_a_page_with_its_own_text_stays_and_an_unusable_layer_goes(tmp_path):
    with (
        pikepdf.open(text_pdf(tmp_path / "text.pdf", pages=1)) as mixed,
        pikepdf.open(scan_pdf(tmp_path / "s.pdf", invisible="x q")) as scan,
    ):
        mixed.pages.append(scan.pages[0])
        mixed.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        mixed.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(2)"))
        mixed.docinfo["/Title"] = "a secret title"
        mixed.save(tmp_path / "a.pdf")
    (first, second), made = searchable(tmp_path / "a.pdf", tmp_path, 2)
    assert (first.source, second.source) == ("text_layer", "tesseract")
    assert_found(made, 1, first)
    assert_found(made, 2, second)
    with pikepdf.open(tmp_path / "made.pdf") as written:
        assert b"app.alert" not in b"".join(str(o).encode() for o in written.objects)
        assert "/Title" not in written.docinfo


@pytest.mark.parametrize(
    "own",
    [["Monthly letter of the museum"], ["Monthly letter of the museum", "to its friends in town and country", "about an unpaid bill"]],
)
def test_a_page_of_text_and_a_picture_of_text_keeps_its_drawing(tmp_path, own):
    # one line is read again by the engine, of three only what is not among them is taken from it
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(396, 260))
    canvas.setFont("Helvetica", 14)
    for at, line in enumerate(own):
        canvas.drawString(20, 238 - 20 * at, line)
    canvas.drawInlineImage(picture(), 0, 0, 396, 180)
    canvas.save()
    (page,), made = searchable(tmp_path / "a.pdf", tmp_path)
    assert page.text.split() == " ".join([*own, *TEXT]).split()
    assert_found(made, 1, page)
    assert np.abs(looks(pdfium.PdfDocument(tmp_path / "a.pdf")) - looks(made)).max() < 2
    with pikepdf.open(tmp_path / "made.pdf") as written:
        assert b"Monthly" in b"".join(part.read_bytes() for part in written.pages[0].Contents)  # drawn as letters still


def test_layers_that_are_off_stay_off_and_fields_stay_fields(tmp_path):
    with pikepdf.open(text_pdf(tmp_path / "a.pdf", pages=2), allow_overwriting_input=True) as document:
        layer = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("draft")))
        document.Root.OCProperties = pikepdf.Dictionary(OCGs=[layer], D=pikepdf.Dictionary(OFF=[layer]))
        document.pages[0].obj.Resources.Properties = pikepdf.Dictionary(L=layer)
        document.pages[0].contents_add(b"/OC /L BDC BT /F1 9 Tf 40 40 Td (not to be seen) Tj ET 0 0 90 30 re f EMC")
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        name = document.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx, T="name", V="Sorensen", AA=pikepdf.Dictionary(K=script)))
        box = {"Type": pikepdf.Name.Annot, "Subtype": pikepdf.Name.Widget, "Rect": [200, 100, 300, 120], "F": 4, "Parent": name}
        name.Kids = [
            document.make_indirect(pikepdf.Dictionary(**box, AA=pikepdf.Dictionary(K=script), P=page.obj)) for page in document.pages
        ]
        for page, kid in zip(document.pages, name.Kids, strict=True):
            page.obj.Annots = [kid]
        document.Root.AcroForm = pikepdf.Dictionary(Fields=[name], DA="/Helv 9 Tf 0 g", XFA="app.alert(2)", CO=[name])
        document.save(tmp_path / "a.pdf")
    (first, _), made = searchable(tmp_path / "a.pdf", tmp_path, 2)
    assert "Sorensen" in first.text
    assert np.abs(looks(pdfium.PdfDocument(tmp_path / "a.pdf")) - looks(made)).max() < 2
    with pikepdf.open(tmp_path / "made.pdf") as written:
        form = written.Root.AcroForm
        assert [kid.objgen for kid in form.Fields[0].Kids] == [page.Annots[0].objgen for page in written.pages]
        assert (form.Fields[0].V, "/CO" in form, "/XFA" in form) == ("Sorensen", False, False)
        assert b"app.alert" not in b"".join(str(o).encode() for o in written.objects)


def test_a_page_tree_in_circles_still_gives_pages(tmp_path):
    with pikepdf.open(text_pdf(tmp_path / "a.pdf")) as document:
        document.Root.Pages.Kids.append(document.Root.Pages)
        document.save(tmp_path / "b.pdf")
    (page,), made = searchable(tmp_path / "b.pdf", tmp_path)
    assert_found(made, 1, page)


def test_a_text_document_is_drawn(tmp_path):
    (tmp_path / "a.txt").write_text("Grüße aus Łódź\n\n\tTotal:  12.50 €  合計\n")
    (page,), made = searchable(tmp_path / "a.txt", tmp_path)
    assert_found(made, 1, page)
    assert looks(made).min() < 128  # ink, not only invisible words


def test_a_turned_image_comes_upright(tmp_path):
    sheet = Image.new("L", (1700, 1200), 255)
    sheet.paste(picture((*TEXT, *(f"Line {n} of the letter says nothing new" for n in range(4)))), (100, 100))
    sheet.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "a.png", dpi=(200, 200))
    (page,), made = searchable(tmp_path / "a.png", tmp_path)
    assert page.turned_deg == 180
    assert_found(made, 1, page)
    ink = looks(made) < 128
    assert ink[: len(ink) // 2].sum() > ink[len(ink) // 2 :].sum()
