"""The scratch folder of one shard on one worker: documents lie in it, so it goes with the shard, and after a kill -9 with the next worker.

A folder is locked by the process that uses it. The kernel lets go of the lock when that process dies, in whatever way and container; so
whoever gets the lock of a folder may remove it.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from docmill.services.shredding import shred_quietly

_PREFIX = "docmill-shard-"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new empty folder, overwritten and removed at the end. The first one of a process also removes what dead processes left."""
    _sweep_once(tempfile.gettempdir())
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        shred_quietly(folder)
        os.close(lock)


def _locked_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with contextlib.suppress(FileNotFoundError):  # somebody swept it before it was locked
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(OSError):  # held by a sweeper, or a file system without locks, where nobody sweeps
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if folder.exists():
                return folder, lock
            os.close(lock)


def abandoned_folders(parent: Path) -> Iterator[Path]:
    """Scratch folders below `parent` that no living process holds; each is locked while the caller has it."""
    for left in sorted(parent.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):  # in use, gone meanwhile, or another user's
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield left
            finally:
                os.close(lock)


@lru_cache(maxsize=1)
def _sweep_once(parent: str) -> None:
    for left in abandoned_folders(Path(parent)):
        shred_quietly(left)
