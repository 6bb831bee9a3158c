"""The key files of a home: what seals names, signs links, certificates and the audit trail, and the receivers of webhooks with their secrets.

They never lie in the backup itself. Whoever has backup and keys can read the names and sign as the owner; whoever has the backup alone cannot.
A key never changes. The list of receivers does: the newest replaces the one before it, and any backup is restored with the newest.
"""

import os
from pathlib import Path

from docmill.errors import Conflict, Damaged, InvalidOptions
from docmill.services.backup.manifest import copy_file, file_sha256
from docmill.services.webhooks import FILE as WEBHOOKS
from docmill.storage.document_keys import DocumentKeys

PATTERNS = ("*.key", "*.pub")
LISTS = (WEBHOOKS,)


def key_files(home: Path) -> list[Path]:
    """The key files of a home."""
    return sorted(path for pattern in PATTERNS for path in home.glob(pattern) if path.is_file())


def list_files(home: Path) -> list[Path]:
    """The files of a home that hold secrets and change."""
    return [home / name for name in LISTS if (home / name).is_file()]


def refuse_keys_of_others(mine: DocumentKeys, there: DocumentKeys, tenant: str) -> None:
    """Make sure that the keys of documents that lie in a folder may be replaced by this home's.

    Raises:
        Conflict: they are of a tenant that this home has no keys of; replacing them would lose its backups.
    """
    if there.documents().keys() - mine.documents().keys() - {tenant}:
        raise Conflict("the folder for keys holds keys of another tenant's documents: give each home a folder of its own")


def copy_lists(home: Path, folder: Path) -> None:
    """Copy the files that change into a folder, mode 0600, over older ones."""
    for path in list_files(home):
        _replace(path, folder / path.name)


def restore_lists(wanted: tuple[str, ...], folder: Path | None, home: Path) -> None:
    """Put the newest of the files that change into a home.

    Raises:
        InvalidOptions: the backup names one, and no folder was given.
        Damaged: one that the backup names is missing.
    """
    if wanted and folder is None:
        raise InvalidOptions("the backup was taken with webhooks: say with --keys where their file lies")
    for name in LISTS:
        if folder is not None and (folder / name).is_file():
            _replace(folder / name, home / name)
        elif name in wanted:
            raise Damaged(f"{name} is missing in the folder for keys: put the home's file there, or an empty list: []")


def copy_keys(home: Path, folder: Path) -> None:
    """Copy the key files into a folder; those that are there already must be the same.

    Raises:
        Conflict: the folder holds another key of this name; it would be lost.
    """
    for path in key_files(home):
        _put(path, folder / path.name)


def restore_keys(wanted: dict[str, str], folder: Path | None, home: Path) -> None:
    """Put the keys that a backup names into a home.

    Raises:
        InvalidOptions: keys are needed, and no folder was given.
        Damaged: a key is missing or another one than the backup was taken with.
        Conflict: the home has another key of this name.
    """
    if wanted and folder is None:
        raise InvalidOptions("the backup was taken with keys: say with --keys where they lie")
    for name, sha256 in wanted.items():
        path = Path(str(folder)) / name
        if Path(name).name != name or not path.is_file() or file_sha256(path) != sha256:
            raise Damaged(f"the key {Path(name).name} is missing or is not the one of the backup")
        _put(path, home / name)


def _put(path: Path, target: Path) -> None:
    if target.exists():
        if file_sha256(target) != file_sha256(path):
            raise Conflict(f"there is another key with the name {path.name} already")
        return
    copy_file(path, target)


def _replace(path: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.writing")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        part.chmod(0o600)
        file.write(path.read_bytes())
        os.fsync(file.fileno())
    part.replace(target)
