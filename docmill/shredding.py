"""Removing files and folders in which documents lay: bytes are overwritten before they are unlinked.

On disks that write elsewhere (SSD, copy-on-write file systems) this proves nothing; there only encryption of the disk does.

What was written within the last 5 s lies as a rule in the kernel's memory alone, and is overwritten there: a page image never reaches the disk.
What is older may be on the disk, so the zeros are flushed before the file is unlinked; else the kernel would drop them with it.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_ZEROS: Final = memoryview(bytes(1024 * 1024))
_IN_MEMORY_S: Final = 5.0
"""/proc/sys/vm/dirty_writeback_centisecs as the kernel ships it; what waits there may wait up to 30 s."""

_GONE: Final = stat.S_IWUSR
"""The mode of a file that is being overwritten."""

_WRITE_FILE: Final = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def shred(folder: Path) -> None:
    """Overwrite all files below a folder and remove it.

    Raises:
        OSError: a file cannot be overwritten, or the folder not be removed; what is left is left.
    """
    lost: OSError | None = None
    for path in folder.rglob("*"):
        try:
            if path.is_file() and not path.is_symlink():
                with _writable(path) as file:
                    _overwrite(file, names=1)  # another name of these bytes may be an original in the store
        except FileNotFoundError:
            continue  # whoever made it was quicker
        except OSError as error:
            lost = lost or error
    if lost is not None:
        raise lost
    shutil.rmtree(folder)


def shred_quietly(folder: Path) -> None:
    """As `shred`, as far as it goes: what cannot be overwritten is removed all the same."""
    with contextlib.suppress(OSError):
        shred(folder)
    shutil.rmtree(folder, ignore_errors=True)


def shred_file(path: Path | str, *, dir_fd: int | None = None, flush: bool = False) -> None:
    """Overwrite a file and unlink it, or do nothing if it is not there. Bytes that have another name stay and only lose this one.

    What cannot be overwritten is unlinked all the same.

    Args:
        path: of the file.
        dir_fd: an open folder that `path` starts from.
        flush: wait until the zeros are on the disk, however young the file is.

    Raises:
        OSError: it cannot be unlinked.
    """
    with contextlib.ExitStack() as opened:
        file = None
        with contextlib.suppress(OSError):
            file = opened.enter_context(_writable(path, dir_fd))
            _overwrite(file, names=1, flush=flush)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path, dir_fd=dir_fd)
        if file is not None and not is_shredded(file):
            with contextlib.suppress(OSError):  # the other name went meanwhile, and who unlinked that one saw this one
                _overwrite(file, names=0, flush=flush)


def is_shredded(file: int) -> bool:
    """Whether an open file is being overwritten or was: what a reader got of it may be zeros."""
    return stat.S_IMODE(os.fstat(file).st_mode) == _GONE


@contextlib.contextmanager
def _writable(path: Path | str, dir_fd: int | None = None) -> Iterator[int]:
    try:
        file = os.open(path, _WRITE_FILE, dir_fd=dir_fd)
    except PermissionError:
        if not stat.S_ISREG(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode):
            raise
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR, dir_fd=dir_fd)
        file = os.open(path, _WRITE_FILE, dir_fd=dir_fd)
    try:
        yield file
    finally:
        os.close(file)


def _overwrite(file: int, *, names: int, flush: bool = False) -> None:
    """Overwrite a regular file, if it has so many names."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != names:
        return
    os.fchmod(file, _GONE)
    left = found.st_size
    while left > 0:
        left -= os.write(file, _ZEROS[:left])
    if flush or not 0 <= time.time() - found.st_mtime < _IN_MEMORY_S:
        os.fdatasync(file)
