"""Many documents from few: every copy of a real document gets noise of its own, so that no page of it was ever read before.

Photographs and scans get grains and are saved again; pages of PDFs get specks drawn on them; what cannot be opened as a PDF or an image, on
purpose or not, gets bytes behind its end. All chance comes from the copy's number.
"""

from __future__ import annotations

import random
import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp"}
TEXTS = {".txt", ".md", ".html", ".htm", ".csv"}
KINDS = IMAGES | TEXTS | {".pdf"}
GRAIN = 2.0
"""Standard deviation of the grains in grey levels (0-255): as a scanner's, no letter suffers."""

SPECKS, SPECK_PT = 12, 0.4


def sources_below(folders: list[Path]) -> list[Path]:
    """Every document of a kind that can be copied with noise, in an order that mixes the folders and is the same every time."""
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file())
    random.Random(1).shuffle(found)  # noqa: S311 - chance, no secret
    return found


def write_copies(sources: list[Path], folder: Path, count: int) -> list[Path]:
    """Write `count` documents: the sources in turn, each copy with noise of its own; returns all that are there, earlier ones included."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        source = sources[number % len(sources)]
        path = folder / f"{number:06d}{source.suffix.lower()}"
        if not path.exists():
            part = folder / f".part{source.suffix.lower()}"  # hidden: a scan that comes by does not see it
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow tells at length what is wrong with damaged images
                _copy(source, part, number)
            part.replace(path)
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _copy(source: Path, target: Path, number: int) -> None:
    suffix = source.suffix.lower()
    try:
        if suffix in IMAGES:
            _grainy(source, target, number)
        elif suffix == ".pdf":
            _specked(source, target, number)
        else:
            _longer(source, target, number)
    except Exception:  # noqa: BLE001 - damaged documents are part of a night, and libraries raise anything on them
        _longer(source, target, number)


def _grainy(source: Path, target: Path, number: int) -> None:
    from PIL import Image

    with Image.open(source) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise ValueError("only one page would be left")
        dpi = image.info.get("dpi")
        page = image.convert("L" if image.mode in {"1", "L", "I;16"} else "RGB")
    pixels = np.asarray(page, dtype=np.float32)
    chance = np.random.default_rng(number)
    pixels = np.clip(pixels + GRAIN * chance.standard_normal(pixels.shape, dtype=np.float32), 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(target, quality=90, **({"dpi": dpi} if dpi else {}))


def _specked(source: Path, target: Path, number: int) -> None:
    import pikepdf

    chance = random.Random(number)  # noqa: S311 - specks, no secret
    with pikepdf.open(source) as pdf:
        for page in pdf.pages:
            left, low, right, high = (float(edge) for edge in page.mediabox)
            places = [(chance.uniform(left, right - SPECK_PT), chance.uniform(low, high - SPECK_PT)) for _ in range(SPECKS)]
            drawn = " ".join(f"{x:.2f} {y:.2f} {SPECK_PT} {SPECK_PT} re" for x, y in places)
            page.contents_add(f"q 0.85 g {drawn} f Q".encode(), prepend=True)
        pdf.save(target)


def _longer(source: Path, target: Path, number: int) -> None:
    end = "<!-- copy {} -->\n" if source.suffix.lower() in {".html", ".htm", ".md"} else "\ncopy {}\n"
    target.write_bytes(source.read_bytes() + end.format(number).encode())
