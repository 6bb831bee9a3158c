"""Words out of PDFium's characters: whole words with boxes that cover every glyph, however the page draws them."""

import itertools

import pikepdf
import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw
from reading_pages import drawn, read, text_pdf
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.reading import pdf_file, text_runs
from docmill.stages.reading.text_layer import text_layer_of

DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

HUGE = b"1" + 37 * b"0" + b".0"
"""PDF has no exponents; twelve times as much is more than PDFium's numbers hold."""


@pytest.fixture(autouse=True)
def closed():
    yield
    pdf_file.close_all()


def drawing(tmp_path, content: bytes, **resources: object):
    """A PDF of one page with this content; /F1 is Helvetica unless resources name fonts."""
    file = tmp_path / "drawn.pdf"
    with pikepdf.new() as document:
        page = document.add_blank_page(page_size=(400, 200))
        helvetica = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=helvetica, **resources))
        page.obj.Contents = document.make_stream(content)
        document.save(file)
    return file


def words_in(file):
    with pdf_file.pdf_page(file, 1) as page:
        return text_layer_of(page, 72).words


@pytest.mark.parametrize("offset", [b"0.4 0", b"0.9 0.9", b"1.5 -1.5"], ids=["bold", "bolder", "shadow"])
def test_lines_that_are_printed_twice_count_once(tmp_path, offset):
    lines = b"BT /F1 %d Tf 20 100 Td (Total I due) Tj 0 -30 Td (the the . . . - I I) Tj ET " % 14
    once = [word.text for word in words_in(drawing(tmp_path, lines))]
    pdf_file.close_all()
    assert once == ["Total", "I", "due", "the", "the", ".", ".", ".", "-", "I", "I"]
    twice = [word.text for word in words_in(drawing(tmp_path, lines + b"q 1 0 0 1 %s cm " % offset + lines + b"Q"))]
    assert sorted(twice) == sorted(once)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(
            b'BT /F1 12 Tf 20 100 Td (He said "It is." And left.) Tj ET', ["He", "said", '"It', 'is."', "And", "left."], id="quotes"
        ),
        pytest.param(b"BT /F1 12 Tf 20 100 Td (To) Tj 0 0 Td (tal) Tj ET".replace(b"0 0 Td", b"14 0 Td"), ["Total"], id="two pieces"),
        pytest.param(b"BT /F1 12 Tf 20 100 Td [(A)-20(cme)-3000(GmbH)] TJ ET", ["Acme", "GmbH"], id="a gap in one piece"),
        pytest.param(b"BT /F1 12 Tf 20 100 Td (left) Tj 300 0 Td (right) Tj ET", ["left", "right"], id="far apart"),
        pytest.param(b"BT /F1 12 Tf 20 100 Td (end) Tj -5 -40 Td (next) Tj ET", ["end", "next"], id="another line"),
        pytest.param(b"BT /F1 12 Tf 20 100 Td (x) Tj ET", ["x"], id="one character"),
        pytest.param(b"BT /F1 12 Tf 20 100 Td (   ) Tj ET", [], id="spaces"),
        pytest.param(b"", [], id="nothing"),
        pytest.param(
            b"BT /F1 %s Tf 20 100 Td (vast) Tj /F1 12 Tf 1 0 0 1 20 50 Tm (near) Tj ET" % HUGE,
            [],
            id="as big as infinity, and PDFium puts what follows there, too",
        ),
        pytest.param(b"BT /F1 12 Tf 1 0 0 1 %s 50 Tm (far) Tj 1 0 0 1 20 50 Tm (near) Tj ET" % HUGE, ["near"], id="at infinity"),
    ],
)
def test_words_are_whole(tmp_path, content, expected):
    assert [word.text for word in words_in(drawing(tmp_path, content))] == expected


def test_the_box_of_a_word_is_the_one_around_its_characters(tmp_path):
    file = text_pdf(tmp_path / "a.pdf", lines=("Invoice number 471102, due: 14.03.2025", "gap-free (partly) jumpy 'quoted.'"))
    document = pdfium.PdfDocument(file)
    page = document[0]
    handle, geometry = page.get_textpage().raw, pdf_file.geometry_of(page)
    codes = text_runs.codes_of(handle, raw.FPDFText_CountChars(handle))
    assert codes == [raw.FPDFText_GetUnicode(handle, i) for i in range(len(codes))]
    at = 0
    for word in text_runs.words_of(handle, codes, geometry, 72):
        first = next(i for i in itertools.count(at) if chr(codes[i]) == word.text[0])
        at = first + len(word.text)
        boxes = [pdfium.PdfTextPage(handle, page).get_charbox(i) for i in range(first, at)]
        around = (min(b[0] for b in boxes), 300 - max(b[3] for b in boxes), max(b[2] for b in boxes), 300 - min(b[1] for b in boxes))
        assert word.box == pytest.approx(around, abs=0.06), word.text


@pytest.mark.parametrize("text", [b"(ab)", b"(ba)", b"(aba)", b"(bab)", b"(bb)"])
@pytest.mark.parametrize(
    "glyph",
    [
        pytest.param(b"600 0 0 0 0 0 d1 50 0 500 700 re f", id="an empty bounding box"),
        pytest.param(b"600 0 d0 q 500 0 0 700 50 0 cm BI /W 1 /H 1 /IM true /BPC 1 ID \x00 EI Q", id="a picture"),
        pytest.param(b"600 0 d0", id="no ink, as OCR programs lay under scans"),
    ],
)
def test_glyphs_that_do_not_say_where_their_ink_is_are_covered(tmp_path, text, glyph):
    """A box that left such a glyph out would leave a redacted letter to be seen."""
    with pikepdf.new() as made:
        boxed = made.make_stream(b"600 0 50 0 550 700 d1 50 0 500 700 re f")
        unboxed = made.make_stream(glyph)
        codes = made.make_stream(
            b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n"
            b"2 beginbfchar <61> <0061> <62> <0062> endbfchar endcmap end"
        )
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type3, FontBBox=[0, 0, 0, 0], FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
            CharProcs=pikepdf.Dictionary(a=boxed, b=unboxed), FirstChar=97, LastChar=98, Widths=[600, 600], ToUnicode=codes,
            Encoding=pikepdf.Dictionary(Type=pikepdf.Name.Encoding, Differences=[97, pikepdf.Name.a, pikepdf.Name.b]), Resources=pikepdf.Dictionary(),
        )  # fmt: skip
        page = made.add_blank_page(page_size=(400, 200))
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(T3=font))
        page.obj.Contents = made.make_stream(b"BT /T3 20 Tf 50 100 Td " + text + b" Tj ET")
        made.save(tmp_path / "type3.pdf")
    (word,) = words_in(tmp_path / "type3.pdf")
    assert word.text == text.decode().strip("()")
    # glyphs are 12 points wide and 14 high; the ink of the first begins one point after the pen, that of the last ends one before it
    assert word.box.x0 <= 51.1
    assert word.box.x1 >= 50 + 12 * len(word.text) - 1.1
    assert word.box.height >= 13.9


def test_characters_that_show_nothing_or_come_in_pairs(tmp_path):
    pdfmetrics.registerFont(TTFont("DejaVu", DEJAVU))
    canvas = Canvas(str(tmp_path / "u.pdf"), pagesize=(400, 200))
    canvas.setFont("DejaVu", 12)
    canvas.drawString(20, 100, "Straße con\u00adtract o\ufb03ce zero\u200bwidth \U0001d400x 世界")
    canvas.save()
    words = words_in(tmp_path / "u.pdf")
    assert [word.text for word in words[:4]] == ["Straße", "contract", "office", "zerowidth"]
    assert words[4].text.endswith("x")
    assert all(a.box.x1 <= b.box.x0 + 1 for a, b in itertools.pairwise(words))


def test_boxes_cover_the_ink_of_kerned_and_slanted_words(tmp_path):
    content = b"BT /F1 30 Tf 20 150 Td [(Vo)120(Ta)-80(ge)] TJ ET BT /F1 30 Tf 0.7 0.7 -0.7 0.7 200 40 Tm (slanted) Tj ET"
    file = drawing(tmp_path, content)
    page = read(file, tmp_path)
    assert {word.text for word in page.words} == {"VoTage", "slanted"}
    image = drawn(file, tmp_path, page).convert("L")
    for word in page.words:
        image.paste(255, tuple(int(edge) + (9 if at > 1 else -8) for at, edge in enumerate(word.box)))
    assert image.getextrema()[0] > 128
