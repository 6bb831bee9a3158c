"""Opening a room where there may be none yet: the first program on a fresh home makes the embedded ledger."""

import contextlib
from collections.abc import Iterator

from docmill.services.ledger_key import seal_of
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.storage.ledger import upgrade_ledger


@contextlib.contextmanager
def open_home(found: Settings) -> Iterator[Room]:
    """The room that the settings describe. A SQLite ledger that does not exist yet is made; an outdated one is left to `docmill db upgrade`.

    Raises:
        LedgerOutdated, LedgerUnavailable, StoreUnavailable, SettingsInvalid: what is missing and how to mend it.
    """
    found.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if found.ledger_url is None and not (found.home / "ledger.db").exists():
        upgrade_ledger(found.resolved_ledger_url, seal_of(found))
    with contextlib.closing(Room.open(found)) as room:
        yield room
