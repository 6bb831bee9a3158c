"""Removing folders in which documents lay: their files are overwritten before they are unlinked.

On disks that write elsewhere (SSD, copy-on-write file systems) this proves nothing; there only encryption of the disk does.
"""

import contextlib
import shutil
from pathlib import Path
from typing import Final

_ZEROS: Final = bytes(1024 * 1024)


def shred(folder: Path) -> None:
    """Overwrite all files below a folder and remove it.

    Raises:
        OSError: a file cannot be overwritten, or the folder not be removed; what is left is left.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            _overwrite(path)
    shutil.rmtree(folder)


def shred_quietly(folder: Path) -> None:
    """As `shred`, as far as it goes: what cannot be overwritten is removed all the same."""
    with contextlib.suppress(OSError):
        shred(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _overwrite(path: Path) -> None:
    found = path.stat()
    if found.st_nlink > 1:
        return  # another name of these bytes may be an original in the store
    path.chmod(0o600)
    left = found.st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(_ZEROS[:left])
        file.flush()
