"""Folders for what must not stay, the only ones that docmill makes: documents lie in them, so they are overwritten at their end.

A folder is locked by the process that uses it. The kernel lets go of the lock when that process dies, in whatever way and container; so
whoever gets the lock of a folder may remove it: the clean-up does, and the first process that makes such a folder.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from docmill.shredding import shred_quietly

_PREFIX: Final = "docmill-scratch-"


@contextlib.contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """A new empty folder, overwritten and removed at the end. The first one of a process also removes what dead processes left.

    Args:
        kind: stands in its name and says what it is for.
    """
    _sweep_once(tempfile.gettempdir())
    folder, lock = _locked_folder(kind)
    try:
        yield folder
    finally:
        shred_quietly(folder)
        os.close(lock)


@contextlib.contextmanager
def folder_within(folder: Path) -> Iterator[Path]:
    """A new empty folder in one that its owner shreds, after a crash, too; itself overwritten and removed at the end."""
    inner = Path(tempfile.mkdtemp(dir=folder))
    try:
        yield inner
    finally:
        shred_quietly(inner)


def abandoned_folders() -> Iterator[Path]:
    """Scratch folders of this machine that no living process holds; each is locked while the caller has it."""
    parent = Path(tempfile.gettempdir())
    for left in sorted(parent.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):  # in use, gone meanwhile, or another user's
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield left
            finally:
                os.close(lock)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """A folder is worked with for as long as the block runs, in this thread, whatever becomes of who made it; see `unheld`."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_SH)
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def unheld(folder: Path) -> Iterator[bool]:
    """Whether nobody works with a folder, which stays so while the block runs.

    Raises:
        FileNotFoundError: it is gone.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:  # a file system without locks
            yield True
            return
        yield True
    finally:
        os.close(lock)


def _locked_folder(kind: str) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
        with contextlib.suppress(FileNotFoundError):  # somebody swept it before it was locked
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(OSError):  # a file system without locks, where nobody sweeps
                fcntl.flock(lock, fcntl.LOCK_EX)  # waits for one that looks at it right now, and maybe removes it
            if folder.exists():
                return folder, lock
            os.close(lock)


@lru_cache(maxsize=1)
def _sweep_once(_parent: str) -> None:
    for left in abandoned_folders():
        shred_quietly(left)
