"""Folders below a root, opened one part at a time so that no symbolic link leads out of the root, whoever planted it and whenever.

Every further call on such a folder goes through its file descriptor, so what was checked is what is used.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER_MODE = 0o700
_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BELOW = _ROOT | os.O_NOFOLLOW


@contextmanager
def existing_folder(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """A file descriptor of the folder `parts` below `root`.

    Raises:
        FileNotFoundError, NotADirectoryError: there is none; a symbolic link counts as none.
    """
    descriptor = os.open(root, _ROOT)
    try:
        for part in parts:
            below = os.open(part, _BELOW, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def made_folder(root: Path, parts: Sequence[str]) -> Iterator[int]:
    """As `existing_folder`, making what is missing, mode 0700 whatever the umask says."""
    descriptor = _made_root(root)
    try:
        for part in parts:
            below = _made_below(descriptor, part)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _made_root(root: Path) -> int:
    try:
        return os.open(root, _ROOT)
    except FileNotFoundError:
        for folder in (*reversed(root.parents), root):
            if not folder.exists():
                with suppress(FileExistsError):
                    folder.mkdir(FOLDER_MODE)
                    folder.chmod(FOLDER_MODE)
        return os.open(root, _ROOT)


def _made_below(descriptor: int, part: str) -> int:
    try:
        return os.open(part, _BELOW, dir_fd=descriptor)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.mkdir(part, FOLDER_MODE, dir_fd=descriptor)
            os.chmod(part, FOLDER_MODE, dir_fd=descriptor)  # mkdir's mode is cut by the umask
        return os.open(part, _BELOW, dir_fd=descriptor)
