"""One key per document, under which its objects lie in backups: without the key nobody reads them, so erasing the key erases them in every backup.

A small SQLite file in the home, never in a backup. `secure_delete` overwrites what is deleted; on SSDs and copy-on-write file systems that proves
nothing, as everywhere. Belongs here: the keys. Does not belong here: what is sealed with them (services/backup).
"""

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from docmill.errors import StoreUnavailable
from docmill.shredding import shred_file

FILE: Final = "document-keys.db"
KEY_BYTES: Final = 32
_AT_ONCE: Final = 500
_BEGUN_S: Final = 60.0
"""A copy that is so young may be of somebody who has made its file and not locked it yet."""
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS keys (tenant TEXT, document TEXT, key BLOB NOT NULL, PRIMARY KEY (tenant, document)) WITHOUT ROWID"
)


class DocumentKeys:
    """The keys in one file, made on first use, mode 0600.

    All methods raise `StoreUnavailable` when the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def ensure(self, tenant: str, documents: Sequence[str]) -> dict[str, bytes]:
        """The keys of documents; new ones are made for those that have none."""
        with self._open() as db:
            rows = [(tenant, one, os.urandom(KEY_BYTES)) for one in documents]
            db.executemany("INSERT OR IGNORE INTO keys VALUES (?, ?, ?)", rows)
        return self.of(tenant, documents)

    def of(self, tenant: str, documents: Sequence[str]) -> dict[str, bytes]:
        """The keys of those of the documents that have one."""
        if not self._file.exists():
            return {}
        wanted, found = set(documents), {}
        with self._open() as db:
            for document, key in db.execute("SELECT document, key FROM keys WHERE tenant = ?", (tenant,)):
                if document in wanted:
                    found[document] = bytes(key)
        return found

    def documents(self) -> dict[str, list[str]]:
        """Tenant -> the documents that have a key here."""
        found: dict[str, list[str]] = {}
        if self._file.exists():
            with self._open() as db:
                for tenant, document in db.execute("SELECT tenant, document FROM keys ORDER BY tenant, document"):
                    found.setdefault(tenant, []).append(document)
        return found

    def forget(self, tenant: str, *documents: str) -> None:
        """Erase keys; what was sealed with them is lost."""
        self.remove_unfinished()
        if documents and self._file.exists():
            with self._open() as db:
                db.executemany("DELETE FROM keys WHERE tenant = ? AND document = ?", [(tenant, document) for document in documents])

    def copy_to(self, target: Path) -> None:
        """Put a whole copy at a place, over an older one: keys that were erased meanwhile are gone there, too."""
        part = _unfinished(target)
        with self._open() as db, _failing():
            shred_file(part.with_name(f"{part.name}-journal"))  # SQLite would play it back into the new copy
            shred_file(part)
            with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as held:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(held, fcntl.LOCK_EX)
                with contextlib.closing(sqlite3.connect(part)) as copy:
                    db.backup(copy)
                part.replace(target)

    def remove_unfinished(self, *, dry_run: bool = False) -> dict[str, int]:
        """Overwrite and remove the copy that a process left which was killed while it put it here: no erasure would reach the keys in it.

        Returns name -> bytes of what was removed, or would be.
        """
        removed: dict[str, int] = {}
        part = _unfinished(self._file)
        with _failing():
            for left in (part, part.with_name(f"{part.name}-journal")):
                with contextlib.suppress(FileNotFoundError):
                    found = left.stat()
                    if time.time() - found.st_mtime > _BEGUN_S and not _is_held(part):
                        removed[left.name] = found.st_size
                        if not dry_run:
                            shred_file(left)
        return removed

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with _failing():
            if not self._file.exists():
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with contextlib.closing(sqlite3.connect(self._file, timeout=60)) as db, db:
                db.execute("PRAGMA secure_delete = ON")
                db.execute(_TABLE)
                yield db


def _unfinished(target: Path) -> Path:
    return target.with_name(f"{target.name}.writing")


def _is_held(part: Path) -> bool:
    """Whether a living process writes it; its lock ends with it."""
    with contextlib.suppress(FileNotFoundError), part.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"the keys of documents cannot be used: {type(error).__name__}") from None
