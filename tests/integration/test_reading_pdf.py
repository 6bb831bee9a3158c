"""Reading PDFs: text layers with true boxes, pages that need OCR, encryption, damage, limits."""

from statistics import median

import pikepdf
import pytest
from PIL import Image
from reading_pages import LIMITS, TEXT, drawn, picture, read, scan_pdf, text_pdf
from reportlab.pdfgen.canvas import Canvas

from docmill.errors import Damaged, Encrypted, TooLarge, UnsupportedType
from docmill.stages.reading import pdf_file, raster, verbs


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    yield
    pdf_file.close_all()


def dark_share(image, box):
    """Share of dark pixels under a box."""
    part = image.crop((int(box[0]), int(box[1]), min(image.width, int(box[2]) + 1), min(image.height, int(box[3]) + 1)))
    return sum(part.point(lambda v: 255 * (v < 128)).histogram()[255:]) / (part.width * part.height)


def erased(image, page):
    """The image with every word's box painted over, grown by four pixels: renderers put different fonts where none is embedded."""
    for word in page.words:
        x0, y0, x1, y1 = word.box
        image.paste(255, (max(0, int(x0) - 4), max(0, int(y0) - 4), int(x1) + 5, int(y1) + 5))
    return image


def test_a_text_layer_is_read_with_its_positions(tmp_path):
    page = read(text_pdf(tmp_path / "a.pdf", pages=3), tmp_path, 2)
    assert page.text == "\n".join((*TEXT, "Page 72"))
    assert (page.source, page.confidence, page.reason, page.number) == ("text_layer", 1.0, "usable text layer", 2)
    assert (page.width_px, page.height_px, page.dpi) == (1112, 834, 200)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, [20, 100, 390, 280]])
def test_boxes_lie_on_the_ink_of_the_upright_page(tmp_path, rotation, crop):
    file = text_pdf(tmp_path / "a.pdf")
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        document.pages[0].obj.Rotate = rotation
        if crop:
            document.pages[0].obj.CropBox = crop
        document.save(file)
    page = read(file, tmp_path)
    assert page.text == "\n".join((*TEXT, "Page 71"))
    image = drawn(file, tmp_path, page)
    assert image.size == (page.width_px, page.height_px)
    assert all(dark_share(image, word.box) > 0.12 for word in page.words)
    assert dark_share(erased(image, page), (0, 0, *image.size)) < 1e-4  # no ink outside of the boxes; a single word is 2e-3


def test_text_outside_the_crop_box_is_not_there(tmp_path):
    file = text_pdf(tmp_path / "a.pdf")
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        document.pages[0].obj.CropBox = [0, 205, 400, 300]
        document.save(file)
    assert read(file, tmp_path).text == "\n".join(TEXT[:2])


def test_text_layer_and_ocr_agree_about_boxes(tmp_path):
    file = text_pdf(tmp_path / "a.pdf")
    layer, seen = read(file, tmp_path), read(file, tmp_path, engine="tesseract")
    assert (seen.source, seen.reason) == ("tesseract", "asked for: page image read by tesseract")
    assert (seen.width_px, seen.height_px, seen.dpi) == (layer.width_px, layer.height_px, layer.dpi)
    assert seen.text == layer.text
    for a, b in zip(layer.words, seen.words, strict=True):
        assert all(abs(x - y) <= 16 for x, y in zip(a.box, b.box, strict=True))  # Tesseract cuts a letter off now and then
    assert median(abs(x - y) for a, b in zip(layer.words, seen.words, strict=True) for x, y in zip(a.box, b.box, strict=True)) < 2


def test_a_mixed_pdf_is_judged_page_by_page(tmp_path):
    text_pdf(tmp_path / "text.pdf")
    scan_pdf(tmp_path / "scan.pdf")
    with pikepdf.new() as both:
        for part in ("text.pdf", "scan.pdf"):
            with pikepdf.open(tmp_path / part) as document:
                both.pages.extend(document.pages)
        both.add_blank_page(page_size=(300, 200))
        both.save(tmp_path / "both.pdf")
    pages = [read(tmp_path / "both.pdf", tmp_path, n) for n in (1, 2, 3)]
    assert [p.source for p in pages] == ["text_layer", "tesseract", "none"]
    assert pages[1].text == "\n".join(TEXT)
    assert pages[1].confidence > 0.8
    assert (pages[2].words, pages[2].width_px, pages[2].reason) == ((), 834, "blank page: nothing is drawn on it")


@pytest.mark.parametrize(
    ("stamp", "invisible", "source", "reason"),
    [
        ("Case 1:20-cv-01234 Document 7 Filed 03/04/20", None, "tesseract", "over an image of the page"),
        (None, "Invoice number 471102\nPayment is due within fourteen days\nTotal amount 215.14 EUR", "text_layer", "invisible text layer"),
        (None, "xqz wrt pfk bcd\nfgh jklm npq rst", "tesseract", "invisible text layer that is no text"),
    ],
)
def test_scans_with_something_over_them(tmp_path, stamp, invisible, source, reason):
    page = read(scan_pdf(tmp_path / "a.pdf", stamp=stamp, invisible=invisible), tmp_path)
    assert page.source == source
    assert reason in page.reason
    assert "Total amount 215.14 EUR" in page.text


def test_garbage_under_readable_glyphs_is_read_by_ocr(tmp_path):
    """A font whose ToUnicode map sends every letter to the private use area: looks fine, extracts as nothing."""
    file = text_pdf(tmp_path / "a.pdf")
    cmap = b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <20> <7e> <e020> endbfrange endcmap"
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        for font in document.pages[0].obj.Resources.Font.values():
            font.ToUnicode = document.make_stream(cmap)
        document.save(file)
    page = read(file, tmp_path)
    assert page.source == "tesseract"
    assert "characters that have no meaning" in page.reason
    assert page.text == "\n".join((*TEXT, "Page 71"))


def test_filled_form_fields_are_part_of_the_text(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(400, 300), invariant=1)
    canvas.drawString(40, 250, "Name of the payer:")
    canvas.acroForm.textfield(name="payer", x=160, y=240, width=200, height=24, value="Maria Gonzalez", borderWidth=0)
    canvas.save()
    for _ in range(2):  # reading it again finds it once
        assert read(tmp_path / "a.pdf", tmp_path).text == "Name of the payer: Maria Gonzalez"


def test_turned_text_is_read_along_its_lines(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(300, 300), invariant=1)
    canvas.rotate(90)
    canvas.drawString(20, -60, "first line of a sideways page")
    canvas.drawString(20, -90, "second line")
    canvas.save()
    assert read(tmp_path / "a.pdf", tmp_path).text == "first line of a sideways page\nsecond line"


@pytest.mark.parametrize(("angle", "turned"), [(30, 0), (-40, 0), (55, 90), (12, 270)])
def test_a_stamp_aslant_is_read_along_its_lines(tmp_path, angle, turned):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(500, 500))
    for row in range(4):
        canvas.drawString(30, 470 - 20 * row, "ordinary lines of the page, more of them than the stamp has")
    canvas.translate(250, 220)
    canvas.rotate(angle)
    canvas.drawCentredString(0, 0, "Confidential copy for Mrs. Margaret Thornbury")
    canvas.drawCentredString(0, -16, "mail m.thornbury@posteo.example or call")
    canvas.save()
    with pikepdf.open(tmp_path / "a.pdf", allow_overwriting_input=True) as pdf:
        pdf.pages[0].Rotate = turned
        pdf.save(tmp_path / "a.pdf")
    lines = read(tmp_path / "a.pdf", tmp_path).text.split("\n")
    assert lines[4:] == ["Confidential copy for Mrs. Margaret Thornbury", "mail m.thornbury@posteo.example or call"]


@pytest.mark.parametrize("packing", [pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate])
@pytest.mark.parametrize("level", [4, 6])
def test_encryption(tmp_path, level, packing):
    lock = {user: pikepdf.Encryption(owner="o", user=user, R=level) for user in ("", "u")}
    opened = text_pdf(tmp_path / "open.pdf", encryption=lock[""], object_stream_mode=packing)
    assert "471102" in read(opened, tmp_path).text
    assert "471102" in read(opened, tmp_path, engine="tesseract").text
    locked = text_pdf(tmp_path / "locked.pdf", encryption=lock["u"], object_stream_mode=packing)
    with pytest.raises(Encrypted):
        verbs.inspect(str(locked), LIMITS)


def test_lost_cross_references_are_repaired(tmp_path):
    file = text_pdf(tmp_path / "a.pdf", pages=2)
    data = file.read_bytes()
    for broken in (data[: data.rindex(b"xref\n")], b"From: somebody\r\n\r\n" + data, data.replace(b"startxref", b"startXref")):
        file.write_bytes(broken)
        assert verbs.inspect(str(file), LIMITS)["page_count"] == 2
        assert "471102" in read(file, tmp_path, 2).text


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 40, b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>"]
)
def test_what_is_beyond_repair_is_damaged(tmp_path, data):
    (tmp_path / "a.pdf").write_bytes(data)
    with pytest.raises(Damaged):
        verbs.inspect(str(tmp_path / "a.pdf"), LIMITS)


def test_every_cut_of_a_file_ends_in_text_or_a_typed_error(tmp_path):
    data = text_pdf(tmp_path / "whole.pdf", pages=2).read_bytes()
    ends = set()
    for percent in range(2, 100, 7):
        file = tmp_path / f"cut{percent}.pdf"
        file.write_bytes(data[: len(data) * percent // 100])
        try:
            ends.add(read(file, tmp_path).source)
        except (Damaged, UnsupportedType) as error:
            ends.add(error.code)
    assert "damaged" in ends
    assert ends <= {"damaged", "text_layer", "none", "tesseract"}


def test_one_damaged_page_leaves_the_others(tmp_path):
    file = text_pdf(tmp_path / "a.pdf", pages=3)
    with pikepdf.open(file, allow_overwriting_input=True) as document:
        document.Root.Pages.Kids[1] = pikepdf.Dictionary(Type=pikepdf.Name.Nonsense)
        document.save(file)
    assert "Page 71" in read(file, tmp_path, 1).text
    with pytest.raises(Damaged):
        read(file, tmp_path, 2)
    assert "Page 73" in read(file, tmp_path, 3).text
    with pytest.raises(Damaged):
        read(file, tmp_path, 4)


def test_limits(tmp_path):
    file = text_pdf(tmp_path / "a.pdf", pages=3)
    for limit in ({"max_pages": 2}, {"max_bytes": 500}):
        with pytest.raises(TooLarge, match=next(iter(limit))):
            verbs.inspect(str(file), {**LIMITS, **limit})


@pytest.mark.parametrize("engine", ["auto", "tesseract"])
def test_a_huge_page_is_drawn_smaller(tmp_path, engine):
    file = text_pdf(tmp_path / "a.pdf", size=(1200, 900))
    page = read(file, tmp_path, engine=engine, limits={**LIMITS, "max_pixels": 2_000_000})
    assert page.width_px * page.height_px <= 2_010_000
    assert page.dpi == 97
    assert "471102" in page.text


def test_a_page_that_poppler_cannot_draw_is_drawn_by_pdfium(tmp_path, monkeypatch):
    file = scan_pdf(tmp_path / "a.pdf")
    by_poppler = read(file, tmp_path)
    monkeypatch.setenv("PATH", "/nonexistent")
    raster._poppler_opens.cache_clear()
    told = verbs.page_image(str(file), "application/pdf", 1, 200, str(tmp_path))
    assert (told["width_px"], told["height_px"]) == (by_poppler.width_px, by_poppler.height_px)
    monkeypatch.undo()
    raster._poppler_opens.cache_clear()


def test_the_page_image_keeps_its_colours(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(72, 72), invariant=1)
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, 0, 72, 72, fill=1)
    canvas.save()
    told = verbs.page_image(str(tmp_path / "a.pdf"), "application/pdf", 1, 100, str(tmp_path))
    with Image.open(str(told["path"])) as image:
        assert (image.size, image.getpixel((50, 50))) == ((100, 100), (255, 0, 0))


def test_embedded_einvoices_are_named(tmp_path):
    cii = b'<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="urn:x">'
    for name, data, expected in [
        ("Factur-X.xml", b"<x/>", "Factur-X.xml"),
        ("data.xml", cii, "data.xml"),
        ("data.xml", b"<x/>", None),
        ("a.txt", cii, None),
    ]:
        file = text_pdf(tmp_path / "a.pdf")
        with pikepdf.open(file, allow_overwriting_input=True) as document:
            document.attachments[name] = pikepdf.AttachedFileSpec(document, data, filename=name)
            document.save(file)
        pdf_file.close_all()
        assert verbs.inspect(str(file), LIMITS)["einvoice"] == expected
    (tmp_path / "bare.xml").write_bytes(cii)
    found = verbs.inspect(str(tmp_path / "bare.xml"), LIMITS)
    assert (found["media_type"], found["page_count"], found["einvoice"]) == ("application/xml", 1, "bare")


def test_documents_are_opened_once_and_few_are_kept(tmp_path, monkeypatch):
    opened = []
    original = pdf_file._opened
    monkeypatch.setattr(pdf_file, "_opened", lambda path, **facts: opened.append(path.name) or original(path, **facts))
    files = [text_pdf(tmp_path / f"{name}.pdf", pages=4) for name in "abc"]
    for number in (1, 2, 3, 4):
        read(files[0], tmp_path, number)
    assert opened == ["a.pdf"]
    for file in files:
        read(file, tmp_path)
    assert opened == ["a.pdf", "b.pdf", "c.pdf"]
    assert len(pdf_file._open) == 2
    text_pdf(files[2], lines=("something else",))
    assert read(files[2], tmp_path).text == "something else\nPage 71"


def test_text_has_no_page_image(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(UnsupportedType):
        verbs.page_image(str(tmp_path / "a.txt"), "text/plain", 1, 200, str(tmp_path))


def test_a_white_scan_gives_no_words_and_no_error(tmp_path):
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(396, 180), invariant=1)
    canvas.drawInlineImage(picture(lines=()), 0, 0, 396, 180)
    canvas.save()
    page = read(tmp_path / "a.pdf", tmp_path)
    assert (page.words, page.source, page.confidence) == ((), "none", 0.0)
    assert page.reason.endswith("which found no words")
