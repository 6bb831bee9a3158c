"""Pictures of kinds that hardly come: right pixels, or an error that says what to do; what is left out of them is told."""

import struct

import numpy as np
import pytest
from PIL import Image

from docmill.errors import Damaged, UnsupportedType
from docmill.stages.picture_modes import upright_colour
from docmill.stages.reading import image_file, verbs
from docmill.stages.reading.limits import Limits
from docmill.values.page import Page

SIZE = (300, 60)


def tiff(file, samples, *, photometric, sample_format, per_pixel=1):
    """An uncompressed TIFF of kinds that Pillow does not write."""
    data = samples.tobytes()
    height, width = samples.shape[:2]
    bits = samples.dtype.itemsize * 8
    at = 8 + len(data)
    tags = (
        (256, 4, 1, width), (257, 4, 1, height), (258, 3, per_pixel, bits if per_pixel == 1 else at), (259, 3, 1, 1), (262, 3, 1, photometric),
        (273, 4, 1, 8), (277, 3, 1, per_pixel), (278, 4, 1, height), (279, 4, 1, len(data)), (339, 3, 1, sample_format)
    )  # fmt: skip
    behind = struct.pack("<3H", bits, bits, bits) + bytes(2)
    rows = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    file.write_bytes(b"II*\0" + struct.pack("<I", at + len(behind)) + data + behind + struct.pack("<H", len(tags)) + rows + bytes(4))
    return file


def test_lab_is_shown_in_its_colours(tmp_path):
    lab = np.zeros((60, 300, 3), np.uint8)
    lab[:, :, 0] = 140
    lab[:30, :, 1], lab[30:, :, 1] = 80, 176  # signed: red above, green below, equally light
    with image_file.opened(tiff(tmp_path / "a.tif", lab, photometric=8, sample_format=1, per_pixel=3), "image/tiff", Limits()) as image:
        shown = upright_colour(image)
    (red, green, _), (other_red, other_green, _) = shown.getpixel((5, 5)), shown.getpixel((5, 50))
    assert red > green + 80
    assert other_green > other_red + 80


def test_white_in_lab_is_white(tmp_path):
    Image.new("LAB", SIZE, (255, 128, 128)).save(tmp_path / "a.tif")
    with image_file.opened(tmp_path / "a.tif", "image/tiff", Limits()) as image:
        assert min(upright_colour(image).getpixel((5, 5))) > 250


@pytest.mark.parametrize(("kind", "told"), [("<f8", "64-bit floating-point"), ("<f2", "16-bit floating-point")])
def test_numbers_that_no_decoder_knows_are_named(tmp_path, kind, told):
    file = tiff(tmp_path / "a.tif", np.ones((60, 300), kind), photometric=1, sample_format=3)
    with pytest.raises(UnsupportedType, match=f"{told}.*save it with 8 or 16 bits"):
        image_file.count_frames(file, "image/tiff", Limits())


def test_a_tiff_that_is_damaged_is_no_unknown_kind(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0\x08\0\0\0" + bytes(40))
    with pytest.raises(Damaged):
        image_file.count_frames(tmp_path / "a.tif", "image/tiff", Limits())


@pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.webp", "image/webp")])
def test_further_frames_of_an_animation_are_told(tmp_path, name, media_type):
    first, *more = [Image.new("RGB", SIZE, (shade, shade, shade)) for shade in (255, 128, 0)]
    first.save(tmp_path / name)
    assert image_file.frames_told(tmp_path / name, media_type, Limits()) == ()
    first.save(tmp_path / name, save_all=True, append_images=more)
    assert image_file.frames_told(tmp_path / name, media_type, Limits()) == ("not read: 2 more frames of an animation",)


@pytest.mark.parametrize("size", [(1, 20_000), (20_000, 1)])
def test_strips_without_room_for_a_letter_are_pages_without_words(tmp_path, size):
    Image.new("L", size, 0).save(tmp_path / "a.png")
    out = tmp_path / "page.json"
    verbs.read_page(str(tmp_path / "a.png"), "image/png", 1, "en", "rapidocr", str(tmp_path), str(out), {})
    page = Page.model_validate_json(out.read_bytes())
    assert (page.width_px, page.height_px, page.words, page.source) == (*size, (), "none")
    assert "hold no letter" in page.reason
