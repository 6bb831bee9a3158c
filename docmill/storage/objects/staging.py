"""Files on their way into a folder store: written whole beside the objects, then moved to their name in one step.

On their way out they come through here, too, to be overwritten. A process that dies leaves its file here, where nothing lists or reads it. A file
on its way in is locked by its writer, and the kernel lets go of the lock when that one dies; so whoever gets the lock may remove the file: the
clean-up does, and the first write of a process with what is older than a day. A writer that is only held up keeps its lock.
"""

import fcntl
import io
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docmill.shredding import shred_file
from docmill.storage.objects.folders import existing_folder, made_folder

FILE_MODE = 0o600
STAGING = ".staging"
"""Below the root, hence on the same file system as every object; a name that begins with a dot is no object's name."""

_GONE = ".gone-"
ABANDONED_AFTER_S = 24 * 3600.0
"""So long a file stays that only its age tells about: on a file system without locks."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK_FILE = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""For writing, because a file that was being overwritten when its process died can no longer be read."""

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A complete file in the staging folder, named relative to that folder's descriptor."""

    folder: int
    name: str

    def link_to(self, folder: int, name: str) -> None:
        """Give the file its name in `folder`. link(2) is atomic and never overwrites: of many writers exactly one succeeds.

        Raises:
            FileExistsError: somebody else was first.
        """
        os.link(self.name, name, src_dir_fd=self.folder, dst_dir_fd=folder, follow_symlinks=False)

    def move_to(self, folder: int, name: str) -> None:
        """Put the file in the place of whatever bears the name; readers see the old bytes or the new ones."""
        os.replace(self.name, name, src_dir_fd=self.folder, dst_dir_fd=folder)


@contextmanager
def staged(folder: int, source: io.BufferedIOBase, *, flush: bool) -> Iterator[StagedFile]:
    """The bytes of `source` as a complete file in `folder`, mode 0600 whatever the umask; overwritten and gone at the end unless it was moved.

    Args:
        folder: an open folder on the file system where the file is to go.
        source: read from where it stands to its end.
        flush: wait until the bytes are on the disk.
    """
    name, lock = _locked_file(folder)
    try:
        with os.fdopen(os.dup(lock), "wb") as file:  # both are one opening of the file, so the lock stays until the other is closed, too
            os.fchmod(lock, FILE_MODE)
            shutil.copyfileobj(source, file, _CHUNK_BYTES)
            file.flush()
            if flush:
                os.fsync(lock)
        yield StagedFile(folder, name)
    finally:
        shred_file(name, dir_fd=folder)  # after link_to it has a second name and only loses this one
        os.close(lock)


def _locked_file(folder: int) -> tuple[str, int]:
    while True:
        name = f".{os.getpid()}-{secrets.token_hex(8)}"
        lock = os.open(name, _NEW_FILE, FILE_MODE, dir_fd=folder)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(lock, fcntl.LOCK_EX)  # waits for one that looks at it right now, and maybe removes it
        if os.fstat(lock).st_nlink:
            return name, lock
        os.close(lock)


def withdraw(folder: int, name: str, staging: int, *, flush: bool) -> None:
    """Take a file from its name and overwrite it. Whatever happens meanwhile, the name never leads to zeros: the file is moved away first.

    Args:
        folder: where the file is, open.
        name: of the file.
        staging: an open folder on the same file system; `sweep` removes what a process that is killed now leaves there.
        flush: wait until the zeros are on the disk.

    Raises:
        FileNotFoundError: there is no such file.
    """
    apart = f"{_GONE}{secrets.token_hex(8)}"
    os.rename(name, apart, src_dir_fd=folder, dst_dir_fd=staging)
    if flush:
        os.fsync(folder)  # or the name might come back over the zeros after a power cut
    shred_file(apart, dir_fd=staging, flush=flush)


def sweep(root: Path) -> None:
    """Overwrite and remove what dead writers left more than a day ago, and what is on its way out: twice does no harm."""
    with made_folder(root, (STAGING,)) as folder:
        for name in _names(folder):
            if name.startswith(_GONE):
                shred_file(name, dir_fd=folder)
    for left in abandoned(root, before_s=time.time() - ABANDONED_AFTER_S):
        left.remove()


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file of the staging folder that its writer, who is dead, left; `size_bytes` is what goes with it, 0 where an object has these bytes."""

    folder: int
    name: str
    size_bytes: int

    def remove(self) -> None:
        """Overwrite and unlink it.

        Raises:
            OSError: it cannot be unlinked.
        """
        shred_file(self.name, dir_fd=self.folder, flush=True)


def abandoned(root: Path, *, before_s: float) -> Iterator[LeftFile]:
    """Files that nothing was done to since an instant and that no living process holds; each is locked while the caller has it.

    Args:
        root: the store's folder.
        before_s: the instant, in seconds since 1970.

    Raises:
        OSError: the folder cannot be listed.
    """
    with suppress(FileNotFoundError), existing_folder(root, (STAGING,)) as folder:
        for name in _names(folder):
            with suppress(FileNotFoundError), _unheld(folder, name) as found:
                if found is not None and _changed_s(name, found) < before_s:
                    yield LeftFile(folder, name, found.st_size if found.st_nlink == 1 else 0)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def _changed_s(name: str, found: os.stat_result) -> float:
    # a renamed file keeps the time it was written at: since when one is on its way out, only its inode tells
    return found.st_ctime if name.startswith(_GONE) else found.st_mtime


@contextmanager
def _unheld(folder: int, name: str) -> Iterator[os.stat_result | None]:
    """A regular file whose writer is dead, locked meanwhile; None where he may be alive, or where it is something else."""
    try:
        file = os.open(name, _LOCK_FILE, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError:  # a link, a folder, another user's
        yield None
        return
    try:
        found = os.fstat(file)
        yield found if stat.S_ISREG(found.st_mode) and _is_free(file, found) else None
    finally:
        os.close(file)


def _is_free(file: int, found: os.stat_result) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return found.st_mtime < time.time() - ABANDONED_AFTER_S
    return True
