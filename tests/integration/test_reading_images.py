"""Reading image files: every format and pixel mode that comes from scanners and telephones, damage, bombs, and Tesseract's own failures."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from reading_pages import LIMITS, TEXT, drawn, picture, read

from docmill.errors import Damaged, EngineMissing, InvalidOptions, LanguageMissing, TimedOut, TooLarge
from docmill.stages.picture_modes import upright_colour
from docmill.stages.reading import image_file, verbs
from docmill.stages.reading.limits import Limits


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("OMP_THREAD_LIMIT", "1")


def alpha(image):
    """Black ink on transparent black: all black for who forgets the paper."""
    rgba = Image.new("RGBA", image.size, (0, 0, 0, 0))
    rgba.putalpha(image.point(lambda v: 255 - v))
    return rgba


def sixteen(image):
    return Image.fromarray((np.asarray(image, dtype=np.uint16) * 240 + 4096).astype(np.uint16))


def palette_with_transparency(image):
    made = alpha(image).convert("P")
    made.info["transparency"] = made.getpixel((0, 0))
    return made


MODES = [
    ("gray.png", lambda i: i, {}),
    ("colour.jpg", lambda i: i.convert("RGB"), {"quality": 85}),
    ("bilevel.png", lambda i: i.convert("1"), {}),
    ("alpha.png", alpha, {}),
    ("gray-alpha.png", lambda i: alpha(i).convert("LA"), {}),
    ("palette.png", lambda i: i.convert("P"), {}),
    ("cmyk.jpg", lambda i: i.convert("RGB").convert("CMYK"), {"quality": 85}),
    ("sixteen.png", sixteen, {}),
    ("sixteen.tif", sixteen, {}),
    ("fax.tif", lambda i: i.convert("1"), {"compression": "group4"}),
    ("lzw.tiff", lambda i: i.convert("RGB"), {"compression": "tiff_lzw"}),
    ("floats.tif", lambda i: i.convert("F"), {}),
    ("a.bmp", lambda i: i.convert("RGB"), {}),
    ("a.webp", lambda i: i.convert("RGB"), {"quality": 80}),
    ("alpha.webp", alpha, {"lossless": True}),
    ("a.gif", lambda i: i.convert("P"), {}),
    ("a.jp2", lambda i: i.convert("RGB"), {}),
    ("gray.j2k", lambda i: i, {}),
    ("sixteen.jp2", sixteen, {}),
]


@pytest.mark.parametrize(("name", "convert", "save"), MODES, ids=[m[0] for m in MODES])
def test_formats_and_modes(tmp_path, name, convert, save):
    convert(picture()).save(tmp_path / name, **save)
    page = read(tmp_path / name, tmp_path)
    assert page.text == "\n".join(TEXT)
    assert (page.width_px, page.height_px, page.source) == (1100, 500, "tesseract")
    image = drawn(tmp_path / name, tmp_path, page, str(verbs.inspect(str(tmp_path / name), LIMITS)["media_type"]))
    assert image.size == (1100, 500)
    assert image.getpixel((5, 5)) > 200  # paper is white, also where it was transparent


def unsigned_tiff(file, values):
    """A gray TIFF of 32-bit unsigned numbers; Pillow writes signed ones."""
    data = values.astype("<u4").tobytes()
    height, width = values.shape
    tags = ((256, width), (257, height), (258, 32), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, len(data)), (339, 1))
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    file.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", len(tags)) + rows + bytes(4))


def test_unsigned_numbers_of_32_bits_keep_their_order(tmp_path):
    gray = np.asarray(picture(), dtype=np.uint32)
    unsigned_tiff(tmp_path / "a.tif", gray * 0x01010101)
    with image_file.opened(tmp_path / "a.tif", "image/tiff", Limits(**LIMITS)) as image:
        made = np.asarray(upright_colour(image), dtype=int)
    assert np.abs(made - gray).max() <= 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_change_nothing_else(odd):
    values = np.asarray(picture(), dtype=np.float32) / 255
    values[0, :5] = odd
    made = np.asarray(upright_colour(Image.fromarray(values)), dtype=int)
    assert np.abs(made[1:] - np.asarray(picture(), dtype=int)[1:]).max() <= 1
    assert set(made[0, :5]) == {0 if odd == -np.inf else 255}


def test_a_picture_without_any_number_is_blank():
    assert upright_colour(Image.fromarray(np.full((4, 4), np.nan, dtype=np.float32))).getextrema() == (255, 255)


def light(image, ground=(255, 255, 255)):
    """White ink on nothing, as programs with dark windows write it; what is transparent has colours, too."""
    rgba = Image.new("RGBA", image.size, (*ground, 0))
    rgba.paste((255, 255, 255), mask=image.point(lambda v: 255 - v))
    rgba.putalpha(image.point(lambda v: 255 - v))
    return rgba


def palette_of_light(image):
    """Index 0 is transparent and 1 is white."""
    made = image.point(lambda v: int(v < 128)).convert("L")
    palette = Image.frombytes("P", made.size, made.tobytes())
    palette.putpalette([255, 255, 255] * 2)
    return palette


LIGHT = [
    ("rgba.png", light, {}),
    ("rgba-on-black.png", lambda i: light(i, (0, 0, 0)), {}),
    ("yellow.png", lambda i: Image.merge("RGBA", [*Image.new("RGB", i.size, (255, 240, 120)).split(), light(i).getchannel("A")]), {}),
    ("la.png", lambda i: light(i).convert("LA"), {}),
    ("light.webp", light, {"lossless": True}),
    ("light.tif", light, {}),
    ("palette.png", palette_of_light, {"transparency": 0}),
    ("gray-with-a-transparent-black.png", lambda i: i.point(lambda v: 255 * (v > 127)), {"transparency": 0}),
]


@pytest.mark.parametrize(("name", "convert", "save"), LIGHT, ids=[m[0] for m in LIGHT])
def test_light_letters_on_transparency_show(tmp_path, name, convert, save):
    convert(picture()).save(tmp_path / name, **save)
    assert read(tmp_path / name, tmp_path).text == "\n".join(TEXT)


@pytest.mark.parametrize("ink", [(0, 0, 0), (200, 30, 30)])
def test_a_light_sheet_cut_out_of_its_surroundings_lies_on_white(ink):
    canvas = Image.new("RGBA", (2200, 1500), (0, 0, 0, 0))
    sheet = Image.new("RGBA", (1100, 500), (255, 255, 250, 255))
    sheet.paste(ink, mask=picture().point(lambda v: 255 - v))
    canvas.paste(sheet, (500, 500))
    made = upright_colour(canvas)
    assert made.getpixel((5, 5)) == (255, 255, 255)
    assert made.crop((500, 500, 1600, 1000)).tobytes() == sheet.convert("RGB").tobytes()


def test_nothing_at_all_and_a_single_column_stay_white():
    for size in ((40, 40), (1, 40), (40, 1)):
        assert upright_colour(Image.new("RGBA", size, (0, 0, 0, 0))).getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_exif_orientation(tmp_path, orientation, suffix):
    turned = picture().rotate({1: 0, 3: 180, 6: 90, 8: 270}[orientation], expand=True)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned.save(tmp_path / f"a.{suffix}", exif=exif)
    page = read(tmp_path / f"a.{suffix}", tmp_path)
    assert page.text == "\n".join(TEXT)
    assert (page.width_px, page.height_px) == (1100, 500)


def test_every_frame_of_a_tiff_is_a_page(tmp_path):
    frames = [picture((f"This is sheet {n} of three",), (1100, 200 + 10 * n)) for n in (1, 2, 3)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    found = verbs.inspect(str(tmp_path / "a.tif"), LIMITS)
    assert (found["media_type"], found["page_count"], found["einvoice"]) == ("image/tiff", 3, None)
    for number in (3, 1, 2):
        page = read(tmp_path / "a.tif", tmp_path, number)
        assert page.text == f"This is sheet {number} of three"
        assert (page.number, page.height_px) == (number, 200 + 10 * number)
    with pytest.raises(Damaged):
        read(tmp_path / "a.tif", tmp_path, 4)
    with pytest.raises(TooLarge, match="max_pages"):
        verbs.inspect(str(tmp_path / "a.tif"), {**LIMITS, "max_pages": 2})


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_frames_that_are_lost_are_a_page_that_says_so(tmp_path):
    frames = [picture((f"This is sheet {n} of two",), (1100, 300)) for n in (1, 2)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    data = (tmp_path / "a.tif").read_bytes()
    first = int.from_bytes(data[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    (tmp_path / "a.tif").write_bytes(data[:link] + (len(data) * 2).to_bytes(4, "little") + data[link + 4 :])
    assert verbs.inspect(str(tmp_path / "a.tif"), LIMITS)["page_count"] == 2
    assert read(tmp_path / "a.tif", tmp_path, 1).text == "This is sheet 1 of two"
    with pytest.raises(Damaged):
        read(tmp_path / "a.tif", tmp_path, 2)


def test_every_frame_of_a_gif_is_a_page(tmp_path):
    frames = [picture((f"This is sheet {n} of two",), (1100, 300)).convert("P") for n in (1, 2)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert verbs.inspect(str(tmp_path / "a.gif"), LIMITS)["page_count"] == 2
    assert [read(tmp_path / "a.gif", tmp_path, number).text for number in (2, 1)] == ["This is sheet 2 of two", "This is sheet 1 of two"]
    with pytest.raises(TooLarge, match="max_pages"):
        verbs.inspect(str(tmp_path / "a.gif"), {**LIMITS, "max_pages": 1})


@pytest.mark.parametrize(
    ("size", "stated", "expected"),
    [
        ((1654, 2339), None, 197),  # A4 without a word about it
        ((1654, 2339), 200, 200),
        ((1654, 2339), 1, 197),  # a unitless 1 x 1
        ((3024, 4032), 72, 360),  # a telephone's 72 means nothing
        ((2339, 1654), None, 197),
        ((463, 1500), None, 147),  # a till roll
        ((200, 200), None, 70),
        ((1654, 2339), 5000, 197),
        ((1654, 2339), float("nan"), 197),
    ],
)
def test_resolution_is_stated_or_estimated(size, stated, expected):
    image = Image.new("L", (1, 1))
    if stated:
        image.info["dpi"] = (stated, stated)
    assert image_file.dpi_of(image, *size) == expected


def test_a_bomb_is_refused_by_its_header(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(TooLarge, match="max_pixels"):
        verbs.inspect(str(tmp_path / "a.png"), LIMITS)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.bmp", "a.webp", "a.gif", "a.jp2"])
def test_cut_images_end_in_text_or_a_typed_error(tmp_path, name):
    picture().convert("RGB").save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    codes = []
    for percent in (1, 30, 70, 95):
        (tmp_path / name).write_bytes(data[: max(40, len(data) * percent // 100)])
        try:
            read(tmp_path / name, tmp_path)
            codes.append("read")
        except Damaged as error:
            codes.append(error.code)
    assert codes[0] == "damaged"


def test_what_the_engine_cannot_decode_is_decoded_first(tmp_path):
    """Leptonica gives up on stray bytes inside a JPEG, Pillow reads on."""
    picture().save(tmp_path / "a.jpg", quality=90, restart_marker_blocks=20)
    data = bytearray((tmp_path / "a.jpg").read_bytes())
    at = data.index(b"\xff\xd3", 2000)
    data[at:at] = bytes([17]) * 900
    (tmp_path / "a.jpg").write_bytes(data)
    page = read(tmp_path / "a.jpg", tmp_path)
    assert page.source in {"tesseract", "none"}


def test_missing_language_and_unknown_engine(tmp_path):
    picture().save(tmp_path / "a.png")
    with pytest.raises(LanguageMissing, match="tesseract-ocr-vie"):
        read(tmp_path / "a.png", tmp_path, language="vi")
    with pytest.raises(InvalidOptions, match="known are"):
        read(tmp_path / "a.png", tmp_path, engine="abbyy")


def test_without_tesseract(tmp_path, monkeypatch):
    picture().save(tmp_path / "a.png")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(EngineMissing, match="tesseract-ocr"):
        read(tmp_path / "a.png", tmp_path)


def test_a_slow_engine_is_timed_out(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "tesseract").write_text(
        '#!/bin/sh\n[ "$1" = --list-langs ] && exec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin tesseract --list-langs\nexec sleep 30\n'
    )
    (programs / "tesseract").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    picture().save(tmp_path / "a.png")
    with pytest.raises(TimedOut):
        read(tmp_path / "a.png", tmp_path, limits={**LIMITS, "deadline_s": 0.5})
