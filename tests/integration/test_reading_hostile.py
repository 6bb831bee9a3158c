"""Files made to hurt, each through a cell: it ends with words or with a typed error of the document's, and the cell goes on with the next."""

import io
import struct
import zipfile
import zlib

import pytest
from hostile_kinds import KINDS, fuzzed
from PIL import Image

from docmill.cell import Cell, CellLimits
from docmill.errors import DocmillError
from docmill.values.page import Page

WORDS = b"BT /F1 24 Tf 50 50 Td (Hello hostile world) Tj ET"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>"


def pdf(page=PAGE, *, kids=b"[3 0 R]", count=1, content=WORDS, form=b"", extra=b""):
    stream = b"<</Length %d>>stream\n%s\nendstream"
    drawn = b"<</Type/XObject/Subtype/Form/BBox[0 0 400 400]/Resources<</XObject<</X 6 0 R>>>>/Length %d>>stream\n%s\nendstream"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R" + extra + b">>",
        b"<</Type/Pages/Kids%s/Count %d>>" % (kids, count),
        page,
        stream % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        drawn % (len(form), form),
    ]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    at = len(out)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (7, table, 7, at)


def boxed(box):
    return pdf(PAGE.replace(b"[0 0 400 400]", box))


def png(width, height, pixels=b"\0\xff" * 8):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def tiff(frames, next_frame=None):
    out = io.BytesIO()
    pictures = [Image.new("1", (60, 60), 1)] * frames
    pictures[0].save(out, "TIFF", save_all=True, append_images=pictures[1:])
    data = out.getvalue()
    first = int.from_bytes(data[4:8], "little")
    link = first + 2 + 12 * int.from_bytes(data[first : first + 2], "little")
    return data if next_frame is None else data[:link] + (next_frame or first).to_bytes(4, "little") + data[link + 4 :]


def sheet(xml):
    out = io.BytesIO()
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": "<workbook/>",
        "xl/worksheets/sheet1.xml": xml,
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


SCRIPT = b"/OpenAction<</S/JavaScript/JS(while\\(1\\){})>>"
CASES = {
    "page tree in circles": (pdf(kids=b"[3 0 R 2 0 R]", count=3), "Hello"),
    "nothing but circles": (pdf(kids=b"[2 0 R]", count=5), "damaged"),
    "a billion pages stated": (pdf(count=10**9), "Hello"),
    "page without size": (boxed(b"[0 0 0 0]"), "Hello"),
    "page of 14,000 km": (boxed(b"[0 0 1000000000 1000000000]"), "Hello"),
    "box without numbers": (boxed(b"[0 0 1e400 -1e400]"), "Hello"),
    "form that draws itself": (pdf(content=WORDS + b" /X Do", form=b"/X Do"), "Hello"),
    "script": (pdf(extra=SCRIPT), "Hello"),
    "arrays in arrays": (pdf(extra=b"/X " + b"[" * 100_000 + b"]" * 100_000), "Hello"),
    "cut off": (pdf()[:200], "damaged"),
    "one pixel": (png(1, 1), ""),
    "no pixel": (png(0, 0), "damaged"),
    "4 billion pixels stated": (png(65_000, 65_000), "too_large"),
    "80 million pixels stated": (png(9_000, 9_000), "damaged"),
    "3,000 frames": (tiff(3000), "too_large"),
    "frames in circles": (tiff(2, 0), ""),
    "XML that unfolds": (sheet('<!DOCTYPE a [<!ENTITY b "bbb"><!ENTITY c "&b;&b;">]><worksheet>&c;</worksheet>'), "damaged"),
    "an attribute of 2 MB": (b'<html><body><p title="' + b"a" * 2_000_000 + b'">Hello there</p></body></html>', "Hello"),
    "a cell of a billion columns": (b"<html><body><table><tr><td colspan=1000000000 rowspan=1000000000>Hello</td></tr></table>", "Hello"),
    "UTF-16": ("Hello für alle".encode("utf-16"), "Hello"),
    "UTF-32": ("Hello für alle".encode("utf-32"), "Hello"),
    "only zeros": (bytes(5000), "unsupported_type"),
}  # fmt: skip


@pytest.fixture(scope="module")
def cell():
    with Cell(CellLimits(memory_bytes=4 << 30, items=1000)) as opened:
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_it_ends_and_the_cell_goes_on(tmp_path, cell, name):
    data, expected = CASES[name]
    (tmp_path / "file").write_bytes(data)
    assert ended(cell, tmp_path, str(tmp_path / "file")) == expected
    assert cell.starts == 1


@pytest.mark.parametrize(("kind", "at"), [(kind, at) for kind, files in KINDS.items() for at in range(len(files))])
def test_each_kind_of_a_robustness_set(tmp_path, cell, kind, at):
    data, expected = KINDS[kind][at]
    (tmp_path / "file").write_bytes(data)
    assert ended(cell, tmp_path, str(tmp_path / "file"), max_pixels=5_000_000) == expected
    assert cell.starts == 1


def test_files_with_bytes_changed_doubled_or_gone(tmp_path, cell):
    seen = set()
    for seed in range(8):
        (tmp_path / "file").write_bytes(fuzzed(seed))
        said = ended(cell, tmp_path, str(tmp_path / "file"), max_pixels=5_000_000)
        assert said not in {"internal", "parser_died", "timed_out"}, seed
        seen.add(said)
    assert cell.starts == 1
    assert {"Hello", "damaged"} <= seen


def ended(cell, folder, file, **limits):
    """The first word of the first page, nothing for a blank one, or the code of the error."""
    try:
        found = cell.call("docmill.stages.reading.verbs:inspect", file, limits, deadline_s=60)
        out = folder / "page.json"
        args = (file, found["media_type"], 1, "en", "auto", str(folder), str(out), limits)
        cell.call("docmill.stages.reading.verbs:read_page", *args, deadline_s=60)
    except DocmillError as error:
        return error.code
    return next((word.text for word in Page.model_validate_json(out.read_bytes()).words), "")
