"""How far the lines of a page image slope, and the copy in which they lie level."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from docmill.stages.reading.skew import box_on_page, skew_of, straightened_image
from docmill.values.geometry import Box
from docmill.values.ports import PageImage

LINE = "The goods remain our property until all of the invoices named above are paid"


def letter() -> Image.Image:
    """Thirty lines of words at 200 dpi."""
    image = Image.new("L", (1400, 1800), 255)
    for at in range(30):
        ImageDraw.Draw(image).text((120, 120 + 52 * at), LINE[at:] + " " + LINE[:at], fill=0, font_size=26)
    return image


def saved(image: Image.Image, folder) -> PageImage:
    image.save(folder / "a.png")
    return PageImage(path=folder / "a.png", width_px=image.width, height_px=image.height, dpi=200, number=1)


@pytest.mark.parametrize("clockwise_deg", [-14, -6.5, -1, 0, 1.8, 9, 15])
def test_the_slope_of_lines_is_found(tmp_path, clockwise_deg):
    image = letter().rotate(-clockwise_deg, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert skew_of(saved(image, tmp_path)) == pytest.approx(clockwise_deg, abs=0.2)


def test_light_print_on_dark_paper_slopes_too(tmp_path):
    image = letter().point(lambda v: 230 - v * 200 // 255).rotate(-7, Image.Resampling.BICUBIC, expand=True, fillcolor=30)
    assert skew_of(saved(image, tmp_path)) == pytest.approx(7, abs=0.2)


def test_without_lines_nothing_slopes(tmp_path):
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 255, (900, 900), dtype=np.uint8))
    for image in (Image.new("L", (900, 900), 255), noise, Image.new("L", (3, 900), 0)):
        assert skew_of(saved(image, tmp_path)) == 0.0


@pytest.mark.parametrize("skew_deg", [-12.0, 3.0, 10.0])
def test_boxes_of_the_level_copy_are_found_on_the_page(tmp_path, skew_deg):
    page = Image.new("L", (900, 600), 255)
    ImageDraw.Draw(page).rectangle((600, 100, 700, 130), fill=0)
    image = saved(page, tmp_path)
    with straightened_image(image, skew_deg, tmp_path) as level:
        with Image.open(level.path) as copy:
            assert copy.size == (level.width_px, level.height_px)
            ys, xs = np.nonzero(np.asarray(copy) < 128)
        box = box_on_page(Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), level, image, skew_deg)
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]
    # around the rectangle, and by no more than two turns by the angle make of it
    assert box.x0 <= 601
    assert box.y0 <= 101
    assert box.x1 >= 700
    assert box.y1 >= 130
    assert box.width < 125
    assert box.height < 80


def test_boxes_end_at_the_edge_of_the_page(tmp_path):
    image = saved(Image.new("L", (400, 300), 255), tmp_path)
    with straightened_image(image, 10.0, tmp_path) as level:
        assert box_on_page(Box(0, 0, level.width_px, level.height_px), level, image, 10.0) == Box(0, 0, 400, 300)
