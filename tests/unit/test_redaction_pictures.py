"""A redacted copy shows the picture that was read, whatever its file is made of."""

import numpy as np
import pytest
from PIL import Image
from test_reading_odd_pictures import tiff

from docmill.stages.picture_modes import upright_colour
from docmill.stages.privacy.redaction.source import open_source
from docmill.stages.reading import image_file
from docmill.stages.reading.limits import Limits
from docmill.values.page import Page

WIDE, HIGH = 300, 60
STRIPES = np.tile(np.repeat(np.array([0, 255], np.uint8), 30), (HIGH, WIDE // 60))


def light_on_nothing(file):
    picture = Image.new("RGBA", (WIDE, HIGH), (255, 255, 255, 0))
    picture.putalpha(Image.fromarray(STRIPES))
    picture.save(file)


def lab(file):
    Image.merge("LAB", [Image.fromarray(STRIPES), *Image.new("LA", (WIDE, HIGH), (128, 128)).split()]).save(file)


MADE = {
    "light letters on nothing": ("a.png", light_on_nothing),
    "CIELAB": ("a.tif", lab),
    "floats": ("a.tif", lambda file: Image.fromarray(STRIPES.astype(np.float32) / 255).save(file)),
    "16 bits": ("a.png", lambda file: Image.fromarray(STRIPES.astype(np.uint16) * 16).save(file)),
    "32 bits": ("a.tif", lambda file: tiff(file, STRIPES.astype("<u4") << 24, photometric=1, sample_format=1)),
    "gray": ("a.png", lambda file: Image.fromarray(STRIPES).save(file)),
}


@pytest.mark.parametrize("kind", MADE)
def test_the_copy_is_drawn_from_what_was_read(tmp_path, kind):
    name, make = MADE[kind]
    make(tmp_path / name)
    media_type = "image/png" if name.endswith("png") else "image/tiff"
    with image_file.opened(tmp_path / name, media_type, Limits()) as image:
        read = upright_colour(image).convert("RGB").copy()
    assert read.getextrema()[0][1] - read.getextrema()[0][0] > 200  # stripes, and no empty page
    page = Page(number=1, width_px=WIDE, height_px=HIGH, dpi=100, lines=(), source="tesseract", language="en")
    with open_source(tmp_path / name, media_type) as source:
        for _ in range(2):
            drawn = source.render(page)
            assert drawn.mode in {"1", "L", "RGB"}
            assert drawn.convert("RGB").tobytes() == read.tobytes()
            drawn.paste(drawn.getpixel((0, 0)), (0, 0, WIDE, HIGH))  # boxes are drawn upon it
