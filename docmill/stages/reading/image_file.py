"""Opening image files with Pillow under limits: only the decoder of the sniffed type, sizes judged from the header before decoding.

Pillow's own bomb check is switched off here because the limits below are stricter and raise a typed error instead of a warning.
"""

import contextlib
import io
import math
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from docmill.errors import Damaged, DocmillError, UnsupportedType
from docmill.stages.picture_modes import BITS_TAG, SAMPLE_TAG
from docmill.stages.reading.limits import Limits

# MPO: what telephones write is a JPEG with further pictures behind the first
_DECODERS = MappingProxyType(
    {
        "image/png": ("PNG",), "image/jpeg": ("JPEG", "MPO"), "image/tiff": ("TIFF",), "image/bmp": ("BMP",), "image/webp": ("WEBP",),
        "image/gif": ("GIF",), "image/jp2": ("JPEG2000",),
    }
)  # fmt: skip
_FRAMED: Final = ("image/tiff", "image/gif")
_ANIMATED: Final = ("image/png", "image/webp")
_IS_FLOAT, _MOST_BITS = 3, 32
_LEAST_DPI, _MOST_DPI = 70, 1200
_LEAST_SIDE_IN, _MOST_SIDE_IN = 2.0, 25.0
_PAGE_SHORT_IN, _PAGE_LONG_IN, _RECEIPT_IN = 8.4, 11.35, 3.15  # between A4 and letter; a till roll is 80 mm wide
_PAGE_SHAPE, _RECEIPT_SHAPE = 1.2, 1.6


@contextlib.contextmanager
def opened(path: Path, media_type: str, limits: Limits, number: int = 1) -> Iterator[Image.Image]:
    """Frame `number` of an image, not decoded yet, its size within the limits.

    Raises:
        Damaged: no decoder makes sense of it; also for errors of decoding inside the with block.
        UnsupportedType: a TIFF of numbers that no decoder knows.
        TooLarge: more pixels than limits.max_pixels.
    """
    Image.MAX_IMAGE_PIXELS = None
    limits.check_bytes(path.stat().st_size)
    try:
        # an open file and not a path: files that Pillow maps into memory by path come out garbled when a TIFF is uncompressed and turned
        with path.open("rb") as file, Image.open(file, formats=_DECODERS[media_type]) as image:
            if number > 1:
                image.seek(number - 1)
            limits.check_pixels(*image.size)
            yield image
    except (DocmillError, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever the damage makes of them
        samples = _odd_samples(path) if isinstance(error, UnidentifiedImageError) and media_type == "image/tiff" else None
        if samples:
            raise UnsupportedType(f"a TIFF of {samples} is not read: save it with 8 or 16 bits a sample") from error
        raise Damaged("the image cannot be decoded", page=number) from error


def is_gray_png(path: Path, media_type: str, limits: Limits) -> bool:
    """Whether a file is a PNG of 256 grey values without transparency; it is not decoded.

    Raises:
        Damaged, TooLarge: as `opened`.
    """
    if media_type != "image/png":
        return False
    with opened(path, media_type, limits) as image:
        return image.mode == "L" and "transparency" not in image.info


def frames_told(path: Path, media_type: str, limits: Limits) -> tuple[str, ...]:
    """What is not read of an animation in a format whose files are one page, for people; empty for all other pictures.

    Raises:
        Damaged, UnsupportedType, TooLarge: as `opened`.
    """
    if media_type not in _ANIMATED:
        return ()
    with opened(path, media_type, limits) as image:
        more = int(getattr(image, "n_frames", 1)) - 1
    return (f"not read: {more} more frame{'s' * (more > 1)} of an animation",) if more > 0 else ()


def _odd_samples(path: Path) -> str | None:
    """What the first picture of a TIFF is made of, where that is nothing that Pillow has a mode for."""
    with contextlib.suppress(Exception), path.open("rb") as file:  # a damaged directory says nothing
        header = file.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(header + (file.read(8) if b"+" in header[:4] else b""))
        file.seek(tags.next)
        tags.load(file)
        bits, kind = max(tags.get(BITS_TAG, (1,))), max(tags.get(SAMPLE_TAG, (1,)))
        if bits > _MOST_BITS or (kind == _IS_FLOAT and bits != _MOST_BITS) or kind > _IS_FLOAT + 1:
            return f"{bits}-bit {'floating-point' if kind == _IS_FLOAT else 'whole' if kind < _IS_FLOAT else 'complex'} numbers"
    return None


def size_of(data: bytes, media_type: str) -> tuple[int, int]:
    """Width and height in pixels, as the header of an image states them.

    Raises:
        Damaged: no decoder makes sense of it.
    """
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS[media_type]) as image:
            return image.size
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise Damaged("the image cannot be decoded") from error


def has_frames(data: bytes) -> bool:
    """Whether a TIFF has a second page, be it damaged; none where no decoder makes sense of the first."""
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS["image/tiff"]) as image, contextlib.suppress(EOFError):
            image.seek(1)
            return True
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        return not isinstance(error, UnidentifiedImageError)
    return False


def count_frames(path: Path, media_type: str, limits: Limits) -> int:
    """The pages of an image file: the frames of a TIFF or GIF, else 1; each within the limits. Damage behind the first frames is one more page.

    Raises:
        TooLarge: more frames than limits.max_pages, or one with too many pixels.
        Damaged: the first frame cannot be decoded at all.
    """
    with opened(path, media_type, limits) as image:
        if media_type not in _FRAMED:
            return 1
        count = 1
        # frames are walked one by one so that a file of a million frames costs no more than the limit
        while count <= limits.max_pages:
            try:
                image.seek(count)
            except EOFError:
                return count
            except Exception:  # noqa: BLE001 - decoders raise whatever the damage makes of them
                count += 1  # a page that cannot be read: a file that is damaged behind its first frames must not look whole
                break
            limits.check_pixels(*image.size)
            count += 1
        limits.check_pages(count)
        return count


def dpi_of(image: Image.Image, width_px: int, height_px: int) -> int:
    """Pixels per inch of an upright picture: what its metadata say if that gives a plausible sheet, else estimated from the shape.

    Tesseract reads a tenth of the words wrong when it must guess, and many programs write 72 into every file, so neither is trusted blindly.
    """
    with contextlib.suppress(Exception):  # metadata may hold anything
        stated = float(image.info["dpi"][0])
        if (
            math.isfinite(stated)
            and _LEAST_DPI <= round(stated) <= _MOST_DPI
            and _LEAST_SIDE_IN <= max(width_px, height_px) / stated <= _MOST_SIDE_IN
        ):
            return round(stated)
    short, long = sorted((width_px, height_px))
    shape = long / max(1, short)
    if _PAGE_SHAPE <= shape < _RECEIPT_SHAPE:
        estimate = short / _PAGE_SHORT_IN
    elif shape >= _RECEIPT_SHAPE and height_px > width_px:
        estimate = width_px / _RECEIPT_IN
    else:
        estimate = long / _PAGE_LONG_IN
    return max(_LEAST_DPI, min(_MOST_DPI, round(estimate)))
