"""What scanners and telephones do to paper: skew, blur, noise, shadows, perspective. All chance comes from a seed."""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL import Image

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Top-left, top-right, bottom-right, bottom-left, in pixels."""

_PAPER: Final = 244  # grey of the paper
_INK: Final = 38  # grey of the ink
_PLANK_PX: Final = 260
_SEAM_PX: Final = 4


def scanned(page: "Image.Image", *, skew_deg: float, noise: float, seed: int) -> "Image.Image":
    """A grey page as a flatbed scanner sees it: turned by `skew_deg`, slightly blurred, with a darker edge and sensor noise.

    Args:
        page: grey, black on white.
        skew_deg: counter-clockwise.
        noise: standard deviation in grey levels (0-255).
        seed: of all chance.
    """
    from PIL import Image, ImageFilter  # noqa: PLC0415 - native code, only where samples are made

    turned = page.rotate(skew_deg, resample=Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(0.7))
    chance = np.random.default_rng(seed)
    grey = _INK + np.asarray(turned, dtype=np.float32) * ((_PAPER - _INK) / 255)
    height, width = grey.shape
    grey -= 26 * np.exp(-np.arange(width, dtype=np.float32) / 45)[None, :]  # the lid does not quite close at the spine
    grey += noise * chance.standard_normal((height, width), dtype=np.float32)
    _speckle(grey, chance, count=width * height // 40_000)
    return _image(grey)


def photographed(sheet: "Image.Image", table: "Image.Image", corners: Corners, *, seed: int) -> "Image.Image":
    """A grey sheet lying on a table, seen by a telephone: perspective, a cast shadow, light from one side, noise, slight blur.

    Args:
        sheet: grey, black on white.
        table: the colour photograph's background; its size is the photograph's.
        corners: where the sheet's corners lie in the photograph.
        seed: of all chance.
    """
    from PIL import Image, ImageFilter  # noqa: PLC0415 - see scanned

    coefficients = _perspective(corners, sheet.size)

    def seen(image: Image.Image) -> Image.Image:
        return image.transform(table.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=0)

    mask = np.asarray(seen(Image.new("L", sheet.size, 255)).filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32) / 255
    shadow = np.asarray(seen(Image.new("L", sheet.size, 255)).filter(ImageFilter.GaussianBlur(22)), dtype=np.float32) / 255
    ground = np.asarray(table, dtype=np.float32) * (1 - 0.45 * np.roll(shadow, (16, 14), axis=(0, 1)))[:, :, None]
    paper = (_INK + np.asarray(seen(sheet), dtype=np.float32) * ((_PAPER - _INK) / 255))[:, :, None] * np.array([1.0, 0.985, 0.95])
    colour = ground * (1 - mask[:, :, None]) + paper * mask[:, :, None]
    height, width = mask.shape
    across, down = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    colour *= (1.04 - 0.30 * across * down - 0.14 * down)[:, :, None]  # the lamp stands top left
    colour += 4.0 * np.random.default_rng(seed).standard_normal(colour.shape, dtype=np.float32)
    return _image(colour).filter(ImageFilter.GaussianBlur(0.6))


def table_top(width_px: int, height_px: int, *, seed: int) -> "Image.Image":
    """A wooden table: planks with grain along x."""
    chance = np.random.default_rng(seed)
    rows = np.cumsum(chance.standard_normal((height_px, 1)), axis=0)
    grain = 6 * np.sin(rows * 0.6 + np.linspace(0, 5, width_px)[None, :] + 0.8 * np.sin(np.linspace(0, 9, width_px))[None, :])
    grain += 3 * chance.standard_normal((height_px, 1))
    plank, within = np.divmod(np.arange(height_px), _PLANK_PX)
    tone = chance.uniform(-10, 10, size=int(plank.max()) + 1)[plank][:, None]
    seams = -40.0 * (within < _SEAM_PX)[:, None]
    grey = grain + tone + seams
    return _image(np.stack([grey + 128, grey * 0.85 + 88, grey * 0.65 + 56], axis=2))


def _speckle(grey: npt.NDArray[np.float32], chance: np.random.Generator, *, count: int) -> None:
    """Dust: dark dots of two by two pixels, in place."""
    height, width = grey.shape
    ys, xs = chance.integers(0, height - 1, count), chance.integers(0, width - 1, count)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        grey[ys + dy, xs + dx] -= 70


def _perspective(corners: Corners, size: tuple[int, int]) -> list[float]:
    """The eight coefficients of Pillow's PERSPECTIVE transform, which maps photograph to sheet.

    With (x, y) in the photograph and (u, v) on the sheet: u = (ax + by + c) / (gx + hy + 1), v = (dx + ey + f) / (gx + hy + 1).
    """
    width, height = size
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, ((0, 0), (width, 0), (width, height), (0, height)), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(c) for c in np.linalg.solve(np.array(rows, dtype=np.float64), np.array(values, dtype=np.float64))]


def _image(levels: npt.NDArray[np.floating]) -> "Image.Image":
    from PIL import Image  # noqa: PLC0415 - see scanned

    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
