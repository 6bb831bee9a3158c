"""Empty ledgers on SQLite for tests, as copies of one that was migrated: migrating takes as long as many a test."""

import functools
import shutil
import tempfile
from pathlib import Path

from docmill.storage.ledger import upgrade_ledger
from docmill.storage.ledger.engine import sqlite_path


@functools.cache
def _migrated() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="docmill-ledger-"))
    try:
        upgrade_ledger(f"sqlite:///{folder / 'ledger.db'}")
        assert not (folder / "ledger.db-wal").exists(), "all of it lies in the file"
        return (folder / "ledger.db").read_bytes()
    finally:
        shutil.rmtree(folder)


def fresh_ledger(url: str) -> None:
    """An empty ledger where none is yet; of any other kind than a new SQLite file, `upgrade_ledger` makes it."""
    place = sqlite_path(url)
    if place is None or place.exists():
        upgrade_ledger(url)
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.write_bytes(_migrated())
    place.chmod(0o600)
