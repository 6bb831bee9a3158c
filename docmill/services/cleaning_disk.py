"""Cleaning up on this machine's disk: what dead processes left of scratch folders, uploads, and files about to be stored. Documents lie in them all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from docmill.scratch import abandoned_folders, unheld
from docmill.services.cleaning_report import Cleaning
from docmill.shredding import shred
from docmill.storage.objects.staging import STAGING, abandoned


def clean_scratch(cleaning: Cleaning) -> None:
    """Remove scratch folders that no living process holds, whatever their age."""
    with suppress(FileNotFoundError):
        for folder in abandoned_folders():
            _remove(cleaning, folder)


def clean_incoming(cleaning: Cleaning, home: Path, *, before: datetime) -> None:
    """Remove uploads that nothing was added to since an instant. One under way is written to all the time, and held while it is taken in."""
    incoming = home / "incoming"
    if not incoming.is_dir():
        return
    for folder in sorted(incoming.iterdir()):
        with suppress(FileNotFoundError):
            is_old = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*"))) < before.timestamp()
            with unheld(folder) as is_free:
                if is_old and is_free:
                    _remove(cleaning, folder)


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
