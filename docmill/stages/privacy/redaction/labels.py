"""The picture of a box: black, or black with the type's name in white. Burning draws it, the proof compares with it.

Belongs here: what a box looks like. Does not belong here: where boxes are (burning).
"""

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

_TEXT_SHARE = 0.72  # of the box's height
_LEAST_FONT_PX = 6  # below that nobody reads it: the box stays black
_PADDING_PX = 4  # between the name and the box's sides, both sides together


@lru_cache(maxsize=256)
def box_picture(width_px: int, height_px: int, label: str) -> Image.Image:
    """A box as a grey picture (mode L). `label` is empty for a plain black box; a name that does not fit is left out."""
    picture = Image.new("L", (width_px, height_px), 0)
    font = _fitting(width_px - _PADDING_PX, height_px, label) if label else None
    if font is not None:
        draw = ImageDraw.Draw(picture)
        draw.fontmode = "1"  # hard edges stay the same in one bit and in grey
        draw.text((width_px / 2, height_px / 2), label, fill=255, font=font, anchor="mm")
    return picture


def _fitting(width_px: int, height_px: int, label: str) -> ImageFont.FreeTypeFont | None:
    size = int(height_px * _TEXT_SHARE)
    while size >= _LEAST_FONT_PX:
        font = ImageFont.load_default(size)  # Pillow's own font, in the package
        if isinstance(font, ImageFont.FreeTypeFont) and font.getlength(label) <= width_px:
            return font
        size -= max(1, size // 10)
    return None
