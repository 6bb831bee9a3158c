"""A page image as a PDF image object, in the encoding that suits it: 1-bit stays 1-bit, clean print stays lossless, photos become JPEG."""

import io
import zlib

from pikepdf import Dictionary, Name, Pdf, Stream
from PIL import Image

_JPEG_QUALITY = 85
_CLEAN_SHARE = 0.5  # of the pixels have one and the same value: a page drawn by a program, which deflate packs better than JPEG
_GROUP4, _STRIP_OFFSETS, _STRIP_COUNTS, _ROWS_PER_STRIP, _PHOTOMETRIC = 4, 273, 279, 278, 262


def picture(pdf: Pdf, image: Image.Image) -> Stream:
    """The image (mode 1, L or RGB) as an image XObject of `pdf`."""
    if _is_bilevel(image):
        data, filters = _group4(image.convert("1", dither=Image.Dither.NONE))
        colour, bits = Name.DeviceGray, 1
    elif _is_clean(image):
        data, filters = zlib.compress(image.tobytes(), 6), Dictionary(Filter=Name.FlateDecode)
        colour, bits = (Name.DeviceGray if image.mode == "L" else Name.DeviceRGB), 8
    else:
        data, filters = _jpeg(image), Dictionary(Filter=Name.DCTDecode)
        colour, bits = (Name.DeviceGray if image.mode == "L" else Name.DeviceRGB), 8
    stream = Stream(pdf, data)
    for key, value in filters.items():
        stream[key] = value
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height = image.size
    stream.ColorSpace, stream.BitsPerComponent = colour, bits
    return stream


def _is_bilevel(image: Image.Image) -> bool:
    return image.mode == "1" or (image.mode == "L" and sum(image.histogram()[1:255]) == 0)


def _is_clean(image: Image.Image) -> bool:
    histogram = image.convert("L").histogram()
    return max(histogram) >= _CLEAN_SHARE * image.width * image.height


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _group4(image: Image.Image) -> tuple[bytes, Dictionary]:
    """CCITT Group 4 data: the one strip of a TIFF that Pillow writes (PDF 1.7, 7.4.6)."""
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", compression="group4", tiffinfo={_ROWS_PER_STRIP: image.height})
    tiff = Image.open(buffer)
    tags = tiff.tag_v2  # type: ignore[attr-defined]  # Image.open gives a TiffImageFile here
    (offset,), (count,) = tags[_STRIP_OFFSETS], tags[_STRIP_COUNTS]
    parameters = Dictionary(K=-1, Columns=image.width, Rows=image.height, BlackIs1=bool(tags[_PHOTOMETRIC] == 1))
    return buffer.getvalue()[offset : offset + count], Dictionary(Filter=Name.CCITTFaxDecode, DecodeParms=parameters)
