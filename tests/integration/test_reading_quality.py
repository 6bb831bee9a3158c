"""The quality score: high for a clean scan, lower for each thing that makes reading hard, with its name."""

from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from reading_pages import picture, read, text_pdf

from docmill.stages.reading.quality import quality_of
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word
from docmill.values.ports import PageImage

LINES = (
    "Invoice number 471102 of the fourth of March",
    "Payment is due within fourteen days of receipt",
    "Total amount with tax 215.14 EUR",
)
SHEET = picture(LINES, (1300, 500))


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (SHEET, None),
        (SHEET.filter(ImageFilter.GaussianBlur(4)), "blurred"),
        (SHEET.point(lambda v: 190 + v // 6), "low contrast"),
        (SHEET.resize((220, 85), Image.Resampling.LANCZOS), "small letters"),
        (SHEET.rotate(5, Image.Resampling.BICUBIC, expand=True, fillcolor=255), "skewed"),
    ],
    ids=["clean", "blurred", "faded", "small", "skewed"],
)
def test_what_lowers_the_score_is_named(tmp_path, monkeypatch, image, reason):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")
    image.save(tmp_path / "a.png", dpi=(200, 200))
    page = read(tmp_path / "a.png", tmp_path)
    if reason is None:
        assert page.quality > 0.9
        assert page.quality_reasons == ()
    else:
        assert page.quality < 0.85
        assert reason in " ".join(page.quality_reasons)


def test_white_on_black_is_as_good_as_black_on_white(tmp_path):
    nothing_read = Page(number=1, width_px=1300, height_px=500, dpi=200, lines=(), source="none", language="en")
    SHEET.point(lambda v: 255 - v).save(tmp_path / "dark.png")
    assert quality_of(PageImage(tmp_path / "dark.png", 1300, 500, 200, 1), nothing_read) == (1.0, ())


def test_a_text_layer_has_no_image_quality(tmp_path):
    assert read(text_pdf(tmp_path / "a.pdf"), tmp_path).quality is None


def test_what_the_engine_was_not_sure_of_is_a_reason():
    def read_with(confidence: float) -> Page:
        words = tuple(
            Word(text=t, box=Box(60 + 300 * n, 60, 300 + 300 * n, 110), confidence=confidence) for n, t in enumerate(("Total", "due"))
        )
        return Page(number=1, width_px=1300, height_px=500, dpi=200, lines=(Line(words=words),), source="tesseract", language="en")

    nothing_drawn = PageImage(Path("there is no picture"), 1300, 500, 200, 1)
    assert quality_of(nothing_drawn, read_with(0.55)) == (0.55, ("unsure reading (0.55)",))
    assert quality_of(nothing_drawn, read_with(0.93)) == (0.93, ())
