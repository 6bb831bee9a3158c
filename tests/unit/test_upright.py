"""From the upright page image back to the file: against Pillow's own turning, for every EXIF orientation and every turn."""

import pytest
from PIL import Image, ImageDraw, ImageOps

from docmill.values.geometry import Box
from docmill.values.upright import box_in_file

SIZE = (31, 17)
TURNS = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}


def box_of_ink(image: Image.Image) -> Box:
    found = image.getbbox()
    assert found is not None
    return Box(*map(float, found))


@pytest.mark.parametrize("turned_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_is_mapped_back_to_the_pixels_of_the_file(orientation, turned_deg):
    stored = Image.new("L", SIZE, 0)
    ImageDraw.Draw(stored).rectangle((3, 2, 11, 5), fill=255)
    shown = stored.copy()
    shown.getexif()[0x0112] = orientation
    shown = ImageOps.exif_transpose(shown)
    upright = shown.transpose(TURNS[turned_deg]) if turned_deg else shown
    found = box_in_file(box_of_ink(upright), *upright.size, turned_deg=turned_deg, exif_orientation=orientation)
    assert found == box_of_ink(stored) == (3, 2, 12, 6)
