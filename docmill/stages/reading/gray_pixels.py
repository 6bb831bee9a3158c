"""The gray pixels of the page image that is being read, decoded once: several measures look at them, and decoding a PNG takes a twentieth of OCR.

Belongs here: keeping the last one. Does not belong here: what is measured, and files for engines (raster.py).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

_Key = tuple[Path, int, int]
_last: dict[_Key, Image.Image] = {}
"""At most one; a cell reads one page at a time."""


def gray_of(path: Path) -> Image.Image | None:
    """The picture in mode L, which must not be changed; None for what cannot be decoded."""
    try:
        if _key_of(path) not in _last:
            with Image.open(path) as picture:
                keep_gray(path, picture)
    except (OSError, ValueError, SyntaxError):
        return None
    return next(iter(_last.values()))


def keep_gray(path: Path, picture: Image.Image) -> None:
    """Keep the pixels of a file that somebody decodes anyway, in place of the last ones."""
    _last.clear()
    _last[_key_of(path)] = picture.convert("L")


@contextlib.contextmanager
def gray_kept() -> Iterator[None]:
    """Nothing is kept beyond this block, in which a page is read."""
    try:
        yield
    finally:
        _last.clear()


def _key_of(path: Path) -> _Key:
    stat = path.stat()
    return path, stat.st_mtime_ns, stat.st_size
