"""Files on their way into a folder store: written whole beside the objects, then moved to their name in one step.

On their way out they come through here, too, to be overwritten. A process that dies leaves its file here, where nothing lists or reads it; a later
one removes what was on its way out, and of what was on its way in what is older than a day.
"""

import io
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from docmill.shredding import shred_file
from docmill.storage.objects.folders import made_folder

FILE_MODE = 0o600
STAGING = ".staging"
"""Below the root, hence on the same file system as every object; a name that begins with a dot is no object's name."""

_GONE = ".gone-"
ABANDONED_AFTER_S = 24 * 3600.0
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
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
    name = f".{os.getpid()}-{secrets.token_hex(8)}"
    descriptor = os.open(name, _NEW_FILE, FILE_MODE, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, FILE_MODE)
            shutil.copyfileobj(source, file, _CHUNK_BYTES)
            file.flush()
            if flush:
                os.fsync(descriptor)
        yield StagedFile(folder, name)
    finally:
        shred_file(name, dir_fd=folder)  # after link_to it has a second name and only loses this one


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
    oldest_s = time.time() - ABANDONED_AFTER_S
    with made_folder(root, (STAGING,)) as folder, os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.name.startswith(_GONE) or entry.stat(follow_symlinks=False).st_mtime < oldest_s:
                    shred_file(entry.name, dir_fd=folder)
