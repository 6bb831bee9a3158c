"""The folder of backups: how a new one is called, which one is the newest, and which ones go. Names begin with the time, so they sort by age.

Homes of several tenants may write into one folder, at the same instant; a tenant's rotation leaves the others' backups alone.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from docmill.errors import StoreUnavailable
from docmill.scratch import unheld
from docmill.services.backup.manifest import HEAD

_NAMED: Final = re.compile(r"docmill-\d{8}T\d{12}Z-(?P<tenant>.+)")


def new_folder(parent: Path, tenant: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Path:
    """Make the folder for a tenant's next backup; nobody else has it.

    Args:
        parent: the folder of backups.
        tenant: stands in the name, so that a backup that was never finished has an owner.
        now: the clock; the name has microseconds.

    Raises:
        StoreUnavailable: it cannot be made.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        while True:
            folder = parent / f"docmill-{now().astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{tenant}"
            with contextlib.suppress(FileExistsError):  # somebody was quicker: the next microsecond
                folder.mkdir(mode=0o700)
                return folder
    except OSError as error:
        raise StoreUnavailable(f"the backup cannot be written: {error.strerror}") from None


def newest_backup(parent: Path, tenant: str) -> Path | None:
    """The tenant's newest whole backup below a folder; None where there is none."""
    return max((path for path in parent.glob("docmill-*") if _is_whole(path, tenant)), key=lambda path: path.name, default=None)


def thin_out(parent: Path, keep: int, tenant: str) -> int:
    """Remove all but the tenant's newest whole backups below a folder, and what it never finished before them; returns how many went.

    One that is being written stays, whoever writes it.
    """
    found = sorted(path for path in parent.iterdir() if path.is_dir() and path.name.startswith("docmill-"))
    whole = [path for path in found if _is_whole(path, tenant)]
    first_kept = whole[-keep:][0].name if whole else ""
    gone = 0
    for path in (one for one in found if one.name < first_kept and (one in whole or _is_unfinished(one, tenant))):
        with contextlib.suppress(FileNotFoundError), unheld(path) as is_free:
            if is_free:
                shutil.rmtree(path)
                gone += 1
    return gone


def _is_unfinished(folder: Path, tenant: str) -> bool:
    """Whether a backup has no head and is the tenant's; one whose name says no tenant is of an older docmill, and of all."""
    named = _NAMED.fullmatch(folder.name)
    return not (folder / HEAD).is_file() and (named is None or named["tenant"] == tenant)


def _is_whole(folder: Path, tenant: str) -> bool:
    """Whether a backup was finished and is the tenant's; one without a tenant is of an older docmill, and of all."""
    try:
        head = json.loads((folder / HEAD).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(head, dict) and head.get("tenant") in {None, tenant}
