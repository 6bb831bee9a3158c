"""Pictures as a page shows them: upright, in a mode that engines and copies take, transparent parts on paper.

Belongs here: from a picture as it was opened to the page's pixels, the same for reading and for redacted copies. Does not belong here: opening files.
"""

from typing import Final, cast

import numpy as np
from PIL import Image, ImageChops, ImageOps, ImageStat

from docmill.values.upright import ExifOrientation

BITS_TAG, SAMPLE_TAG = 258, 339
"""Of TIFF; sample format 1 is unsigned."""

_ORIENTATION_TAG: Final = 0x0112
_LOOKED_AT_PX: Final = 1600  # sides of the copy on which the paper below a transparent picture is chosen
_MORE: Final = 2.0  # how many times more must show on black than on white


def orientation_of(image: Image.Image) -> ExifOrientation:
    """How the pixels are stored, 1-8. Ask before they are decoded: a TIFF is turned while it is, and its tag is taken away."""
    try:
        if image.format == "PNG":
            _load(image)  # getexif would: what states it may stand behind the picture
        found = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - broken EXIF data says nothing
        return 1
    return cast("ExifOrientation", int(found)) if found in range(1, 9) else 1


def is_upright(image: Image.Image) -> bool:
    """Whether the pixels are stored the way the picture is looked at."""
    return orientation_of(image) == 1


def _load(image: Image.Image) -> None:
    is_transparent = "transparency" in image.info
    image.load()
    if image.format == "PNG" and not is_transparent:
        image.info.pop("transparency", None)  # stated behind the picture, where no viewer heeds it


def upright_colour(image: Image.Image) -> Image.Image:
    """The decoded picture, turned upright, in mode 1, L or RGB, transparent parts on white, below light letters on black."""
    _load(image)
    if not is_upright(image):
        image = ImageOps.exif_transpose(image)
    if image.mode in {"1", "L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image)
    if image.mode == "LAB":
        return _in_rgb(image)
    if image.mode in {"LA", "PA", "La", "RGBA", "RGBa"} or "transparency" in image.info:
        return _on_paper(image.convert("RGBA"))
    return image.convert("RGB")


def _in_rgb(image: Image.Image) -> Image.Image:
    """A picture in CIELAB as its colours look: letters may differ from their paper in nothing but colour."""
    from PIL import ImageCms  # noqa: PLC0415 - a library of its own, for a kind of picture that hardly comes

    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, rgb, "LAB", "RGB").apply(image)


def _on_paper(picture: Image.Image) -> Image.Image:
    """An RGBA picture laid on white, or on black where it was made for a dark ground: white letters on white are an empty page.

    What shows is counted rather than colours: a white sheet that was cut out is light, too, but its print shows as well on white.
    """
    alpha = picture.getchannel("A")
    value = 255
    if cast("tuple[int, int]", alpha.getextrema())[0] < 255:  # noqa: PLR2004 - nothing shines through
        small = picture.reduce(max(1, round(max(picture.size) / _LOOKED_AT_PX)))
        value = 0 if _shown_on(0, small) > _MORE * _shown_on(255, small) else 255
    paper = Image.new("RGB", picture.size, (value, value, value))
    paper.paste(picture, mask=alpha)
    return paper


def _shown_on(value: int, picture: Image.Image) -> float:
    """The sum of the steps of grey from one pixel to the next along the rows, on paper of this grey value."""
    paper = Image.new("L", picture.size, value)
    paper.paste(picture.convert("L"), mask=picture.getchannel("A"))
    steps = ImageChops.difference(paper.crop((1, 0, *paper.size)), paper.crop((0, 0, paper.width - 1, paper.height)))
    return ImageStat.Stat(steps).sum[0] if paper.width > 1 else 0.0


def _eight_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion of 16-bit pictures clips everything above 255 to white
    values = np.asarray(image)
    if _is_unsigned_32(image):
        values = values.view(np.uint32)  # Pillow has no mode for them: what is above 2**31 comes as a negative number
    finite = values[np.isfinite(values)] if image.mode == "F" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if image.mode != "F":
        low, high = min(0.0, low), 2.0 ** max(8, int(high).bit_length()) - 1
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / max(1e-9, high - low))
    if image.mode == "F":
        scaled = np.nan_to_num(scaled, nan=255.0)  # no value is no ink
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))


def _is_unsigned_32(image: Image.Image) -> bool:
    tags = getattr(image, "tag_v2", None)  # of TIFFs alone
    return image.mode == "I" and tags is not None and tags.get(BITS_TAG) == (32,) and tags.get(SAMPLE_TAG, (1,)) == (1,)
