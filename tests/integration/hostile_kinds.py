"""For each kind of file that a robustness set holds, files of that kind, made on the spot: what they show first, or the error they end with."""

import io
import random
import struct
import zlib

import pikepdf
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SIZE = (400, 300)


def picture() -> Image.Image:
    image = Image.new("RGB", (900, 500), "white")
    for at, line in enumerate(("Hello hostile world", "Payment is due within fourteen days", "Total amount 215.14 EUR")):
        ImageDraw.Draw(image).text((60, 60 + 120 * at), line, fill="black", font_size=44)
    return image


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def pages(count: int = 1, *, scanned: bool = False, size: tuple[float, float] = SIZE) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    for number in range(1, count + 1):
        if scanned:
            canvas.drawImage(ImageReader(picture()), 0, 0, *size)
        else:
            canvas.drawString(20, 200, f"Hello hostile world {number}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def locked(user: str, revision: int) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages())) as document:
        aes = revision >= 4
        document.save(out, encryption=pikepdf.Encryption(owner="owner", user=user, R=revision, aes=aes, metadata=aes))
    return out.getvalue()


def changed(change) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages())) as document:
        change(document)
        document.save(out, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    return out.getvalue()


def script(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="for(;;){}")


def sea_of_spaces(document: pikepdf.Pdf) -> None:
    sheet = document.pages[0].obj
    sheet.Contents = document.make_stream(zlib.compress(b" " * 30_000_000 + sheet.Contents.read_bytes()), Filter=pikepdf.Name.FlateDecode)


def fields_in_circles(document: pikepdf.Pdf) -> None:
    field = document.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Tx))
    field.Kids, field.Parent = [field, field], field
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[field, field])


def one_bit_everywhere(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.MediaBox = [0, 0, 8400, 8400]
    rows = zlib.compress(b"\xff" * (12_000 // 8 * 12_000))
    how = {"Subtype": pikepdf.Name.Image, "Width": 12_000, "Height": 12_000, "BitsPerComponent": 1}
    image = document.make_stream(rows, Filter=pikepdf.Name.FlateDecode, ColorSpace=pikepdf.Name.DeviceGray, **how)
    document.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im=image))
    document.pages[0].obj.Contents = document.make_stream(b"8400 0 0 8400 0 0 cm /Im Do")


def bad_exif() -> bytes:
    jpeg = saved(picture(), "JPEG", quality=90)
    junk = b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(40)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(junk) + 2) + junk + jpeg[2:]


def animation() -> bytes:
    """An Autodesk animation that states 65,535 frames in a file of 128 bytes."""
    return struct.pack("<IHHHHHHI", 128, 0xAF11, 65_535, 320, 200, 8, 3, 0) + bytes(108)


def fuzzed(seed: int) -> bytes:
    """A PDF or a picture with some of its bytes changed, doubled or gone."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    data = bytearray((pages(2), saved(picture(), "PNG"), saved(picture(), "TIFF", compression="tiff_lzw"), pages(scanned=True))[seed % 4])
    for _ in range(chance.randint(1, 30)):
        at = chance.randrange(len(data))
        what = chance.randrange(3)
        if what == 0:
            data[at] = chance.randrange(256)
        else:
            data[at : at + chance.randint(1, 40)] = data[at : at + 80] if what == 1 else b""
    return bytes(data)


def mirrored() -> Image.Image:
    return picture().transpose(Image.Transpose.FLIP_TOP_BOTTOM)


KINDS = {
    "blank": [(saved(Image.new("L", (800, 1000), 255), "JPEG"), "")],
    "damaged_but_readable": [(pages().replace(b"startxref\n", b"startxref\n9"), "Hello")],
    "empty": [(b"", "damaged")],
    "encrypted_openable": [(locked("", 3), "Hello"), (locked("", 4), "Hello"), (locked("", 6), "Hello")],
    "huge_page": [(changed(one_bit_everywhere), "")],
    "image_bomb_or_crash": [(animation(), "unsupported_type"), (saved(picture(), "SGI")[:600], "unsupported_type")],
    "image_damaged": [(bad_exif(), "Hello"), (saved(picture(), "BMP")[:200], "damaged"), (saved(picture(), "JPEG")[:300], "damaged")],
    "image_odd": [
        (saved(mirrored(), "JPEG", exif=exif(4), quality=90), "Hello"),
        (saved(mirrored(), "WEBP", exif=exif(4), lossless=True), "Hello"),
        (saved(picture().convert("1"), "TIFF", compression="group4"), "Hello"),
    ],
    "javascript": [(changed(script), "Hello")],
    "many_pages": [(pages(300), "Hello")],
    "no_text_layer": [(pages(scanned=True), "Hello")],
    "ocr_sample": [
        (saved(picture().convert("RGBA"), "PNG"), "Hello"),
        (saved(picture().quantize(16), "PNG"), "Hello"),
        (saved(picture().convert("CMYK"), "JPEG", quality=90), "Hello"),
    ],
    "password_required": [(locked("secret", 2), "encrypted"), (locked("secret", 4), "encrypted"), (locked("secret", 6), "encrypted")],
    "slow_or_hang": [(changed(sea_of_spaces), "Hello"), (changed(fields_in_circles), "Hello")],
    "tiny_page": [(pages(size=(1, 1)), "")],
    "truncated": [(pages(20)[: len(pages(20)) * 9 // 10], "Hello")],
    "wrong_type": [(b"%PDF-1.7\n" + b"nothing but words " * 30, "damaged"), (b"\x7fELF" + bytes(500), "unsupported_type")],
}  # fmt: skip
"""Kind -> files of it and how each ends; `fuzz` has no single answer: see `fuzzed`."""
