"""Digests of PDF pages: the same through rewriting, another one for every change that can be seen."""

import io
import random
import zlib

import pikepdf
import pytest
from pikepdf import Dictionary, Name
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from docmill.stages.reading.page_digests import page_digests

NOISE_PX = 320  # 300 KB packed


def noise_in_png_rows(document):
    """A picture as programs take it over from a PNG file: packed rows, each with its predictor."""
    buffer, data = io.BytesIO(), b""
    Image.frombytes("RGB", (NOISE_PX, NOISE_PX), random.Random(7).randbytes(3 * NOISE_PX**2)).save(buffer, "PNG")  # noqa: S311 - a picture
    png = buffer.getvalue()
    at = 8
    while at < len(png):
        size = int.from_bytes(png[at : at + 4], "big")
        data += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    picture = document.make_stream(data, Type=Name.XObject, Subtype=Name.Image, Width=NOISE_PX, Height=NOISE_PX, BitsPerComponent=8)
    picture.ColorSpace, picture.Filter = Name.DeviceRGB, Name.FlateDecode
    picture.DecodeParms = Dictionary(Predictor=15, Colors=3, Columns=NOISE_PX)
    return picture


def made(pages=6):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(300, 200), invariant=1)
    picture = ImageReader(Image.linear_gradient("L").resize((40, 40)))
    for number in range(1, pages + 1):
        canvas.drawString(20, 150, f"Page {number} of the contract")
        canvas.drawImage(picture, 20, 20)
        canvas.showPage()
    canvas.save()
    document = pikepdf.open(buffer)
    picture = noise_in_png_rows(document)
    for page in document.pages:
        page.obj.Resources.XObject = Dictionary({**dict(page.obj.Resources.XObject.items()), "/Noise": picture})
    return document


def digests(document, tmp_path, **save):
    document.save(tmp_path / "a.pdf", **save)
    found = page_digests(tmp_path / "a.pdf", len(document.pages))
    assert len(found) == len(document.pages)
    return found


def recompressed(document):
    """The same streams in other objects, in another order, under another compression."""
    fresh = pikepdf.new()
    fresh.add_blank_page()
    for page in document.pages:
        fresh.pages.append(page)
    del fresh.pages[0]
    for thing in fresh.objects:
        if isinstance(thing, pikepdf.Stream) and thing.get(Name.Filter) == Name.FlateDecode:
            thing.write(zlib.compress(thing.read_bytes(), 1), filter=Name.FlateDecode)
    return fresh


REWRITES = {
    "uncompressed": {"stream_decode_level": pikepdf.StreamDecodeLevel.generalized, "compress_streams": False},
    "recompressed": {"recompress_flate": True, "stream_decode_level": pikepdf.StreamDecodeLevel.generalized},
    "object streams": {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    "linear": {"linearize": True},
    "encrypted": {"encryption": pikepdf.Encryption(owner="o", user="")},
}


@pytest.mark.parametrize("save", REWRITES.values(), ids=REWRITES)
def test_rewriting_changes_nothing(tmp_path, save):
    before = digests(made(), tmp_path)
    assert len(set(before)) == 6
    assert digests(made(), tmp_path, **save) == before


def test_a_picture_too_large_to_undo_its_predictor_is_told_apart_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("docmill.stages.reading.page_digests._UNDONE_BYTES", 1000)
    before, document = digests(made(), tmp_path), made()
    assert digests(made(), tmp_path, linearize=True) == before
    noise = document.pages[3].obj.Resources.XObject["/Noise"]
    rows = bytearray(zlib.decompress(noise.read_raw_bytes()))
    rows[5000] ^= 255
    noise.write(zlib.compress(bytes(rows)), filter=Name.FlateDecode, decode_parms=noise.DecodeParms)
    assert not {*digests(document, tmp_path)} & {*before}


def test_new_objects_and_metadata_change_nothing(tmp_path):
    before = digests(made(), tmp_path)
    document = recompressed(made())
    document.docinfo["/Title"] = "another title"
    document.pages[2].obj.PieceInfo = Dictionary(Editor=Dictionary(LastModified="D:2026"))
    assert digests(document, tmp_path) == before


def changed(page, document, what):
    if what == "text":
        page.obj.Contents = document.make_stream(page.obj.Contents.read_bytes() + b" 0 0 1 rg 10 10 5 5 re f")
    elif what == "rotation":
        page.obj.Rotate = 90
    elif what == "box":
        page.obj.CropBox = [0, 0, 200, 200]
    elif what == "picture":
        name = next(iter(page.obj.Resources.XObject.keys()))
        other = dict(page.obj.Resources.XObject[name].stream_dict) | {"/Filter": None}
        page.obj.Resources = Dictionary(page.obj.Resources)
        page.obj.Resources.XObject = Dictionary(
            {name: document.make_stream(bytes(1600), {k: v for k, v in other.items() if v is not None})}
        )
    elif what == "note":
        page.obj.Annots = [Dictionary(Type=Name.Annot, Subtype=Name.FreeText, Rect=[0, 0, 9, 9], Contents="paid")]


@pytest.mark.parametrize("what", ["text", "rotation", "box", "picture", "note"])
def test_a_change_on_one_page_changes_its_digest_only(tmp_path, what):
    before, document = digests(made(), tmp_path), made()
    changed(document.pages[3], document, what)
    after = digests(document, tmp_path)
    assert [a == b for a, b in zip(after, before, strict=True)] == [True, True, True, False, True, True]


def test_the_value_of_a_field_may_be_its_parents(tmp_path):
    document = made(2)
    field = document.make_indirect(Dictionary(FT=Name.Tx, T="total", V="12.00"))
    field.Kids = [document.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=[0, 0, 9, 9], Parent=field))]
    document.pages[1].obj.Annots, document.Root.AcroForm = field.Kids, Dictionary(Fields=[field])
    before = digests(document, tmp_path)
    field.V = "13.00"
    assert [a == b for a, b in zip(digests(document, tmp_path), before, strict=True)] == [True, False]


@pytest.mark.parametrize("what", ["choice", "flags", "fonts", "asked"])
def test_what_draws_a_field_without_an_appearance_counts_on_its_page_alone(tmp_path, what):
    document = made(2)
    field = document.make_indirect(Dictionary(FT=Name.Ch, Ff=0, T="terms", V="n", Opt=[["n", "Net 30 days"]]))
    field.Kids = [document.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=[0, 0, 9, 9], Parent=field))]
    document.pages[1].obj.Annots = field.Kids
    document.Root.AcroForm = Dictionary(Fields=[field], DR=Dictionary(Font=Dictionary(F=Dictionary(BaseFont=Name.Helvetica))))
    before = digests(document, tmp_path)
    if what == "choice":
        field.Opt = [["n", "Net 90 days"]]
    elif what == "flags":
        field.Ff = 1 << 13
    elif what == "fonts":
        document.Root.AcroForm.DR.Font.F.BaseFont = Name.Symbol
    else:
        document.Root.AcroForm.NeedAppearances = True
    assert [a == b for a, b in zip(digests(document, tmp_path), before, strict=True)] == [True, False]


@pytest.mark.parametrize("name", ["/P", "/Parent", "/Length", "/Metadata", "/Dest"])
def test_a_resource_may_have_any_name(tmp_path, name):
    document = made(2)
    drawn = document.make_stream(b"(Total 100.00) Tj", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 9, 9])
    document.pages[1].obj.Resources = Dictionary(XObject=Dictionary({name: drawn}))
    before = digests(document, tmp_path)
    drawn.write(b"(Total 900.00) Tj")
    assert [a == b for a, b in zip(digests(document, tmp_path), before, strict=True)] == [True, False]


def test_two_layers_of_one_name_are_two(tmp_path):
    document = made(1)
    layers = [document.make_indirect(Dictionary(Type=Name.OCG, Name="Layer")) for _ in range(2)]
    document.Root.OCProperties = Dictionary(OCGs=layers, D=Dictionary(OFF=[layers[0]]))
    before = digests(document, tmp_path)
    assert digests(document, tmp_path, linearize=True) == before
    document.Root.OCProperties.D.OFF = [layers[1]]
    assert digests(document, tmp_path) != before


def test_circles_end(tmp_path):
    document = made(2)
    loop = document.make_indirect(Dictionary())
    loop.Self, loop.Deep = loop, [loop, Dictionary(Again=loop)]
    document.pages[0].obj.Resources.Loop = loop
    assert len(set(digests(document, tmp_path))) == 2


def test_what_cannot_be_walked_has_no_digests(tmp_path, monkeypatch):
    document = made(1)
    for _ in range(200):
        document.pages[0].obj.Resources = Dictionary(Deeper=document.pages[0].obj.Resources)
    document.save(tmp_path / "deep.pdf")
    assert page_digests(tmp_path / "deep.pdf", 1) == []
    monkeypatch.setattr("docmill.stages.reading.page_digests._MOST_BYTES", 1_000_000)
    bomb = made(1)
    bomb.pages[0].obj.Contents = bomb.make_stream(zlib.compress(bytes(3_000_000)), Filter=Name.FlateDecode)
    bomb.save(tmp_path / "bomb.pdf", stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    assert page_digests(tmp_path / "bomb.pdf", 1) == []
    (tmp_path / "cut.pdf").write_bytes((tmp_path / "deep.pdf").read_bytes()[:-200])
    assert page_digests(tmp_path / "cut.pdf", 1) == []
    assert page_digests(tmp_path / "deep.pdf", 2) == []
