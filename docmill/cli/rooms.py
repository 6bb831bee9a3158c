"""Opening a room for a command; the first command on a fresh home makes the ledger."""

import contextlib
from collections.abc import Iterator

from docmill.errors import SettingsInvalid
from docmill.services.fresh_home import open_home
from docmill.services.running.room import Room
from docmill.settings import Settings, settings


@contextlib.contextmanager
def room() -> Iterator[Room]:
    """The room that the settings describe. A SQLite ledger that does not exist yet is made; an outdated one is left to `docmill db upgrade`.

    Raises:
        LedgerOutdated, LedgerUnavailable, StoreUnavailable, SettingsInvalid: what is missing and how to mend it.
    """
    found = settings()
    make_home(found)
    with open_home(found) as opened:
        yield opened


def make_home(found: Settings) -> None:
    """Make docmill's folder if it is not there.

    Raises:
        SettingsInvalid: it cannot be made.
    """
    try:
        found.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsInvalid(f"DOCMILL_HOME: the folder cannot be made ({error.strerror})") from None
