"""Cleaning up on this machine's disk: what dead processes left of scratch folders, uploads, and files about to be stored. Documents lie in them all."""

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from docmill.scratch import abandoned_folders, unheld
from docmill.services.cleaning_report import Cleaning
from docmill.shredding import shred, shred_file
from docmill.storage.objects.staging import STAGING, abandoned

STRAY: Final = "incoming/(stray file)"
"""How a file that docmill did not put there is reported: its name may be a sender's."""


def clean_scratch(cleaning: Cleaning) -> None:
    """Remove scratch folders that no living process holds, whatever their age."""
    with suppress(FileNotFoundError):
        for folder in abandoned_folders():
            _remove(cleaning, folder)


def clean_incoming(cleaning: Cleaning, home: Path, *, before: datetime) -> None:
    """Remove uploads that nothing was added to since an instant. One under way is written to all the time, and held while it is taken in.

    docmill puts only folders there; whatever else lies beside them goes, too.
    """
    incoming = home / "incoming"
    if not incoming.is_dir():
        return
    for path in sorted(incoming.iterdir()):
        if path.is_dir() and not path.is_symlink():
            with _told(cleaning, path.name):
                _clean_upload(cleaning, path, before.timestamp())
        else:
            with _told(cleaning, STRAY):
                _clean_stray(cleaning, path, before.timestamp())


def _clean_upload(cleaning: Cleaning, folder: Path, before_s: float) -> None:
    is_old = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*"))) < before_s
    with unheld(folder) as is_free:
        if is_old and is_free:
            _remove(cleaning, folder)


def _clean_stray(cleaning: Cleaning, path: Path, before_s: float) -> None:
    """Overwrite and remove what is no folder; of a link only the link goes."""
    found = path.lstat()
    if found.st_mtime >= before_s:
        return
    if not cleaning.dry_run:
        shred_file(path)
    cleaning.cleaned(STRAY, found.st_size if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 else 0)


def clean_staged(cleaning: Cleaning, store: Path | None, *, before: datetime) -> None:
    """Remove what dead processes left on its way into a folder store (None: it is a bucket), unless it is younger than an instant."""
    if store is None:
        return
    for left in abandoned(store, before_s=before.timestamp()):
        with _told(cleaning, place := f"{STAGING}/{left.name}"):
            if not cleaning.dry_run:
                left.remove()
            cleaning.cleaned(place, left.size_bytes)


def _remove(cleaning: Cleaning, folder: Path) -> None:
    with _told(cleaning, folder.name):
        files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        size_bytes = sum(path.stat().st_size for path in files)
        if not cleaning.dry_run:
            try:
                shred(folder)
            except OSError:  # a disk that is full may refuse to overwrite: what cannot be overwritten goes all the same, and is told
                shutil.rmtree(folder, ignore_errors=True)
                raise
        cleaning.cleaned(folder.name, size_bytes)


@contextmanager
def _told(cleaning: Cleaning, name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        return  # its owner was quicker
    except OSError as error:
        cleaning.failed(name, error.strerror or type(error).__name__)
