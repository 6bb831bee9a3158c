"""The quality score: high for a clean scan, lower for each thing that makes reading hard, with its name."""

import pytest
from PIL import Image, ImageFilter
from reading_pages import picture, read, text_pdf

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


def test_a_text_layer_has_no_image_quality(tmp_path):
    assert read(text_pdf(tmp_path / "a.pdf"), tmp_path).quality is None
