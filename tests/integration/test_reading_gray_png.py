"""PNG files of 256 grey values, which are decoded once for the measures of a page and for its engine."""

import struct
import zlib

from reading_pages import TEXT, picture, read

from docmill.stages.reading import verbs


def test_transparency_that_is_stated_behind_the_picture_does_not_count(tmp_path):
    """No viewer heeds it; else the ink would be cut out."""
    picture().save(tmp_path / "a.png")
    data, end = (tmp_path / "a.png").read_bytes(), b"\0\0\0\0IEND"
    at = data.rindex(end)
    said = b"tRNS" + struct.pack(">H", picture().getextrema()[0])
    (tmp_path / "a.png").write_bytes(data[:at] + struct.pack(">I", 2) + said + struct.pack(">I", zlib.crc32(said)) + data[at:])
    assert read(tmp_path / "a.png", tmp_path).text == "\n".join(TEXT)


def test_a_gray_png_reaches_the_engine_plain_and_others_as_they_are(tmp_path, monkeypatch):
    """Decoded once for the measures and the engine; what the engine decodes as well needs no copy."""
    seen, read_by = [], verbs.read_by
    monkeypatch.setattr(verbs, "read_by", lambda engine, image, language: seen.append(image) or read_by(engine, image, language))
    picture().save(tmp_path / "gray.png", dpi=(300, 300))
    picture().convert("RGB").save(tmp_path / "colour.png", dpi=(300, 300))
    for name in ("gray.png", "colour.png"):
        read(tmp_path / name, tmp_path)
    assert [(image.path.suffix, image.dpi) for image in seen] == [(".pgm", 300), (".png", 300)]
