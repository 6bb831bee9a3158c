"""The form of a backup: a folder whose every file stands with its SHA-256 in SHA256SUMS, and backup.json, written last.

backup.json                 what it is, when it was taken, the SHA-256 of SHA256SUMS; without it a backup is not whole
SHA256SUMS                  `sha256sum --check SHA256SUMS` works without docmill
ledger.sqlite3|.pgdump      the ledger
store/<object name>         objects of the tenant that belong to no document
sealed/<document>/<name>    objects of its documents, each document under its own key (sealing)
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from docmill.errors import Damaged, NotFound
from docmill.values.model import Value

HEAD, SUMS, STORE = "backup.json", "SHA256SUMS", "store"
FORMAT: Final = 3
READABLE: Final = (2, FORMAT)
"""2 held the objects of every tenant of the ledger."""
_CHUNK: Final = 1024 * 1024


class Backup(Value):
    """The head of a backup.

    Attributes:
        format: of the folder.
        docmill: the version that wrote it.
        tenant: whose objects and keys of documents it holds; None in the older form.
        other_tenants: of the same ledger, which is copied whole; their objects lie in the backups of their own homes.
        taken_at: the instant that the ledger's copy shows; everything it names of the tenant is in the backup unless it was erased meanwhile.
        ledger: name of the ledger's file.
        files, size_bytes: all files beside the head and the sums.
        chunks: tenant -> chunks in the search index.
        lacking_originals, lacking_results: that the ledger named and that were not in the store: it is damaged, and nothing proves such a backup.
        gone: names of originals and results that were erased, purged or taken back while it was taken.
        erased: ids of documents that were erased while it was taken.
        keys: name -> SHA-256 of each key file, which lie elsewhere.
        lists: names of files beside the keys that change as time goes by; the newest lie with the keys.
        sums_sha256: of SHA256SUMS.
        seconds: how long it took.
    """

    format: int = FORMAT
    docmill: str
    tenant: str | None = None
    other_tenants: tuple[str, ...] = ()
    taken_at: datetime
    ledger: str
    files: int
    size_bytes: int
    chunks: dict[str, int]
    lacking_originals: int = 0
    lacking_results: int = 0
    gone: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()
    keys: dict[str, str]
    lists: tuple[str, ...] = ()
    sums_sha256: str
    seconds: float


def read_backup(folder: Path) -> Backup:
    """The head of a backup.

    Raises:
        NotFound: there is none, or it was never finished.
        Damaged: it cannot be read, or the list of sums was changed.
    """
    try:
        found = Backup.model_validate_json((folder / HEAD).read_bytes())
        sums = file_sha256(folder / SUMS)
    except FileNotFoundError:
        raise NotFound("no whole backup lies in this folder") from None
    except (ValidationError, OSError):
        raise Damaged("the backup's head cannot be read") from None
    if found.format not in READABLE:
        raise Damaged("the backup's form is of another docmill", format=found.format)
    if sums != found.sums_sha256:
        raise Damaged("the backup's list of checksums was changed")
    return found


def read_sums(folder: Path) -> Iterator[tuple[str, str]]:
    """(path below the folder, SHA-256) of every file.

    Raises:
        Damaged: a line cannot be one of ours.
    """
    with (folder / SUMS).open(encoding="utf-8") as lines:
        for line in lines:
            sha256, _, name = line.rstrip("\n").partition("  ")
            if len(sha256) != hashlib.sha256().digest_size * 2 or not name or name.startswith("/") or ".." in name.split("/"):
                raise Damaged("the backup's list of checksums cannot be read")
            yield name, sha256


def check_files(folder: Path) -> None:
    """Compare every file with its checksum.

    Raises:
        Damaged: files are missing or were changed; says how many.
    """
    bad = sum(1 for name, sha256 in read_sums(folder) if not (folder / name).is_file() or file_sha256(folder / name) != sha256)
    if bad:
        raise Damaged(f"{bad} file(s) of the backup are missing or were changed", files=bad)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """Copy into a new file, mode 0600, and say the SHA-256 and size of what was written."""
    digest, size_bytes = hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as old, target.open("xb") as new:
        target.chmod(0o600)
        while block := old.read(_CHUNK):
            digest.update(block)
            size_bytes += len(block)
            new.write(block)
    return digest.hexdigest(), size_bytes
