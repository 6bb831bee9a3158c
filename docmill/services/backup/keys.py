"""The key files of a home: what seals names, signs links, certificates and the audit trail. They never lie in the backup itself.

Whoever has backup and keys can read the names and sign as the owner; whoever has the backup alone cannot.
"""

from pathlib import Path

from docmill.errors import Conflict, Damaged, InvalidOptions
from docmill.services.backup.manifest import copy_file, file_sha256

PATTERNS = ("*.key", "*.pub")


def key_files(home: Path) -> list[Path]:
    """The key files of a home."""
    return sorted(path for pattern in PATTERNS for path in home.glob(pattern) if path.is_file())


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
