"""Words whose boxes touch, as RapidOCR gives them, stay words in every extractor, where they stand."""

import subprocess

import pikepdf
import pypdfium2 as pdfium
import pytest

from docmill.pdf_pages.invisible_text import InvisibleText
from docmill.stages.reading.text_layer import text_layer_of
from docmill.values.geometry import Box
from docmill.values.page import Line, Word

WORDS = ("Invoice", "number", "48213", "from", "a", "Hartmann", "1", "Brothers")
HEIGHT_PX, LETTER_PX = 40, 18


def line_of(words, y, gap):
    made, x = [], 60.0
    for text in words:
        made.append(Word(text=text, box=Box(x, y, x + LETTER_PX * len(text), y + HEIGHT_PX), confidence=0.9))
        x += LETTER_PX * len(text) + gap
    return Line(words=tuple(made))


def written(file, lines):
    with pikepdf.new() as pdf:
        text = InvisibleText()
        page = pdf.add_blank_page(page_size=(400, 200))
        page.Contents = pdf.make_stream(text.content(lines, scale=72 / 200, height_pt=200))
        page.Resources = pikepdf.Dictionary(Font=text.fonts(pdf))
        pdf.save(file)


@pytest.mark.parametrize("gap", [-4, 0, 1, 3, 20], ids=["overlapping", "touching", "close", "near", "apart"])
@pytest.mark.parametrize("options", [[], ["-layout"], ["-raw"]], ids=["plain", "layout", "raw"])
def test_words_have_blanks_between_them_in_poppler(tmp_path, gap, options):
    written(tmp_path / "a.pdf", [line_of(WORDS, 60, gap), line_of(WORDS[::-1], 160, gap)])
    told = subprocess.run(["pdftotext", *options, tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    assert [row.split() for row in told.splitlines() if row.strip("\f ")] == [list(WORDS), list(WORDS[::-1])]


@pytest.mark.parametrize("gap", [-4, 0, 3, 20])
def test_words_are_selected_where_they_stand(tmp_path, gap):
    line = line_of(WORDS, 60, gap)
    written(tmp_path / "a.pdf", [line])
    with pdfium.PdfDocument(tmp_path / "a.pdf") as made:
        found = text_layer_of(made[0], 200).words
    assert [word.text for word in found] == list(WORDS)
    for word, original in zip(found, line.words, strict=True):
        assert word.box == pytest.approx(original.box, abs=0.3 * HEIGHT_PX)
        assert word.box.x0 == pytest.approx(original.box.x0, abs=1)


@pytest.mark.parametrize("words", [("דוד", "כהן", "12345"), ("فاتورة", "رقم", "48213"), ("של", "הכל", "12.50")])
def test_words_of_right_to_left_scripts_are_found_as_they_are_typed(tmp_path, words):
    boxes = [word.box for word in line_of(words[::-1], 60, 10).words][::-1]  # the first stands on the right
    line = Line(words=tuple(Word(text=text, box=box, confidence=0.9) for text, box in zip(words, boxes, strict=True)))
    written(tmp_path / "a.pdf", [line])
    with pdfium.PdfDocument(tmp_path / "a.pdf") as made:
        assert made[0].get_textpage().get_text_range().split() == list(words)
    told = subprocess.run(["pdftotext", "-raw", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    seen = told.translate(dict.fromkeys((0x202A, 0x202B, 0x202C)))  # poppler says which way it reads
    assert all(word in seen for word in words)
