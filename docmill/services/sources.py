"""Finding files to take in: folders, single files and gs:// prefixes.

A flow run may only read below the configured roots: otherwise anybody who can fill the Prefect form could read any file of the worker. The
command line reads what its user can read. Belongs here: listing. Does not belong here: reading bytes (intake).
"""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from docmill.errors import FileUnreadable, InvalidOptions, NotAllowed, NotFound
from docmill.services.google_source import list_bucket
from docmill.services.unread import Unread, leaving_out
from docmill.settings import Settings
from docmill.storage.objects.disk_errors import reading_others
from docmill.values.jobs import IncomingFile

SETTLED_S = 2.0


def checked_sources(sources: Sequence[str], settings: Settings) -> list[str]:
    """The sources, if each lies below a configured root.

    Raises:
        NotAllowed: one does not; the message says which setting names the roots, not the path.
    """
    roots = settings.source_roots
    for source in sources:
        if not any(_is_below(source, root) for root in roots):
            raise NotAllowed("a source lies outside the roots that DOCMILL_SOURCE_ROOTS allows")
    return list(sources)


def _is_below(source: str, root: str) -> bool:
    if source.startswith("gs://") or root.startswith("gs://"):
        return source == root or source.startswith(root.rstrip("/") + "/")
    # resolve both: a link or .. below a root may lead out of it
    return Path(source).resolve().is_relative_to(Path(root).resolve())


def files_of(
    sources: Sequence[str], settings: Settings, unread: Unread | None = None, *, roots: Sequence[str] = ()
) -> Iterator[IncomingFile]:
    """Every file of the sources, folders searched in depth, by name; hidden files and folders are left out, links to folders not followed.

    What cannot be looked at (gone meanwhile, a folder that may not be searched) goes to `unread`, and where `roots` are given, so does a link
    that leads out of them: whoever may put a file into an inbox could have any file of the worker read.

    Raises:
        NotFound: a path is not there.
        FileUnreadable: something cannot be looked at, and there is no `unread`.
        InvalidOptions: a scheme docmill does not read.
    """
    for source in sources:
        if source.startswith("gs://"):
            yield from list_bucket(source, settings, unread)
        elif "://" in source:
            raise InvalidOptions("sources are paths or gs://bucket/prefix")
        else:
            yield from _local(Path(source).absolute(), unread, roots)


def _local(source: Path, unread: Unread | None, roots: Sequence[str]) -> Iterator[IncomingFile]:
    waiting = []
    with leaving_out(str(source), unread), reading_others():
        if source.is_dir():
            waiting = _inside(source)
        elif source.is_file():
            waiting = [source]
        else:
            raise NotFound("a source path is not there")
    while waiting:  # no recursion: folders may be nested deeper than Python's stack
        path, file = waiting.pop(), None
        with leaving_out(str(path), unread), reading_others():
            if stat.S_ISDIR(path.lstat().st_mode):
                waiting += _inside(path)
            else:
                _refuse_leading_out(path, roots)
                file = _incoming(path)
        if file is not None:
            yield file


def _refuse_leading_out(path: Path, roots: Sequence[str]) -> None:
    if roots and path.is_symlink() and not any(_is_below(str(path), root) for root in roots):
        raise FileUnreadable("a link leads out of the roots that DOCMILL_SOURCE_ROOTS allows", reason="outside")


def _inside(folder: Path) -> list[Path]:
    """What a folder holds, the first by name last."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".")]
    return [folder / name for name in sorted(names, reverse=True)]


def _incoming(path: Path) -> IncomingFile | None:
    """A file as it is listed; None for what is no file."""
    seen = path.stat()
    if not stat.S_ISREG(seen.st_mode):
        return None
    # two writes within one tick of the file system's clock leave the same times: what has just changed has no version yet
    is_settled = time.time() - max(seen.st_mtime, seen.st_ctime) > SETTLED_S
    version = f"{seen.st_size}-{seen.st_mtime_ns}-{seen.st_ctime_ns}-{seen.st_ino}" if is_settled else None
    return IncomingFile(str(path), path.name, seen.st_size, version)
