"""The embedded object store: a folder that keeps the promises of a bucket.

A create writes a complete file beside the objects and links it to its name, so there is exactly one winner and never half a file. Files
are 0600, folders 0700. Which writes wait for the disk is argued in durability.py. Unlike a bucket it cannot hold `a` and `a/b` at once.
Folders that become empty stay. What is deleted is overwritten first. Not for network file systems without atomic link(2).
"""

import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from docmill.errors import Conflict, NotFound, StoreUnavailable
from docmill.shredding import is_shredded
from docmill.storage.objects.disk_errors import opened_source, reading, writing
from docmill.storage.objects.durability import durability
from docmill.storage.objects.folders import existing_folder, made_folder
from docmill.storage.objects.names import name_parts, prefix_parts
from docmill.storage.objects.signing import UrlSigner
from docmill.storage.objects.staging import STAGING, staged, sweep, withdraw
from docmill.values.ports import ObjectInfo

_READ_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""O_NONBLOCK: opening a planted FIFO must not wait for its writer."""


class LocalStore:
    """Objects as files below one folder.

    Args:
        root: the folder; made by the first write.
        signer: makes links that the gateway serves.
    """

    def __init__(self, root: Path, signer: UrlSigner) -> None:
        self._root = root
        self._signer = signer
        self._is_swept = False

    def create(self, name: str, data: bytes, *, media_type: str = "application/octet-stream") -> bool:
        """Write only if absent. A file carries no media type; the gateway goes by the name's ending."""
        del media_type
        return self._create(name_parts(name), io.BytesIO(data))

    def create_from(self, name: str, path: Path, *, media_type: str = "application/octet-stream") -> bool:
        """As `create`, from a local file, a megabyte at a time.

        Raises:
            NotFound: there is no such local file.
            FileUnreadable: it may not be read.
            StoreUnavailable: it was taken away meanwhile, so that some of it may have been read as zeros.
        """
        del media_type
        parts = name_parts(name)
        with opened_source(path) as source:
            return self._create(parts, source, source.fileno())

    def replace(self, name: str, data: bytes) -> None:
        """Write or overwrite atomically."""
        parts = name_parts(name)
        needs = durability(parts)
        self._sweep_once()
        with writing(), made_folder(self._root, parts[:-1]) as folder:
            with made_folder(self._root, (STAGING,)) as staging, staged(staging, io.BytesIO(data), flush=needs.flushes_bytes) as file:
                file.move_to(folder, parts[-1])
            if needs.flushes_folder:
                os.fsync(folder)

    def read(self, name: str) -> bytes:
        """All bytes. Their checksum is the file system's affair: writes are complete or not there."""
        with self._opened(name) as file:
            return file.read()

    def fetch(self, name: str, directory: Path) -> Path:
        """The store's own file; never write to it."""
        del directory
        with self._opened(name):
            return self._root.joinpath(*name_parts(name))

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        parts = name_parts(name)
        try:
            with reading(), existing_folder(self._root, parts[:-1]) as folder:
                return _is_object(folder, parts[-1])
        except NotFound:
            return False

    def info(self, name: str) -> ObjectInfo:
        """Size, and the SHA-256 computed from the bytes now."""
        with self._opened(name) as file:
            return ObjectInfo(name, os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest())

    def list(self, prefix: str) -> Iterable[ObjectInfo]:
        """Objects by name, without SHA-256. Looks only into the folder that the prefix names and those below it."""
        folder, beginning = prefix_parts(prefix)
        return self._below(folder, beginning)

    def delete(self, name: str) -> bool:
        """Overwrite and remove; False when it was not there. Who reads it right now is told `NotFound`, who reads the file of `fetch` sees zeros."""
        parts = name_parts(name)
        try:
            with reading(), existing_folder(self._root, parts[:-1]) as folder:
                if not _is_object(folder, parts[-1]):
                    return False
                self._sweep_once()  # what an erasure that was killed left
                with made_folder(self._root, (STAGING,)) as staging:
                    withdraw(folder, parts[-1], staging, flush=durability(parts).flushes_bytes)
        except NotFound:
            return False
        return True

    def signed_url(self, name: str, *, expires: timedelta, download_name: str | None = None) -> str:
        """A link to the gateway, good until it expires. It does not say whether the object is there."""
        return self._signer.sign("/".join(name_parts(name)), expires=expires, download_name=download_name)

    def _create(self, parts: tuple[str, ...], source: io.BufferedIOBase, file_read: int | None = None) -> bool:
        needs = durability(parts)
        self._sweep_once()
        with writing(), made_folder(self._root, parts[:-1]) as folder:
            if _is_taken(folder, parts[-1]):
                return False
            with made_folder(self._root, (STAGING,)) as staging, staged(staging, source, flush=needs.flushes_bytes) as file:
                if file_read is not None and is_shredded(file_read):
                    raise StoreUnavailable("the local file was taken away while it was stored")
                try:
                    file.link_to(folder, parts[-1])
                except FileExistsError:
                    _is_taken(folder, parts[-1])  # raises when it is no object
                    return False
            if needs.flushes_folder:
                os.fsync(folder)
        return True

    @contextmanager
    def _opened(self, name: str) -> Iterator[io.BufferedReader]:
        parts = name_parts(name)
        with reading(), existing_folder(self._root, parts[:-1]) as folder, _open_object(folder, parts[-1]) as file:
            yield file
            if is_shredded(file.fileno()):
                raise FileNotFoundError

    def _below(self, folder: Sequence[str], beginning: str) -> Iterator[ObjectInfo]:
        for key, size_bytes in sorted(self._entries(folder, beginning)):
            if size_bytes is None:
                yield from self._below((*folder, key.removesuffix("/")), "")
            else:
                yield ObjectInfo("/".join((*folder, key)), size_bytes)

    def _entries(self, folder: Sequence[str], beginning: str) -> Iterator[tuple[str, int | None]]:
        """(name, size) of files and (name + "/", None) of folders: sorted like that, a walk gives whole names in order."""
        try:
            with reading(), existing_folder(self._root, folder) as descriptor, os.scandir(descriptor) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not entry.name.startswith(beginning):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        yield f"{entry.name}/", None
                    elif (size_bytes := _size_of(entry)) is not None:
                        yield entry.name, size_bytes
        except NotFound:
            return

    def _sweep_once(self) -> None:
        if not self._is_swept:
            self._is_swept = True
            with writing():
                sweep(self._root)


def _open_object(folder: int, name: str) -> io.BufferedReader:
    descriptor = os.open(name, _READ_FILE, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError
    return os.fdopen(descriptor, "rb")


def _is_object(folder: int, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def _is_taken(folder: int, name: str) -> bool:
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise Conflict("something that is no object bears this name in the store's folder")
    return True


def _size_of(entry: "os.DirEntry[str]") -> int | None:
    """The size of a regular file; None for anything else and for what was just removed."""
    try:
        return entry.stat(follow_symlinks=False).st_size if entry.is_file(follow_symlinks=False) else None
    except FileNotFoundError:
        return None
