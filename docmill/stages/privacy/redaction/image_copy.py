"""Writes the redacted copy of an image: pixels and the resolution, nothing else."""

from pathlib import Path

from PIL import Image

_JPEG_QUALITY = 90


def write_image(out: Path, image: Image.Image, *, dpi: int) -> None:
    """Write a fresh PNG or, for `.jpg`, JPEG. The image is rebuilt from its pixels, so that no metadata travels along."""
    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    if out.suffix == ".jpg":
        bare.convert("L" if image.mode == "1" else image.mode).save(out, "JPEG", quality=_JPEG_QUALITY, dpi=(dpi, dpi))
    else:
        bare.save(out, "PNG", dpi=(dpi, dpi), compress_level=4)
