"""Opening a room for a command; the first command on a fresh home makes the ledger."""

import contextlib
from collections.abc import Iterator

from docmill.services.running.room import Room
from docmill.settings import settings
from docmill.storage.ledger import upgrade_ledger


@contextlib.contextmanager
def room() -> Iterator[Room]:
    """The room that the settings describe. A SQLite ledger that does not exist yet is made; an outdated one is left to `docmill db upgrade`.

    Raises:
        LedgerOutdated, LedgerUnavailable, StoreUnavailable, SettingsInvalid: what is missing and how to mend it.
    """
    found = settings()
    if found.ledger_url is None and not (found.home / "ledger.db").exists():
        found.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade_ledger(found.resolved_ledger_url)
    opened = Room.open(found)
    try:
        yield opened
    finally:
        opened.close()
