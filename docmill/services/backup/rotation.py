"""The folder of backups: which one is the newest, and which ones go. Names are times, so they sort by age.

Homes of several tenants may write into one folder; a tenant's rotation leaves the others' backups alone.
"""

import json
import shutil
from pathlib import Path

from docmill.services.backup.manifest import HEAD


def newest_backup(parent: Path, tenant: str) -> Path | None:
    """The tenant's newest whole backup below a folder; None where there is none."""
    return max((path for path in parent.glob("docmill-*") if _is_whole(path, tenant)), key=lambda path: path.name, default=None)


def thin_out(parent: Path, keep: int, tenant: str) -> int:
    """Remove all but the tenant's newest whole backups below a folder, and what was never finished before them; returns how many went."""
    found = sorted(path for path in parent.iterdir() if path.is_dir() and path.name.startswith("docmill-"))
    whole = [path for path in found if _is_whole(path, tenant)]
    first_kept = whole[-keep:][0].name if whole else ""
    old = [path for path in found if path.name < first_kept and (path in whole or not (path / HEAD).is_file())]
    for path in old:
        shutil.rmtree(path)
    return len(old)


def _is_whole(folder: Path, tenant: str) -> bool:
    """Whether a backup was finished and is the tenant's; one without a tenant is of an older docmill, and of all."""
    try:
        head = json.loads((folder / HEAD).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(head, dict) and head.get("tenant") in {None, tenant}
